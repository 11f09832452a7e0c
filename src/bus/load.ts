/** What a hub begins with: the newest part of the stream, and what is stored of each vantage beside it. */
import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { type Entry, entryOf, isBehind, snapshotOf } from './entry.ts';
import type { BusLink } from './bus-connection.ts';
import { LOOK } from './scripts.ts';
import type { Hello } from '../core/messages.ts';
import { World } from './merged-state.ts';

/** Events that are read back: those of viewers who come from another hub. */
const EVENTS = 20_000;
const CHUNK = 500;

/** What is known of a vantage beside what it tells. Times by the clock of Redis but for `at`. */
export interface VantageSign {
  readonly leader: string;
  /** The last sign of life. */
  readonly sign: number;
  /** The same by the clock of its monitor. */
  readonly at: number;
  /** It was told that nobody looks there. */
  readonly silent: boolean;
}

export interface Look {
  readonly numbering: string;
  /** When the numbering began. */
  readonly began: number;
  /** The number of the newest event. */
  readonly newest: number;
  /** By the clock of Redis. */
  readonly now: number;
  readonly top: string;
  readonly vantages: ReadonlyMap<string, VantageSign>;
}

const sign = z.object({
  leader: z.string().max(200),
  sign: z.number().min(0),
  at: z.number().min(0).max(8.64e15),
  silent: z.boolean().default(false),
});
const number = z.coerce.number().min(0);
const reply = z.tuple([z.string().min(1).max(200), number, number, number, z.string(), z.array(z.string())]);

/** @throws Error where Redis can't tell, or tells nonsense */
export async function look(link: BusLink): Promise<Look> {
  const parsed = reply.safeParse(await link.run(LOOK, [randomUUID()]));
  if (!parsed.success) throw new Error('this Redis answers strangely');
  const [numbering, began, newest, now, top, pairs] = parsed.data;
  const vantages = new Map<string, VantageSign>();
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const [name = '', json = ''] = [pairs[at], pairs[at + 1]];
    const held = signOf(json);
    if (held !== null && name !== '' && name.length <= 200 && !/\p{Cc}/u.test(name)) vantages.set(name, held);
  }
  return { numbering, began, newest, now, top, vantages };
}

function signOf(json: string): VantageSign | null {
  try {
    return sign.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

export interface Loaded {
  readonly world: World;
  /** The entries that were read, the oldest first. */
  readonly entries: readonly Entry[];
  /** The last entry of the stream that was read; `0-0` where there is none. */
  readonly last: string;
}

/**
 * Reads what there is.
 * @param now by this machine's clock
 * @param skipped told of each entry that can't be read
 */
export async function load(
  link: BusLink,
  { numbering, vantages }: Look,
  now: number,
  skipped: (problem: string) => void,
): Promise<Loaded> {
  const world = new World();
  const stored = new Map<string, { readonly top: string; readonly hello: Hello; readonly silentAt: number | null }>();
  for (const [name, { silent, at }] of vantages) {
    const known = snapshotOf(await link.get('snapshots', name), now);
    if (known !== null) stored.set(name, { ...known, silentAt: silent ? at : null });
  }
  const lasting = [...stored.values()].filter(({ silentAt }) => silentAt === null);
  const back: Entry[] = [];
  let last: string | null = null;
  let events = 0;
  for (let from = '+'; ;) {
    const raw = await link.rangeBack(from, CHUNK);
    last ??= raw[0]?.[0] ?? null;
    for (const one of raw) {
      const read = entryOf(one, now);
      if ('problem' in read) skipped(read.problem);
      const entry = 'problem' in read ? read.entry : read;
      // Of another numbering: its numbers mean nothing here, and what it says is in the snapshots.
      if (entry?.numbering !== numbering) continue;
      back.push(entry);
      events += entry.count;
    }
    const oldest = raw.at(-1);
    if (oldest === undefined || raw.length < CHUNK) break;
    // As far as what is stored does not reach, at any rate.
    if (events >= EVENTS && !lasting.some(({ top }) => isBehind(oldest[0], top))) break;
    from = `(${oldest[0]}`;
  }
  const entries = unbroken(back).reverse();
  world.beginAt(entries);
  for (const [name, { hello, top, silentAt }] of stored) world.begin(name, hello, top, silentAt);
  return { world, entries, last: last ?? '0-0' };
}

/** The newest entries whose numbers have no hole between them. @param back the newest first */
function unbroken(back: readonly Entry[]): Entry[] {
  const kept: Entry[] = [];
  for (const entry of back) {
    const next = kept.at(-1);
    if (next !== undefined && entry.n + entry.count !== next.n) break;
    kept.push(entry);
  }
  return kept;
}

/**
 * What runs inside Redis, each script in one step: so a number is given once, and what was appended before its answer was lost
 * is not appended again. The scripts are in `scripts`, with what they take and answer; `head.lua` comes before each of them.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { z } from 'zod';

import type { Event, Mark, Note, StatusMessage, Transition } from '../core/messages.ts';
import type { BusConnection, Script } from './bus-connection.ts';
import { ENTRY_EVENTS } from './stream-entry.ts';

/** A publisher gives a sign of life this often, and with everything that it appends. In milliseconds. */
export const SIGN_MS = 1000;

/** A vantage without a sign of life for this long is not observed any more. In milliseconds. */
export const SILENT_MS = 10_000;

/** What the stream keeps: events of the last day, and at most this many of them. */
const KEEP_MS = 24 * 3_600_000;
const KEEP_EVENTS = 500_000;

const HEAD = sourceOf('head');
const APPEND = scriptOf('append');
const OFFLINE = scriptOf('offline');
const OWN = scriptOf('own');
const OVERVIEW = scriptOf('overview');

function sourceOf(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
}

function scriptOf(name: string): Script {
  const source = HEAD + sourceOf(name);
  return { name: `${name}.lua`, source, sha: createHash('sha1').update(source).digest('hex') };
}

/** What is known of a vantage beside its services. */
export interface VantageSign {
  /** The `id` of the monitor that publishes under this name. */
  readonly monitor: string;
  /** One run of that monitor: two processes with a copy of one history have the same `id`. */
  readonly run: string;
  /** The last sign of life, by the clock of Redis in milliseconds since the epoch. */
  readonly sign: number;
  /** The same by the clock of the monitor. */
  readonly at: number;
  /** The stream says that it is not observed any more. */
  readonly offline: boolean;
  /** All this as it is stored. */
  readonly raw: string;
}

export interface BusOverview {
  /** The `id` of the feed. */
  readonly feed: string;
  /** When it began, in milliseconds since the epoch. */
  readonly began: number;
  /** The number of the newest event; 0 where there is none. */
  readonly newest: number;
  /** The clock of Redis, in milliseconds since the epoch. */
  readonly now: number;
  /** The `seq` of the monitor's last event in the stream; empty where the stream has none. */
  readonly last: string;
  readonly vantages: ReadonlyMap<string, VantageSign>;
}

const number = z.coerce.number();
const overviewReply = z.tuple([z.string(), number, number, number, z.string(), z.array(z.string())]);
/** What `read` in `scripts/head.lua` takes, this takes too. */
const sign = z.object({
  monitor: z.string(),
  run: z.string(),
  sign: z.number().min(0),
  at: z.number().min(0).max(8.64e15),
  offline: z
    .unknown()
    .optional()
    .transform((value) => value === true),
});

/**
 * Reads the overview of the stream.
 * @param monitor the `id` of the monitor whose `last` is read
 * @throws BusError
 */
export async function overview(bus: BusConnection, monitor = ''): Promise<BusOverview> {
  const reply = overviewReply.parse(await bus.run(OVERVIEW, [randomUUID(), monitor]));
  const [feed, began, newest, now, last, pairs] = reply;
  const vantages = new Map<string, VantageSign>();
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const [name = '', raw = ''] = [pairs[at], pairs[at + 1]];
    const held = signOf(raw);
    if (held !== null && name !== '' && name.length <= 200 && !/\p{Cc}/u.test(name)) vantages.set(name, held);
  }
  return { feed, began, newest, now, last, vantages };
}

function signOf(raw: string): VantageSign | null {
  try {
    const { data } = sign.safeParse(JSON.parse(raw));
    return data === undefined ? null : { ...data, raw };
  } catch {
    return null;
  }
}

/** What a publisher appends. */
export interface Append {
  readonly monitor: string;
  readonly run: string;
  readonly vantage: string;
  /** The clock of the monitor, in milliseconds since the epoch. */
  readonly now: number;
  readonly feed: string;
  /** What was stored of the vantage that it takes; null where it is its own already. */
  readonly replaced: string | null;
  /** The `seq` of its last event in the stream, before and after this. */
  readonly from: string;
  readonly through: number;
  readonly events: readonly Event[];
  readonly statuses: readonly StatusMessage[];
  /** All that is known of its services, as JSON: for all to read, and only to be stored; empty where that is not due. */
  readonly opening: string;
  readonly snapshot: string;
}

/**
 * Appends, and gives a sign of life.
 * @param keep how much the stream keeps
 * @returns whether it is done; otherwise the publisher has to read the overview again
 * @throws BusError
 */
export async function append(
  bus: BusConnection,
  what: Append,
  keep: { readonly events: number; readonly ms: number } = { events: KEEP_EVENTS, ms: KEEP_MS },
): Promise<boolean> {
  const { monitor, run, vantage, now, feed, replaced, from, through, events, statuses, opening, snapshot } = what;
  const said = statuses.length === 0 ? '' : JSON.stringify(statuses);
  const head = [monitor, run, vantage, now.toFixed(3), feed, replaced ?? '=', from, through, events.length];
  const reply = await bus.run(APPEND, [...head, JSON.stringify(events), said, opening, snapshot, keep.events, keep.ms]);
  return z.enum(['ok', 'join']).parse(reply) === 'ok';
}

/**
 * Ends the observation of a vantage.
 * @param sign its last sign of life; null where its own monitor ends it
 * @param events what is said of its services
 * @returns false where there was nothing to do
 * @throws BusError
 */
export async function announceOffline(
  bus: BusConnection,
  vantage: string,
  { run, sign }: { readonly run: string; readonly sign: number | null },
  events: readonly Transition[],
): Promise<boolean> {
  const parts: (string | number)[] = [];
  for (let at = 0; at < events.length; at += ENTRY_EVENTS) {
    const part = events.slice(at, at + ENTRY_EVENTS);
    parts.push(part.length, JSON.stringify(part));
  }
  return (await bus.run(OFFLINE, [vantage, run, sign ?? '', SILENT_MS, ...parts])) === 1;
}

/** Appends an event of a hub's own. Returns its number. @throws BusError */
export async function appendOwn(bus: BusConnection, event: Mark | Note): Promise<number> {
  const [id, note] = event.type === 'note' ? [event.id, JSON.stringify(event)] : ['', ''];
  return number.parse(await bus.run(OWN, [randomUUID(), JSON.stringify([event]), id, note, KEEP_MS]));
}

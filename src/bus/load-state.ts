/** What a hub begins with: the newest part of the stream, and what is stored of each vantage beside it. */
import type { Hello } from '../core/messages.ts';
import type { BusConnection } from './bus-connection.ts';
import type { BusOverview } from './bus-scripts.ts';
import { MergedState } from './merged-state.ts';
import { type Entry, entryOf, isAfter, noteOf, snapshotOf, type Unreadable } from './stream-entry.ts';

/** Events that are read back at least: those of viewers who come from another hub. */
const EVENTS = 20_000;
const CHUNK = 500;
const AHEAD = 'the stored state of a vantage, which is from the future';

export interface LoadedState {
  /** As of the entry before `entries`. */
  readonly state: MergedState;
  /** The newest part of the stream, the oldest entry first. */
  readonly entries: readonly Entry[];
  /** The newest entry of the stream; `0-0` where there is none. */
  readonly last: string;
}

/**
 * Reads what there is.
 * @param now by this machine's clock, in milliseconds since the epoch
 * @param skip called for each entry that can't be read, and for what is stored of a vantage where that is from the future
 * @throws BusError
 */
export async function loadState(
  bus: BusConnection,
  { feed, vantages, newest }: BusOverview,
  now: number,
  skip: (skipped: Pick<Unreadable, 'problem' | 'believedAt'>) => void,
): Promise<LoadedState> {
  const stored = new Map<string, { readonly top: string; readonly hello: Hello; readonly offlineAt: number | null }>();
  for (const [name, { offline, at }] of vantages) {
    const known = snapshotOf(await bus.snapshot(name));
    if (known !== null && known.believedAt > now) skip({ problem: AHEAD, believedAt: known.believedAt });
    else if (known !== null) stored.set(name, { ...known, offlineAt: offline ? at : null });
  }
  const observed = [...stored.values()].filter(({ offlineAt }) => offlineAt === null);
  const back: Entry[] = [];
  let last: string | null = null;
  let events = 0;
  for (let from = '+'; ;) {
    const chunk = await bus.rangeBack(from, CHUNK);
    last ??= chunk[0]?.[0] ?? null;
    for (const raw of chunk) {
      const read = entryOf(raw, now);
      if ('problem' in read) skip(read);
      const entry = 'problem' in read ? read.entry : read;
      // The numbers of another feed mean nothing here, and what it says is in the snapshots.
      if (entry?.feed !== feed) continue;
      back.push(entry);
      events += entry.events.length;
    }
    const oldest = chunk.at(-1);
    if (oldest === undefined || chunk.length < CHUNK) break;
    // At any rate as far back as the snapshots do not reach.
    if (events >= EVENTS && !observed.some(({ top }) => isAfter(oldest[0], top))) break;
    from = `(${oldest[0]}`;
  }
  const entries = unbroken(back).reverse();
  const state = new MergedState();
  state.beginAt(entries);
  for (const [name, { hello, top, offlineAt }] of stored) {
    // Where its last events are there, the one that ends them is too, and says so in its turn.
    const isRead = entries.some(({ vantage, id }) => vantage === name && isAfter(id, top));
    state.begin(name, hello, top, isRead ? null : offlineAt);
  }
  // Those that are read anyway come in their turn.
  const before = entries[0]?.previous ?? newest;
  const notes = (await bus.notes()).flatMap((stored) => noteOf(stored, now) ?? []).filter(({ seq }) => seq <= before);
  for (const note of notes.sort((a, b) => a.seq - b.seq)) state.board.notes.take(note);
  return { state, entries, last: last ?? '0-0' };
}

/**
 * The newest entries between which none is missing. What does not fit was written by other programs, or is from before a part that
 * is missing. @param back the newest first
 */
function unbroken(back: readonly Entry[]): Entry[] {
  const kept: Entry[] = [];
  for (const entry of back) {
    const next = kept.at(-1);
    if (next === undefined || entry.newest === next.previous) kept.push(entry);
  }
  return kept;
}

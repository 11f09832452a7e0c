/** What the stream has told of a vantage so far: what a monitor there has to go on from. */
import type { Event } from '../core/messages.ts';
import { Board } from '../core/board.ts';
import { entryOf, snapshotOf } from './entry.ts';
import type { BusLink } from './bus-connection.ts';

const CHUNK = 500;

/** Reads it: the newest snapshot, and what came after it. */
export async function readTold(link: BusLink, vantage: string, now: number): Promise<Board> {
  const board = new Board();
  const stored = snapshotOf(await link.get('snapshots', vantage), now);
  if (stored === null) return board;
  board.apply(stored.hello);
  for (let from = `(${stored.top}`; ;) {
    const entries = await link.range(from, CHUNK);
    for (const raw of entries) {
      const read = entryOf(raw, now);
      const entry = 'problem' in read ? read.entry : read;
      if (entry?.vantage !== vantage) continue;
      if (entry.opening !== null) board.apply(entry.opening);
      for (const event of entry.events) if (event !== null) board.apply(event);
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < CHUNK) return board;
    from = `(${last[0]}`;
  }
}

/**
 * Whether the stream has told an event of this monitor already, in the words of another monitor at the same vantage: they
 * see the same at slightly other times.
 * @param told what the stream has told
 * @param until the last sign of life of the other one, in milliseconds since the epoch
 */
export function isTold(told: Board, event: Event, until: number): boolean {
  if (event.type === 'mark') return event.at <= until;
  const known = told.services.get(event.service);
  if (known === undefined) return false;
  if (event.type === 'transition') return event.at <= known.since || event.to === known.state;
  if (event.type !== 'gap') return event.at <= until;
  const near = known.info.intervalMs;
  return known.gaps.some(({ from, to }) => from <= event.to + near && to >= event.from - near);
}

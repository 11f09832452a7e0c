/** Events as they stand in the file: many in a row, squeezed where that helps, and which of them are there. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { Event } from '../core/messages.ts';
import type { Database } from './database.ts';

/** The first byte says which: JSON of an array begins so, and what is squeezed gets another one before it. */
const BRACKET = 0x5b;
const SQUEEZED = Buffer.of(0);
/** Events that are read at once, at most, and rows of them. */
export const AT_ONCE = 5000;
const ROWS = 32;
/** Greater than every number. */
const MOST = 2 ** 53;
/** Below this squeezing saves nothing. */
const WORTH = 200;

export function encodeEvents(events: readonly Event[]): Uint8Array {
  const json = Buffer.from(JSON.stringify(events));
  if (json.length < WORTH) return json;
  return Buffer.concat([SQUEEZED, deflateRawSync(json)]);
}

function decodeEvents(body: Uint8Array): readonly Event[] {
  const json = body[0] === BRACKET ? Buffer.from(body) : inflateRawSync(body.subarray(1));
  return JSON.parse(json.toString()) as readonly Event[];
}

/**
 * Events after a number, the oldest first: at most `limit`, and no more than some thousands at a time.
 * @returns null where some of them are not kept
 */
export function readEvents(db: Database, seq: number, limit: number): readonly Event[] | null {
  if (seq < storedEvents(db).completeAfter) return null;
  const found: Event[] = [];
  const most = Math.min(limit, AT_ONCE);
  while (found.length < most) {
    const last = found.at(-1)?.seq ?? seq;
    const rows = db.rows('SELECT body FROM event WHERE last > ? ORDER BY last LIMIT ?', last, ROWS);
    const events = rows.flatMap(([body]) => decodeEvents(body as Uint8Array)).filter((event) => event.seq > last);
    if (events.length === 0) break;
    found.push(...events);
  }
  return found.slice(0, most);
}

/** The newest events without one missing between them, the oldest first: about `count`. */
export function newestEvents(db: Database, count: number): readonly Event[] {
  const { completeAfter } = storedEvents(db);
  let found: Event[] = [];
  for (let before = MOST; found.length < count;) {
    const row = db.row('SELECT body FROM event WHERE last < ? ORDER BY last DESC LIMIT 1', before);
    const events = row === null ? [] : decodeEvents(row[0] as Uint8Array).filter(({ seq }) => seq > completeAfter);
    const [first] = events;
    if (first === undefined) break;
    found = [...events, ...found];
    before = first.seq;
  }
  return found.slice(-count);
}

/** Which events a file has. */
export interface StoredEvents {
  /** The newest one; 0 where there is none. */
  readonly newest: number;
  /** All that have a greater number are there. */
  readonly completeAfter: number;
}

export function storedEvents(db: Database): StoredEvents {
  return {
    newest: db.number('SELECT max(last) FROM event'),
    completeAfter: db.number("SELECT value FROM meta WHERE name = 'complete_after'"),
  };
}

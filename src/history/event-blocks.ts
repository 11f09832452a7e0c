/** Events as they stand in the file: many in a row, squeezed where that helps, and which of them are there. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { Event } from '../feed/messages.ts';
import type { Database } from './database.ts';

/** The first byte tells: JSON of an array begins so, and what is squeezed gets another one before it. */
const BRACKET = 0x5b;
const SQUEEZED = Buffer.of(0);
/** Events that are read at once, about, and rows of them. */
const AT_ONCE = 5000;
const ROWS = 32;
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
 * @returns null where the next one is not there
 */
export function readEvents(db: Database, seq: number, limit: number): readonly Event[] | null {
  const found: Event[] = [];
  const most = Math.min(limit, AT_ONCE);
  while (found.length < most) {
    const last = seq + found.length;
    const rows = db.rows('SELECT body FROM event WHERE last > ? ORDER BY last LIMIT ?', last, ROWS);
    const events = rows.flatMap(([body]) => decodeEvents(body as Uint8Array)).filter((event) => event.seq > last);
    if (events.length === 0) break;
    for (const event of events) {
      if (event.seq !== seq + found.length + 1) return found.length === 0 ? null : found;
      found.push(event);
    }
  }
  return found.slice(0, limit);
}

/** Whose events a file has, and which of them: numbers count within the id. */
export interface Stored {
  readonly id: string;
  /** The newest one; where there is none, the one before the next. */
  readonly newest: number;
  /** The oldest one from which on they are there without a hole; `newest + 1` where there is none. */
  readonly oldest: number;
}

/**
 * So many numbers are reserved ahead: what was told in the moment before a kill is not in the file, and its numbers must
 * not be given twice.
 */
export const RESERVE = 10_000;

/** Whose events there are, the newest of them, and the newest that may have been told; null and 0 for an empty file. */
export function reservedEvents(db: Database): { id: string | null; newest: number; reserved: number } {
  const meta = (name: string): unknown => db.row('SELECT value FROM meta WHERE name = ?', name)?.[0];
  const [id, reserved] = [meta('id'), meta('reserved')];
  if (typeof id !== 'string') return { id: null, newest: 0, reserved: 0 };
  const { newest } = storedEvents(db);
  return { id, newest, reserved: typeof reserved === 'number' ? reserved : newest };
}

export function storedEvents(db: Database): Stored {
  const id = String(db.row("SELECT value FROM meta WHERE name = 'id'")?.[0]);
  const since = db.number("SELECT value FROM meta WHERE name = 'events_since'");
  const first = db.row('SELECT first FROM event WHERE last >= ? ORDER BY last LIMIT 1', since)?.[0];
  if (typeof first !== 'number') return { id, newest: since - 1, oldest: since };
  return { id, newest: db.number('SELECT max(last) FROM event'), oldest: Math.max(first, since) };
}

/** Events as they stand in the file: many in a row, squeezed where that helps, and which of them are there. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { Event } from '../core/messages.ts';
import type { Database } from './database.ts';

/** The first byte tells: JSON of an array begins so, and what is squeezed gets another one before it. */
const BRACKET = 0x5b;
const SQUEEZED = Buffer.of(0);
/** Events that are read at once, about, and rows of them. */
const AT_ONCE = 5000;
const ROWS = 32;
/** In `meta`: before the number of an event that follows on another one than the number before it. */
const JUMP = 'jump ';
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
 * Events after a number, the oldest first: at most `limit`, and no more than some thousands at a time. Where numbers were
 * left out after a kill, the next event is the one behind them.
 * @returns null where the next one is not there
 */
export function readEvents(db: Database, seq: number, limit: number): readonly Event[] | null {
  const found: Event[] = [];
  const jumps = jumpsOf(db);
  const most = Math.min(limit, AT_ONCE);
  while (found.length < most) {
    const last: number = found.at(-1)?.seq ?? seq;
    const rows = db.rows('SELECT body FROM event WHERE last > ? ORDER BY last LIMIT ?', last, ROWS);
    const events = rows.flatMap(([body]) => decodeEvents(body as Uint8Array)).filter((event) => event.seq > last);
    if (events.length === 0) break;
    for (const event of events) {
      const before = found.at(-1)?.seq ?? seq;
      if (event.seq !== before + 1 && jumps.get(event.seq) !== before) return found.length === 0 ? null : found;
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
  /** The newest one that is there: before `newest` where the numbers between them were left out; 0 where there is none. */
  readonly last: number;
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
  const { newest, last } = storedEvents(db);
  return { id, newest: last === 0 ? newest : last, reserved: typeof reserved === 'number' ? reserved : newest };
}

/** The numbers behind which events go on after some were left out, with the one before each. */
export function jumpsOf(db: Database): ReadonlyMap<number, number> {
  const rows = db.rows(`SELECT substr(name, ${String(JUMP.length + 1)}), value FROM meta WHERE name GLOB '${JUMP}*'`);
  return new Map(rows.map(([next, before]) => [Number(next), Number(before)]));
}

/** Numbers are left out: the event `next` follows on `before`. */
export function leaveOut(db: Database, before: number, next: number): void {
  db.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', `${JUMP}${String(next)}`, before);
}

/** Forgets what was left out. */
export function forgetJumps(db: Database): void {
  db.run(`DELETE FROM meta WHERE name GLOB '${JUMP}*'`);
}

export function storedEvents(db: Database): Stored {
  const id = String(db.row("SELECT value FROM meta WHERE name = 'id'")?.[0]);
  const since = db.number("SELECT value FROM meta WHERE name = 'events_since'");
  const first = db.row('SELECT first FROM event WHERE last >= ? ORDER BY last LIMIT 1', since)?.[0];
  if (typeof first !== 'number') return { id, newest: since - 1, oldest: since, last: 0 };
  const last = db.number('SELECT max(last) FROM event');
  const next = Math.max(0, ...jumpsOf(db).keys());
  return { id, newest: Math.max(last, next - 1), oldest: Math.max(first, since), last };
}

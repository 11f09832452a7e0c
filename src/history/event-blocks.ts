/** Events as they stand in the file: many in a row, squeezed where that helps, and which of them are there. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { Event } from '../feed/messages.ts';
import type { Database } from './database.ts';

/** The first byte tells: JSON of an array begins so, and what is squeezed gets another one before it. */
const BRACKET = 0x5b;
const SQUEEZED = Buffer.of(0);
/** Below this squeezing saves nothing. */
const WORTH = 200;

export function encodeEvents(events: readonly Event[]): Uint8Array {
  const json = Buffer.from(JSON.stringify(events));
  if (json.length < WORTH) return json;
  return Buffer.concat([SQUEEZED, deflateRawSync(json)]);
}

export function decodeEvents(body: Uint8Array): readonly Event[] {
  const json = body[0] === BRACKET ? Buffer.from(body) : inflateRawSync(body.subarray(1));
  return JSON.parse(json.toString()) as readonly Event[];
}

/** Whose events a file has, and which of them: numbers count within the id. */
export interface Stored {
  readonly id: string;
  /** The newest one; where there is none, the one before the next. */
  readonly newest: number;
  /** The oldest one from which on they are there without a hole; `newest + 1` where there is none. */
  readonly oldest: number;
}

export function storedEvents(db: Database): Stored {
  const id = String(db.row("SELECT value FROM meta WHERE name = 'id'")?.[0]);
  const since = db.number("SELECT value FROM meta WHERE name = 'events_since'");
  const first = db.row('SELECT first FROM event WHERE last >= ? ORDER BY last LIMIT 1', since)?.[0];
  if (typeof first !== 'number') return { id, newest: since - 1, oldest: since };
  return { id, newest: db.number('SELECT max(last) FROM event'), oldest: Math.max(first, since) };
}

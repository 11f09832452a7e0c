/**
 * How values, services, gaps and events are stored in the file: times as whole microseconds since the epoch, which is what messages are
 * exact to, and states and reasons as small numbers. The numbers are part of the schema: new ones go to the end, none ever
 * changes.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { RecordedGap } from '../core/archive.ts';
import type { ServiceInfo, Reason, State } from '../core/model.ts';
import { type Event, type Gap, gapFacts } from '../core/messages.ts';
import { checkpointFrom, type Checkpoint } from '../core/checkpoint.ts';
import type { Database } from './database.ts';
import type { Row, Value } from './sqlite-driver.ts';

const STATE_CODES: readonly State[] = ['up', 'down', 'unobserved', 'unknown', 'partial'];
const REASON_CODES: readonly Reason[] = [
  'dns',
  'refused',
  'reset',
  'unreachable',
  'closed',
  'timeout-connect',
  'timeout-reply',
  'tls',
  'status',
  'body',
  'protocol',
  'auth',
  'loading',
  'readonly',
  'role',
  'error',
  'stalled',
  'suspended',
  'stopped',
  'resources',
  'network',
];
/** A condition is `state + STATES * (reason + 1)`; 0 for no reason. */
const STATES = 8;

/** A state with its reason. */
export interface Condition {
  readonly state: State;
  readonly reason: Reason | null;
}

export function toMicros(ms: number): number {
  return Math.round(ms * 1000);
}

/** The same number that `toMicros` was given, where that was exact to the microsecond. */
export function toMillis(us: number): number {
  return us / 1000;
}

export function conditionCode({ state, reason }: Condition): number {
  return STATE_CODES.indexOf(state) + STATES * (reason === null ? 0 : REASON_CODES.indexOf(reason) + 1);
}

/** What a later version wrote and this one does not know reads as `unknown`. */
export function conditionOf(code: number): Condition {
  return {
    state: STATE_CODES[code % STATES] ?? 'unknown',
    reason: REASON_CODES[Math.floor(code / STATES) - 1] ?? null,
  };
}

export function reasonCode(reason: Reason): number {
  return REASON_CODES.indexOf(reason);
}

export function reasonOf(code: number): Reason {
  return REASON_CODES[code] ?? 'error';
}

/** What is known of a service: one row. Plain data, since it goes between threads. */
export interface Entry {
  readonly id: number;
  readonly name: string;
  /** Null until a `services` item has it. */
  info: ServiceInfo | null;
  /** The run that watches it, or watched it last. */
  run: number;
  /** When that run stopped watching it; null where it does, or ended with it. */
  ended: number | null;
  firstSeen: number;
  condition: number;
  /** Null where none is known. */
  status: State | null;
  since: number;
  /** Until when the sums below, and the roll-ups, are made. */
  accounted: number;
  up: number;
  down: number;
  unobserved: number;
  gaps: number;
  longest: number;
  rawSince: number;
  intervalRows: number;
  gapRows: number;
  checkpoint: Checkpoint | null;
}

/** A service of which nothing is known before `at`. */
export function newEntry(id: number, name: string, at: number): Entry {
  return {
    id,
    name,
    info: null,
    run: 0,
    ended: null,
    firstSeen: at,
    condition: 0,
    status: null,
    since: at,
    accounted: at,
    up: 0,
    down: 0,
    unobserved: 0,
    gaps: 0,
    longest: 0,
    rawSince: at,
    intervalRows: 0,
    gapRows: 0,
    checkpoint: null,
  };
}

const FIELDS = Object.keys(newEntry(0, '', 0)) as (keyof Entry)[];
/** `firstSeen` is the column `first_seen`. */
const COLUMNS = FIELDS.map((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)).join(', ');

export function readEntries(db: Database): Entry[] {
  return db.rows(`SELECT ${COLUMNS} FROM service ORDER BY id`).map(entryOf);
}

export function readEntry(db: Database, name: string): Entry | null {
  const row = db.row(`SELECT ${COLUMNS} FROM service WHERE name = ?`, name);
  return row && entryOf(row);
}

export function writeEntry(db: Database, entry: Entry): void {
  const values = FIELDS.map((field) => {
    const value = entry[field];
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  });
  db.run(`INSERT OR REPLACE INTO service (${COLUMNS}) VALUES (${values.map(() => '?').join(', ')})`, ...values);
}

function entryOf(row: Row): Entry {
  const fields = FIELDS.map((field, place) => {
    const value = row[place] ?? null;
    if (typeof value !== 'string') return [field, value] as const;
    if (field === 'checkpoint') return [field, checkpointFrom(JSON.parse(value) as Partial<Checkpoint>)] as const;
    return [field, field === 'info' ? JSON.parse(value) : value] as const;
  });
  return Object.fromEntries(fields) as unknown as Entry;
}

/** The columns behind the service's, in the order of the table. */
export const GAP_COLUMNS = 'until, seq, start, lasted, least, most, failed, reasons, proven, silence, planned';

export function gapValues(service: number, gap: Gap): Value[] {
  const { from, to, durationMs, minMs, provenMinMs, maxMs, silenceMs, failed, reasons, seq, planned } = gap;
  const [only] = reasons;
  // Where there is one reason without a message, its number says all.
  const coded =
    only !== undefined && reasons.length === 1 && only.count === failed && only.message === undefined
      ? reasonCode(only.reason)
      : JSON.stringify(reasons.map(({ reason, count, message }) => [reasonCode(reason), count, message]));
  const bounds = [toMicros(durationMs), toMicros(minMs), microsOrNull(maxMs)];
  const further = [microsOrNull(provenMinMs), microsOrNull(silenceMs), planned === true ? 1 : null];
  return [service, toMicros(to), seq, toMicros(from), ...bounds, failed, coded, ...further];
}

function microsOrNull(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : toMicros(ms);
}

export function gapOf(service: string, row: Row): RecordedGap {
  const [until, seq, start, lasted, least, most, failed, reasons, proven, silence, planned] = row as [
    ...[until: number, seq: number, start: number, lasted: number, least: number],
    ...[most: number | null, failed: number, reasons: number | string],
    ...[proven: number | null, silence: number | null, planned: number | null],
  ];
  const facts = gapFacts({
    from: toMillis(start),
    to: toMillis(until),
    durationMs: toMillis(lasted),
    minMs: toMillis(least),
    // Of version 0.1.0, which inferred nothing.
    provenMinMs: toMillis(proven ?? least),
    maxMs: most === null ? null : toMillis(most),
    silenceMs: silence === null ? null : toMillis(silence),
    planned: planned === 1,
    failed,
    reasons:
      typeof reasons === 'number'
        ? [{ reason: reasonOf(reasons), count: failed }]
        : (JSON.parse(reasons) as [number, number, (string | null)?][]).map(([code, count, message]) => {
            return { reason: reasonOf(code), count, ...(typeof message === 'string' && { message }) };
          }),
  });
  return { service, seq, ...facts };
}

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

/** Many events in one value, squeezed where that helps. */
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

/** A service as the writer keeps it: one row, in the file's own units (microseconds, codes). */
import type { ServiceInfo } from '../core/board.ts';
import type { Checkpoint } from '../core/timeline.ts';
import type { State } from '../core/model.ts';
import type { Database, Row, Value } from './database.ts';

/** Plain data: it goes between threads. */
export interface Entry {
  readonly id: number;
  readonly name: string;
  /** Null until a `services` item tells it. */
  info: ServiceInfo | null;
  /** The run that watches it, or watched it last. */
  run: number;
  /** When that run stopped watching it; null where it does, or ended with it. */
  ended: number | null;
  firstSeen: number;
  condition: number;
  /** Null where nobody told one. */
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
  memory: Checkpoint | null;
}

const COLUMNS =
  'id, name, info, run, ended, first_seen, condition, status, since, accounted, up, down, unobserved, gaps, longest, ' +
  'raw_since, interval_rows, gap_rows, memory';

export function readEntries(db: Database): Entry[] {
  return db.rows(`SELECT ${COLUMNS} FROM service ORDER BY id`).map(entryOf);
}

export function readEntry(db: Database, name: string): Entry | null {
  const row = db.row(`SELECT ${COLUMNS} FROM service WHERE name = ?`, name);
  return row && entryOf(row);
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
    memory: null,
  };
}

export function writeEntry(db: Database, entry: Entry): void {
  const { id, name, info, run, ended, firstSeen, condition, status, since, accounted } = entry;
  const { up, down, unobserved, gaps, longest, rawSince, intervalRows, gapRows, memory } = entry;
  const values: Value[] = [id, name, info && JSON.stringify(info), run, ended, firstSeen, condition, status, since];
  values.push(accounted, up, down, unobserved, gaps, longest, rawSince, intervalRows, gapRows);
  values.push(memory && JSON.stringify(memory));
  db.run(`INSERT OR REPLACE INTO service (${COLUMNS}) VALUES (${values.map(() => '?').join(', ')})`, ...values);
}

function entryOf(row: Row): Entry {
  const number = (place: number): number => row[place] as number;
  const json = (place: number): unknown => (row[place] === null ? null : JSON.parse(row[place] as string));
  return {
    id: number(0),
    name: row[1] as string,
    info: json(2) as ServiceInfo | null,
    run: number(3),
    ended: row[4] as number | null,
    firstSeen: number(5),
    condition: number(6),
    status: row[7] as State | null,
    since: number(8),
    accounted: number(9),
    up: number(10),
    down: number(11),
    unobserved: number(12),
    gaps: number(13),
    longest: number(14),
    rawSince: number(15),
    intervalRows: number(16),
    gapRows: number(17),
    memory: json(18) as Checkpoint | null,
  };
}

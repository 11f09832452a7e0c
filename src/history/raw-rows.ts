/** Single intervals and gaps, as they are read from the file. Windows in milliseconds. */
import { conditionOf, toMicros, toMillis } from './codes.ts';
import type { Database } from './database.ts';
import type { Entry } from './entry.ts';
import { GAP_COLUMNS, gapOf } from './gap-rows.ts';
import type { RecordedGap, RecordedInterval, Window } from '../core/archive.ts';

type Named = Pick<Entry, 'id' | 'name'>;

/** Where the wall clock was set back, more gaps than one may end after a moment and begin before it. */
const ASTRIDE = 16;

interface Asked {
  readonly window: Window;
  /** At most so many: the newest. */
  readonly newest: number;
  /** When the present interval ended, in microseconds; null where it lasts. */
  readonly end: number | null;
}

/** The intervals of a service that overlap a window, the oldest first. */
export function intervalsOf(db: Database, { id }: Named, { window, newest, end }: Asked): RecordedInterval[] {
  const [from, to] = [toMicros(window.from), toMicros(window.to)];
  const rows = db.list(
    'start, condition',
    'interval WHERE service = ?1 AND start < ?2 AND start >= ' +
      'coalesce((SELECT max(start) FROM interval WHERE service = ?1 AND start <= ?3), 0) ORDER BY start DESC LIMIT ?4',
    ...[id, to, from, newest],
  ) as [number, number][];
  // The end of each is the start of the next one.
  const after = db.row('SELECT min(start) FROM interval WHERE service = ? AND start >= ?', id, to)?.[0];
  let next = typeof after === 'number' ? after : end;
  const found: RecordedInterval[] = [];
  for (const [start, code] of rows) {
    const until = next === null ? null : toMillis(next);
    // What ends where the window begins does not overlap it, nor does what was left at once.
    if (until === null || until > Math.max(window.from, toMillis(start))) {
      found.push({ ...conditionOf(code), from: toMillis(start), to: until });
    }
    next = start;
  }
  return found.reverse();
}

/** The gaps of a service that overlap a window, in the order of their ends. @param newest at most so many: those that ended last */
export function gapsOf(db: Database, { id, name }: Named, window: Window, newest: number): RecordedGap[] {
  const [from, to] = [toMicros(window.from), toMicros(window.to)];
  const within = `gap WHERE service = ? AND until > ? AND until <= ? ORDER BY until DESC, seq DESC LIMIT ?`;
  const astride = `gap WHERE service = ? AND until > ? ORDER BY until, seq LIMIT ?`;
  const later = db.list(GAP_COLUMNS, astride, id, to, ASTRIDE).map((row) => gapOf(name, row));
  const ended = db.list(GAP_COLUMNS, within, id, from, to, newest).map((row) => gapOf(name, row));
  return [...ended.reverse(), ...later.filter((gap) => gap.from < window.to)];
}

/** The newest rows of a service. */
export interface NewestRows {
  /** In microseconds; see `codes.ts` for the conditions. */
  readonly intervals: readonly (readonly [start: number, condition: number])[];
  readonly gaps: readonly RecordedGap[];
}

/** The newest rows of a service, the oldest first. */
export function newestOf(db: Database, { id, name }: Named, intervals: number, gaps: number): NewestRows {
  const starts = 'interval WHERE service = ? ORDER BY start DESC LIMIT ?';
  const ends = 'gap WHERE service = ? ORDER BY until DESC, seq DESC LIMIT ?';
  return {
    intervals: (db.list('start, condition', starts, id, intervals) as [number, number][]).reverse(),
    gaps: db
      .list(GAP_COLUMNS, ends, id, gaps)
      .map((row) => gapOf(name, row))
      .reverse(),
  };
}

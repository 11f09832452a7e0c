/** Sums by minute, hour and day: what a stretch of time in one state adds to them, and how they are read. Microseconds. */
import type { State } from '../core/model.ts';
import type { Database } from './database.ts';
import { conditionOf, type Entry, toMicros, toMillis } from './history-rows.ts';
import type { Rollup, RollupWidth, Window } from '../core/archive.ts';

const MINUTE_US = 60_000_000;
/** In the order of their numbers in the file. */
const WIDTHS: readonly RollupWidth[] = ['minute', 'hour', 'day'];
export const WIDTH_US: Readonly<Record<RollupWidth, number>> = {
  minute: MINUTE_US,
  hour: 60 * MINUTE_US,
  day: 24 * 60 * MINUTE_US,
};

/** `buckets` whole minutes, hours or days that end at `until`, both counted in widths since the epoch. */
interface RollupRow {
  readonly width: number;
  readonly until: number;
  readonly buckets: number;
  up: number;
  down: number;
  unobserved: number;
  gaps: number;
  longest: number;
}

/** Whether time in a state is in a sum. */
export function isCounted(state: State): state is 'up' | 'down' | 'unobserved' {
  return state === 'up' || state === 'down' || state === 'unobserved';
}

/** What was added to the sums of one service since it was last written. */
export class RollupSums {
  readonly #rows = new Map<string, RollupRow>();

  /** A stretch of time in one state; time of which nothing is known is in no sum. */
  add(state: State, from: number, to: number): void {
    if (!isCounted(state) || to <= from) return;
    for (const [width, name] of WIDTHS.entries()) {
      const us = WIDTH_US[name];
      const first = Math.floor(from / us);
      const last = Math.floor(to / us);
      if (first === last) {
        this.#row(width, first + 1, 1)[state] += to - from;
        continue;
      }
      // Whole ones in a row are one row: so a long stretch costs no more than a short one.
      const whole = from === first * us ? first : first + 1;
      if (whole > first) this.#row(width, whole, 1)[state] += whole * us - from;
      if (last > whole) this.#row(width, last, last - whole)[state] += (last - whole) * us;
      if (to > last * us) this.#row(width, last + 1, 1)[state] += to - last * us;
    }
  }

  /** A gap whose end was seen at a moment. */
  gap(at: number, lasted: number): void {
    for (const [width, name] of WIDTHS.entries()) {
      const row = this.#row(width, Math.floor(at / WIDTH_US[name]) + 1, 1);
      row.gaps += 1;
      row.longest = Math.max(row.longest, lasted);
    }
  }

  get rows(): Iterable<Readonly<RollupRow>> {
    return this.#rows.values();
  }

  #row(width: number, until: number, buckets: number): RollupRow {
    const key = `${String(width)}/${String(until)}/${String(buckets)}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { width, until, buckets, up: 0, down: 0, unobserved: 0, gaps: 0, longest: 0 };
      this.#rows.set(key, row);
    }
    return row;
  }
}

/** The stretch of the present state that is in no sum yet. Microseconds. */
export interface PresentStretch {
  readonly state: State;
  readonly from: number;
  readonly to: number;
}

export function presentStretch({ condition, accounted }: Entry, until: number): PresentStretch {
  return { state: conditionOf(condition).state, from: accounted, to: Math.max(accounted, until) };
}

/** The rows of a service that overlap a window of whole minutes, hours or days, from `begin` to before `end`. */
export function rollupRows(db: Database, service: number, width: RollupWidth, window: BucketWindow): RollupRow[] {
  const number = WIDTHS.indexOf(width);
  const rows = db.list(
    'until, buckets, up, down, unobserved, gaps, longest',
    'rollup WHERE service = ? AND width = ? AND until > ? AND until - buckets < ?',
    ...[service, number, window.begin, window.end],
  ) as [number, number, number, number, number, number, number][];
  return rows.map(([until, buckets, up, down, unobserved, gaps, longest]) => ({
    ...{ width: number, until, buckets, up, down, unobserved, gaps, longest },
  }));
}

/** Counted in widths since the epoch. */
export interface BucketWindow {
  readonly begin: number;
  readonly end: number;
}

/** The whole minutes, hours or days that overlap a window. */
export function bucketsOf(width: RollupWidth, window: Window): BucketWindow {
  const us = WIDTH_US[width];
  return { begin: Math.floor(toMicros(window.from) / us), end: Math.ceil(toMicros(window.to) / us) };
}

/**
 * The sums by whole minutes, hours or days, the oldest first. One in which nothing is known is left out.
 * @param present is counted too; null to leave it out
 */
export function rollupsOf(
  known: readonly RollupRow[],
  width: RollupWidth,
  { begin, end }: BucketWindow,
  present: PresentStretch | null,
): Rollup[] {
  const us = WIDTH_US[width];
  const number = WIDTHS.indexOf(width);
  const sums = new RollupSums();
  if (present !== null) sums.add(present.state, present.from, present.to);
  const all = [...known, ...[...sums.rows].filter((row) => row.width === number)];

  const found = new Map<number, RollupRow>();
  for (const row of all) {
    for (let n = Math.max(begin, row.until - row.buckets); n < Math.min(end, row.until); n++) {
      const sum = found.get(n) ?? {
        ...row,
        until: n + 1,
        buckets: 1,
        up: 0,
        down: 0,
        unobserved: 0,
        gaps: 0,
        longest: 0,
      };
      sum.up += row.up / row.buckets;
      sum.down += row.down / row.buckets;
      sum.unobserved += row.unobserved / row.buckets;
      sum.gaps += row.gaps;
      sum.longest = Math.max(sum.longest, row.longest);
      found.set(n, sum);
    }
  }
  return Array.from(found, ([n, sum]) => {
    // A clock that was set back labels some time twice: no minute has more than its length.
    const share = Math.min(1, us / (sum.up + sum.down + sum.unobserved));
    return {
      from: toMillis(n * us),
      upMs: toMillis(sum.up * share),
      downMs: toMillis(sum.down * share),
      unobservedMs: toMillis(sum.unobserved * share),
      gaps: sum.gaps,
      longestGapMs: toMillis(sum.longest),
    };
  }).sort((a, b) => a.from - b.from);
}

/** Reads what a monitor goes on from: of each service the newest of everything, whatever the history holds beyond. */
import type { RestoredService, Rollup, RollupWidth } from '../core/archive.ts';
import { conditionOf, toMillis } from './codes.ts';
import type { Entry } from './entry.ts';
import { memoryAt } from './memory.ts';
import type { HistoryReader } from './reader.ts';
import { WIDTH_US } from './rollup.ts';

/** As many as the board keeps. */
const INTERVALS = 256;
const GAPS = 20;
/** What the windows of the uptime are made of. */
const BUCKETS: Readonly<Record<RollupWidth, number>> = { minute: 60, hour: 24, day: 90 };

/** Every service that was ever watched, as it was left. @throws HistoryError */
export function readServices(reader: HistoryReader): ReadonlyMap<string, RestoredService> {
  const entries = reader.entries().filter(({ entry }) => entry.info !== null);
  return new Map(entries.map(({ entry, until }) => [entry.name, pastOf(reader, entry, toMillis(until))]));
}

function pastOf(reader: HistoryReader, entry: Entry, until: number): RestoredService {
  const { state, reason } = conditionOf(entry.condition);
  const since = toMillis(entry.since);
  const rows = reader.newest(entry, INTERVALS, GAPS);
  const sums = (width: RollupWidth): readonly Rollup[] =>
    reader.settledRollups(entry, width, { from: since - (BUCKETS[width] * WIDTH_US[width]) / 1000, to: since });
  return {
    until,
    state,
    status: entry.status ?? state,
    since,
    reason,
    timeline: rows.intervals.map(([start, code], index) => ({
      state: conditionOf(code).state,
      from: toMillis(start),
      to: rows.intervals[index + 1] === undefined ? null : toMillis(rows.intervals[index + 1]?.[0] ?? 0),
    })),
    gaps: rows.gaps.map(({ from, to, durationMs, minMs, maxMs, failed, reasons }) => ({
      ...{ from, to, durationMs, minMs, maxMs, failed, reasons },
    })),
    totals: {
      gaps: entry.gaps,
      longestGapMs: toMillis(entry.longest),
      upMs: toMillis(entry.up),
      downMs: toMillis(entry.down),
      unobservedMs: toMillis(entry.unobserved),
    },
    uptime: { minutes: sums('minute'), hours: sums('hour'), days: sums('day') },
    checkpoint: memoryAt({ state, since, info: entry.info, memory: entry.memory }, until),
  };
}

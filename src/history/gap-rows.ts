/** Gaps as rows of the file. */
import type { Gap } from '../core/messages.ts';
import { reasonCode, reasonOf, toMicros, toMillis } from './codes.ts';
import type { Row, Value } from './database.ts';
import type { RecordedGap } from '../core/archive.ts';

/** The columns behind the service's, in the order of the table. */
export const GAP_COLUMNS = 'until, seq, start, lasted, least, most, failed, reasons';

export function gapValues(service: number, gap: Gap): Value[] {
  const { from, to, durationMs, minMs, maxMs, failed, reasons, seq } = gap;
  const [only] = reasons;
  // Most gaps have one reason: its number says all.
  const coded =
    only !== undefined && reasons.length === 1 && only.count === failed
      ? reasonCode(only.reason)
      : JSON.stringify(reasons.map(({ reason, count }) => [reasonCode(reason), count]));
  const bounds = [toMicros(durationMs), toMicros(minMs), maxMs === null ? null : toMicros(maxMs)];
  return [service, toMicros(to), seq, toMicros(from), ...bounds, failed, coded];
}

export function gapOf(service: string, row: Row): RecordedGap {
  const [until, seq, start, lasted, least, most, failed, reasons] = row as [
    ...[until: number, seq: number, start: number, lasted: number, least: number],
    ...[most: number | null, failed: number, reasons: number | string],
  ];
  return {
    service,
    seq,
    from: toMillis(start),
    to: toMillis(until),
    durationMs: toMillis(lasted),
    minMs: toMillis(least),
    maxMs: most === null ? null : toMillis(most),
    failed,
    reasons:
      typeof reasons === 'number'
        ? [{ reason: reasonOf(reasons), count: failed }]
        : (JSON.parse(reasons) as [number, number][]).map(([code, count]) => ({ reason: reasonOf(code), count })),
  };
}

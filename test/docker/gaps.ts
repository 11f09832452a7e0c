/** The gaps in what the second meter saw, held against those that gapwatch reported. */
import type { ReportGap } from '../../src/report/report.ts';
import type { Look } from './meter.ts';
import { INTERVAL_MS } from './watch.ts';

/** A gap as the second meter saw it. */
export interface MeterGap {
  /** When the first question without an answer was asked. */
  readonly from: number;
  /** When the first one was asked after it that was answered. */
  readonly to: number;
  /** One step of its loop at each end, as long as those two steps were: its length is not known better than this. */
  readonly resolutionMs: number;
}

/** A gap that both saw. */
export interface Pair {
  readonly reported: ReportGap;
  readonly meter: MeterGap;
  readonly lengthMs: number;
  /** Whether the meter's length is within the bounds as it stands; `within`: within its own resolution. */
  readonly strictly: boolean;
  readonly within: boolean;
}

export interface Comparison {
  readonly pairs: readonly Pair[];
  /** Gaps of `atLeastMs` or more that gapwatch did not report. */
  readonly missed: readonly MeterGap[];
  /** Gaps that the meter did not see. */
  readonly invented: readonly ReportGap[];
}

/** @param looks in the order in which they were asked; a gap at their end is left out
 */
export function gapsOf(looks: readonly Look[]): MeterGap[] {
  const gaps: MeterGap[] = [];
  let first: number | null = null;
  looks.forEach(([sentAt, , good], at) => {
    if (!good) first ??= at;
    else if (first !== null) {
      const from = looks[first]?.[0] ?? sentAt;
      const before = from - (looks[first - 1]?.[0] ?? from);
      const after = sentAt - (looks[at - 1]?.[0] ?? sentAt);
      gaps.push({ from, to: sentAt, resolutionMs: before + after });
      first = null;
    }
  });
  return gaps;
}

/**
 * Holds what was reported against what the meter saw. Where gapwatch took several of its gaps for one, because none of
 * its probes fell in between, they are one here too.
 */
export function compare(seen: readonly MeterGap[], reported: readonly ReportGap[], atLeastMs: number): Comparison {
  const pairs: Pair[] = [];
  const invented: ReportGap[] = [];
  for (const gap of reported) {
    const same = seen.filter((one) => overlap(one, gap));
    const [first, last] = [same[0], same.at(-1)];
    if (first === undefined || last === undefined) invented.push(gap);
    else pairs.push(pair(gap, { ...first, to: last.to }));
  }
  const missed = seen.filter((one) => one.to - one.from >= atLeastMs && !reported.some((gap) => overlap(one, gap)));
  return { pairs, missed, invented };
}

function pair(reported: ReportGap, meter: MeterGap): Pair {
  const lengthMs = meter.to - meter.from;
  const isWithin = (slackMs: number): boolean =>
    lengthMs >= reported.minMs - slackMs && lengthMs <= (reported.maxMs ?? Infinity) + slackMs;
  return { reported, meter, lengthMs, strictly: isWithin(0), within: isWithin(meter.resolutionMs) };
}

/** Whether two gaps are the same outage: the grid of one may miss an end of it by an interval. */
function overlap(one: MeterGap, other: ReportGap): boolean {
  return one.from < (other.to ?? Infinity) + INTERVAL_MS && other.from < one.to + INTERVAL_MS;
}

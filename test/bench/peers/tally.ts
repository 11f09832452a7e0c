/** What a tool said, held against what was true. */
import type { TrueOutage } from '../outage-kinds.ts';
import { percentile } from '../table.ts';
import type { Told, Witness } from './witness.ts';

/** A tool may tell an outage late, by its interval, its timeout and its log. Outages are further apart than this. */
const LATE_MS = 2500;
/** What is wrong by this little is right: truth itself is known only to about that much. */
const SLACK_MS = 1;

export interface Outcome {
  readonly service: string;
  readonly outage: TrueOutage;
  readonly what: string;
  /** What the tool told of it; null where it was missed. */
  readonly told: Told | null;
}

export interface Tally {
  readonly outcomes: readonly Outcome[];
  /** Gaps that were none, or were told a second time. */
  readonly invented: readonly Told[];
}

export interface PlayedService {
  readonly name: string;
  readonly what: string;
  readonly outages: readonly TrueOutage[];
}

/** The mean of the longest and the shortest time that it can have lasted, by the readings around its edges. */
export function trueLength({ from, to }: TrueOutage): number {
  return (to.before + to.after - from.before - from.after) / 2;
}

export function tallyOf(witness: Witness, services: readonly PlayedService[], intervalMs: number): Tally {
  const outcomes: Outcome[] = [];
  const matched = new Set<Told>();
  for (const { name, what, outages } of services) {
    for (const outage of outages) {
      const told = witness.gaps.find((gap) => {
        if (gap.service !== name || matched.has(gap)) return false;
        const begins = outage.from.before - intervalMs - SLACK_MS;
        return gap.from >= begins && gap.from <= outage.to.after + LATE_MS;
      });
      if (told !== undefined) matched.add(told);
      outcomes.push({ service: name, outage, what, told: told ?? null });
    }
  }
  return { outcomes, invented: witness.gaps.filter((gap) => !matched.has(gap)) };
}

/** How wrong the length was, for each outage that was seen. */
export function errorsOf(outcomes: readonly Outcome[]): number[] {
  return outcomes.flatMap(({ outage, told }) => {
    return told === null ? [] : [Math.abs(told.durationMs - trueLength(outage))];
  });
}

export function isSeen({ told }: Outcome): boolean {
  return told !== null;
}

export function isLong({ outage }: Outcome, leastMs: number): boolean {
  return outage.to.before - outage.from.after >= leastMs;
}

export function hasBounds({ told }: Outcome): boolean {
  return told !== null && told.bounds !== null;
}

/** Whether the bounds that were told exclude the true length. */
export function isWrong({ outage: { from, to }, told }: Outcome): boolean {
  if (!told?.bounds) return false;
  return told.bounds.minMs > to.after - from.before || told.bounds.maxMs < to.before - from.after;
}

export function quantiles(values: readonly number[]): { p50: number; p99: number } {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}

/** What is known of whole days of UTC. Pure. Times in milliseconds since the epoch. */
import type { TimelineInterval } from './messages.ts';

export const DAY_MS = 86_400_000;

export interface Day {
  /** Midnight, in UTC. */
  readonly from: number;
  /** How much of it is known as what. All 0: nothing is known of that day. */
  readonly upMs: number;
  readonly downMs: number;
  readonly unobservedMs: number;
  /** Gaps that ended on it. */
  readonly gaps: number;
}

/** The midnights of the days up to today, the oldest first. @param count how many */
export function midnights(now: number, count: number): number[] {
  const today = Math.floor(now / DAY_MS);
  return Array.from({ length: count }, (_, index) => (today - count + 1 + index) * DAY_MS);
}

/**
 * A day as a timeline tells it, which may not reach that far back. A stretch of being down counts as a gap where it ends.
 * @param now until when the present state is known
 */
export function dayOf(timeline: readonly TimelineInterval[], from: number, now: number): Day {
  const sums = { up: 0, down: 0, partial: 0, unobserved: 0, unknown: 0 };
  const end = from + DAY_MS;
  let gaps = 0;
  for (const interval of timeline) {
    const lastedMs = Math.min(interval.to ?? now, end) - Math.max(interval.from, from);
    if (lastedMs <= 0) continue;
    sums[interval.state] += lastedMs;
    if (interval.state === 'down' && interval.to !== null && interval.to <= end) gaps += 1;
  }
  return { from, upMs: sums.up, downMs: sums.down, unobservedMs: sums.unobserved, gaps };
}

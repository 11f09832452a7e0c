/** What is known of each of the last days, in the reader's time zone. Pure. Times in milliseconds since the epoch. */
import type { TimelineInterval } from '../feed/messages.ts';

/** How many days are shown. */
export const DAYS = 90;

export interface Day {
  /** Midnight, here. */
  readonly from: number;
  /** How much of it is known as what. All 0: nothing is known of that day. */
  readonly upMs: number;
  readonly downMs: number;
  readonly unobservedMs: number;
  /** Stretches of being down that began on it, or went on into it. */
  readonly falls: number;
}

/**
 * The last days, the oldest first; the last one is today.
 * @param heard until when the present state is known
 */
export function daysOf(timeline: readonly TimelineInterval[], heard: number, count: number = DAYS): Day[] {
  const today = new Date(heard);
  const midnight = (back: number): number =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() - back).getTime();
  return Array.from({ length: count }, (_, index) => {
    const from = midnight(count - 1 - index);
    return dayOf(timeline, from, midnight(count - 2 - index), heard);
  });
}

/** How much of a day's bar is shown as down, from 0 to 1: by the length of the time down on a scale that lets 0.2 s be seen. */
export function downShare(downMs: number): number {
  if (downMs <= 0) return 0;
  return Math.min(1, 0.3 + (0.7 * Math.log10(1 + downMs / 100)) / Math.log10(1 + 3_600_000 / 100));
}

function dayOf(timeline: readonly TimelineInterval[], from: number, to: number, heard: number): Day {
  const sums = { up: 0, down: 0, unobserved: 0, unknown: 0 };
  let falls = 0;
  for (const interval of timeline) {
    const lastedMs = Math.min(interval.to ?? heard, to) - Math.max(interval.from, from);
    if (lastedMs <= 0) continue;
    sums[interval.state] += lastedMs;
    if (interval.state === 'down') falls += 1;
  }
  return { from, upMs: sums.up, downMs: sums.down, unobservedMs: sums.unobserved, falls };
}

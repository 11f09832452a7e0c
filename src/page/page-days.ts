/** The bars of the last days: what the monitor kept of them, and what this page has received since. Pure. */
import type { TimelineInterval } from '../core/messages.ts';
import { type Day, dayOf, midnights } from '../core/uptime.ts';

/** How many days are shown. */
const DAYS = 90;

/** The answer of `/api/v1/days`. */
export interface DaysAnswer {
  /** When the first day begins. */
  readonly from: number;
  readonly widthMs: number;
  readonly services: readonly {
    readonly service: string;
    readonly upMs: readonly number[];
    readonly downMs: readonly number[];
    readonly unobservedMs: readonly number[];
    readonly gaps: readonly number[];
  }[];
}

/** The days in an answer, by service and by their beginnings. */
export function readDays({ from, widthMs, services }: DaysAnswer): Map<string, ReadonlyMap<number, Day>> {
  return new Map(
    services.map(({ service, upMs, downMs, unobservedMs, gaps }) => {
      const days = upMs.map((up, index): [number, Day] => {
        const begin = from + index * widthMs;
        const [down = 0, unobserved = 0, ended = 0] = [downMs[index], unobservedMs[index], gaps[index]];
        return [begin, { from: begin, upMs: up, downMs: down, unobservedMs: unobserved, gaps: ended }];
      });
      return [service, new Map(days)];
    }),
  );
}

/**
 * The last days, the oldest first; the last one is today.
 * @param kept what the monitor kept
 * @param timeline what is known beyond it; it may not reach far
 * @param knownUntil until when the present state is known
 */
export function daysOf(
  kept: ReadonlyMap<number, Day>,
  timeline: readonly TimelineInterval[],
  knownUntil: number,
  count: number = DAYS,
): Day[] {
  return midnights(knownUntil, count).map((from) => {
    const day = kept.get(from);
    const seen = dayOf(timeline, from, knownUntil);
    // Of today the feed knows more than the answer; of other days the answer is complete.
    return day === undefined || knownMs(seen) > knownMs(day) || seen.downMs > day.downMs ? seen : day;
  });
}

function knownMs({ upMs, downMs, unobservedMs }: Day): number {
  return upMs + downMs + unobservedMs;
}

/** How much of a day's bar is shown as down, from 0 to 1: by the length of the time down on a scale that lets 0.2 s be seen. */
export function downShare(downMs: number): number {
  if (downMs <= 0) return 0;
  return Math.min(1, 0.3 + (0.7 * Math.log10(1 + downMs / 100)) / Math.log10(1 + 3_600_000 / 100));
}

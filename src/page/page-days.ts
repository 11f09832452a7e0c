/** The bars of the last days: what the monitor kept of them, and what this page has received since. Pure. */
import type { TimelineInterval } from '../core/messages.ts';
import { DAY_MS, type Day, dayOf, knownMs, midnights } from '../core/uptime.ts';

/** How many days are shown. */
export const DAYS = 90;
/** A row of bars has at least this many places: one bar that fills it would look like a year. */
const LEAST_DAYS = 30;

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
    /** Of a hub, where vantages did not agree. */
    readonly partialMs?: readonly number[];
    readonly gaps: readonly number[];
  }[];
}

/** The days in an answer, by service and by their beginnings. */
export function readDays({ from, widthMs, services }: DaysAnswer): Map<string, ReadonlyMap<number, Day>> {
  return new Map(
    services.map(({ service, upMs, downMs, unobservedMs, partialMs, gaps }) => {
      const days = upMs.map((up, index): [number, Day] => {
        const begin = from + index * widthMs;
        const [down = 0, unobserved = 0, ended = 0] = [downMs[index], unobservedMs[index], gaps[index]];
        const partial = partialMs?.[index] ?? 0;
        const partly = partial > 0 ? { partialMs: partial } : {};
        return [begin, { from: begin, upMs: up, downMs: down, unobservedMs: unobserved, ...partly, gaps: ended }];
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

/** How many days are worth a bar. @param keptSince the first day of which something is kept */
export function daysShown(keptSince: number, now: number): number {
  const kept = Math.ceil((now - keptSince) / DAY_MS);
  return Math.max(LEAST_DAYS, Math.min(DAYS, Number.isFinite(kept) ? kept : LEAST_DAYS));
}

/** So much of a bar is red at least: 0.2 s are seen, and look like what they are. */
const LEAST_DOWN = 0.12;
/** Where less of a day than this was not observed, its bar does not say so: the words at the pointer do. */
const UNOBSERVED_MS = 60_000;
/** So much of a bar is hatched at least. */
const LEAST_UNOBSERVED = 0.25;

/**
 * How much of what was observed of a day is shown as down, from 0 to 1: the cube root of its share, so that a second (0.15), a
 * minute (0.2) and an hour (0.4) of a whole day look different, and a day that was down as long as it was observed is red.
 */
export function downShare({ upMs, downMs, partialMs = 0 }: Pick<Day, 'upMs' | 'downMs' | 'partialMs'>): number {
  if (downMs <= 0) return 0;
  return LEAST_DOWN + (1 - LEAST_DOWN) * Math.cbrt(downMs / (upMs + downMs + partialMs));
}

/** The parts of a day's bar, each from 0 to 1: hatched from its top, down and then partly up from its bottom; the rest is up. */
interface DayBar {
  readonly unobserved: number;
  readonly partial: number;
  readonly down: number;
}

/** How a day is shown; null where nothing is known of it. */
export function barOf(day: Day): DayBar | null {
  const { upMs, downMs, unobservedMs, partialMs = 0 } = day;
  const observedMs = upMs + downMs + partialMs;
  if (knownMs(day) === 0) return null;
  const isShown = unobservedMs >= UNOBSERVED_MS || observedMs === 0;
  const unobserved = isShown ? Math.max(LEAST_UNOBSERVED, unobservedMs / knownMs(day)) : 0;
  // A gap is seen however little of the day was observed.
  const down = downMs <= 0 ? 0 : Math.max(LEAST_DOWN, (1 - unobserved) * downShare(day));
  const left = Math.max(0, 1 - unobserved - down);
  const partial = partialMs <= 0 ? 0 : left * downShare({ upMs, downMs: partialMs });
  return { unobserved, partial, down };
}

/** Durations as people write them, `250ms` or `1.5s`, to milliseconds and back. */
import { excerpt } from './format.ts';

/** The longest unit first. */
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** A duration: a number, with a fraction where it is wanted, and its unit. */
export const DURATION = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/;

/** What a duration looks like, for messages. */
const DURATION_FORM = 'a number with its unit, such as "50ms", "1s", "5m", "12h" or "90d"';

/** The milliseconds of a duration, to 15 digits; null where the text is none. */
export function durationMs(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const factor = UNITS.find(([unit]) => unit === match[2])?.[1] ?? 1;
  // The product of 1.001 and 1000 has a tail of its own.
  return Number((Number(match[1]) * factor).toPrecision(15));
}

/** Why a value is no duration, and what would be one. */
export function durationProblem(value: unknown): string {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))) {
    return `${String(value)} has no unit; ${DURATION_FORM}`;
  }
  return `${typeof value === 'string' ? excerpt(value) : 'this'} is not a duration; ${DURATION_FORM}`;
}

/** A duration as the configuration writes it, in the longest unit that needs no fraction; `durationMs` reads it back. */
export function durationText(ms: number): string {
  const [unit, factor] = UNITS.find(([, length]) => ms >= length && ms % length === 0) ?? ['ms', 1];
  // 6400ms is harder to read than 6.4s.
  return unit === 'ms' && ms > 1000 && Number.isInteger(ms) ? `${String(ms / 1000)}s` : `${String(ms / factor)}${unit}`;
}

/** Durations and moments as people write them, `250ms`, `1.5s` or `03:00`, to milliseconds. Pure: the present comes in. */
import { safeExcerpt } from './shown-url.ts';

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
  return `${typeof value === 'string' ? safeExcerpt(value) : 'this'} is not a duration; ${DURATION_FORM}`;
}

/** A duration as the configuration writes it, in the longest unit that needs no fraction; `durationMs` reads it back. */
export function durationText(ms: number): string {
  const [unit, factor] = UNITS.find(([, length]) => ms >= length && ms % length === 0) ?? ['ms', 1];
  // 6400ms is harder to read than 6.4s.
  return unit === 'ms' && ms > 1000 && Number.isInteger(ms) ? `${String(ms / 1000)}s` : `${String(ms / factor)}${unit}`;
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?$/i;
/** Milliseconds since the epoch, as all JSON has them: not before 1973, so that a duration without its unit is none. */
const EPOCH_MS = /^\d{12,15}(?:\.\d{1,6})?$/;
const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d)(\.\d{1,6})?)?$/;

/** What a moment looks like, for messages. */
export const MOMENT_FORM =
  'a time such as "2026-11-23T03:00" or "03:00" (the last one), local unless a zone follows it, milliseconds since 1970, or a duration back such as "24h"';

/**
 * A moment in milliseconds since the epoch; null where the text is none. Without a zone it is local.
 * @param end what a duration counts back from, and a time without a date is the last one before
 *
 * @example
 * parseMoment('24h', end) // end - 86_400_000
 * parseMoment('2026-11-23T03:00Z', end) // 1_795_402_800_000
 */
export function parseMoment(text: string, end: number): number | null {
  const back = durationMs(text);
  if (back !== null) return end - back;
  if (EPOCH_MS.test(text)) return Number(text);
  const clock = CLOCK.exec(text);
  if (clock !== null) {
    const day = new Date(end);
    const onDay = (): number | null => local(day.getFullYear(), day.getMonth(), day.getDate(), clock.slice(1, 5));
    const at = onDay();
    if (at === null || at <= end) return at;
    day.setDate(day.getDate() - 1);
    return onDay();
  }
  const match = MOMENT.exec(text);
  if (match === null) return null;
  const [, year, month, day, ...rest] = match;
  const at = local(Number(year), Number(month) - 1, Number(day), rest.slice(0, 4));
  const zone = rest[4];
  if (at === null || zone === undefined) return at;
  const date = new Date(at);
  const utc = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(rest[0]),
    Number(rest[1]),
    Number(rest[2] ?? 0),
  );
  return utc + date.getMilliseconds() - zoneMs(zone);
}

/** Null where there is no such day or no such time. */
function local(
  year: number,
  month: number,
  day: number,
  [h, min, s, fraction]: readonly (string | undefined)[],
): number | null {
  const [hour, minute, second] = [Number(h ?? 0), Number(min ?? 0), Number(s ?? 0)];
  const isDay = month >= 0 && month < 12 && day >= 1 && day <= new Date(year, month + 1, 0).getDate();
  if (!isDay || hour > 23 || minute > 59 || second > 59) return null;
  return new Date(year, month, day, hour, minute, second).getTime() + Number(fraction ?? 0) * 1000;
}

function zoneMs(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

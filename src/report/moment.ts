/** Moments as people write them on the command line. Pure: what time it is comes in, and the zone is the machine's. */
import { durationMs } from '../core/duration.ts';

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?$/i;
const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d)(\.\d{1,6})?)?$/;

/** What a moment looks like, for messages. */
export const MOMENT_FORM =
  'a time such as "2026-11-23T03:00" or "03:00" (of today), local unless a zone follows it, or a duration back such as "24h"';

/**
 * A moment in milliseconds since the epoch; null where the text is none.
 * @param end what a duration counts back from
 * @param now whose day a time without a date is on
 */
export function parseMoment(text: string, end: number, now: number): number | null {
  const back = durationMs(text);
  if (back !== null) return end - back;
  const clock = CLOCK.exec(text);
  if (clock !== null) {
    const today = new Date(now);
    return local(today.getFullYear(), today.getMonth(), today.getDate(), clock.slice(1, 5));
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

/** The stretch of time that a report's viewer shows, and how it is moved. Pure. Times in milliseconds after the window's beginning. */
import { showClock, showTime } from '../core/format.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The shortest stretch that is shown: a probe's beginning is known to a tenth of a millisecond. */
const LEAST_MS = 1;
/** Room beside what is shown, as a part of its length. */
const ROOM = 0.6;
/** Nothing is shown closer than this of itself: what surrounds a short gap is needed to read it. */
const CONTEXT_MS = 60;

/** The nearest stretch that is long enough and within the whole. */
function fitted({ from, to }: Span, whole: Span): Span {
  const length = Math.min(Math.max(to - from, LEAST_MS), whole.to - whole.from);
  const begin = Math.min(Math.max((from + to - length) / 2, whole.from), whole.to - length);
  return { from: begin, to: begin + length };
}

/**
 * Zooms about a moment, which stays where it is.
 * @param factor below 1 shows less time
 */
export function zoomed({ from, to }: Span, whole: Span, at: number, factor: number): Span {
  const length = Math.min(Math.max((to - from) * factor, LEAST_MS), whole.to - whole.from);
  const begin = at - ((at - from) / (to - from)) * length;
  return moved({ from: begin, to: begin + length }, whole, 0);
}

/** Moves on in time; not beyond the whole. */
export function moved({ from, to }: Span, whole: Span, byMs: number): Span {
  const begin = Math.min(Math.max(from + byMs, whole.from), whole.to - (to - from));
  return { from: begin, to: begin + (to - from) };
}

/** What the reader chose, by drawing over it. */
export function chosen(one: number, other: number, whole: Span): Span {
  return fitted({ from: Math.min(one, other), to: Math.max(one, other) }, whole);
}

/** A stretch with room beside it. */
export function around({ from, to }: Span, whole: Span): Span {
  const room = Math.max((to - from) * ROOM, CONTEXT_MS);
  return fitted({ from: from - room, to: to + room }, whole);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Steps above those of 1, 2 and 5 times a power of ten, which go up to 10 s. */
const STEPS = [...[15, 30, 60, 120, 300, 600, 900, 1800].map((s) => s * SECOND)].concat(
  [1, 2, 3, 6, 12].map((h) => h * HOUR),
  [1, 2, 7, 14, 30, 90, 180, 365].map((d) => d * DAY),
);

function stepOf(leastMs: number): number {
  const power = 10 ** Math.floor(Math.log10(leastMs));
  const fine = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= leastMs) ?? leastMs;
  return fine <= 10 * SECOND ? fine : (STEPS.find((step) => step >= leastMs) ?? Math.ceil(leastMs / DAY) * DAY);
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** What the times of an axis are: offsets from a command's start, or times of day. */
export interface Axis {
  /** Where the offsets begin; null for times of day. */
  readonly zero: number | null;
  /** The window's beginning, in milliseconds since the epoch. */
  readonly epoch: number;
}

/** The ticks of a stretch. @param most how many there is room for */
export function ticks(view: Span, { zero, epoch }: Axis, most: number): Tick[] {
  // No label has more digits.
  const step = stepOf(Math.max(zero === null ? 1 : 0.1, (view.to - view.from) / Math.max(1, most)));
  if (zero === null) {
    const times = { from: epoch + view.from, to: epoch + view.to };
    const round = step < HOUR ? multiples(times, 0, step).map((place) => place * step) : roundTimes(times, step);
    return round.map((time) => ({ at: time - epoch, label: clockOf(time, step) }));
  }
  return multiples(view, zero, step).map((place) => ({ at: zero + place * step, label: offsetOf(place * step, step) }));
}

/** Which multiples of a step, counted from a base, lie in a stretch. */
function multiples(view: Span, base: number, step: number): number[] {
  const first = Math.ceil((view.from - base) / step);
  return Array.from({ length: Math.max(0, Math.floor((view.to - base) / step) - first + 1) }, (_, n) => first + n);
}

/** Round times of day by the clock on the wall, whose days may have 23 hours or 25. @param step hours that divide a day, or whole days */
function roundTimes({ from, to }: Span, step: number): number[] {
  const times: number[] = [];
  const day = new Date(from);
  day.setHours(0, 0, 0, 0);
  for (; day.getTime() <= to; day.setDate(day.getDate() + Math.max(1, step / DAY)))
    for (let ofDay = 0; ofDay < DAY; ofDay += step) {
      const time = new Date(day).setHours(0, 0, 0, ofDay);
      // Of an hour that is left out in spring the next one is the same time.
      if (time >= from && time <= to && time > (times.at(-1) ?? -Infinity)) times.push(time);
    }
  return times;
}

/** A moment to the digit that a stretch resolves: `+2.104 s`, or the time of day. */
export function showMoment(at: number, { zero, epoch }: Axis, view: Span): string {
  if (zero === null) return view.to - view.from < DAY / 2 ? showClock(epoch + at) : showTime(epoch + at).slice(0, 16);
  return offsetOf(at - zero, Math.max(0.1, (view.to - view.from) / 200));
}

function offsetOf(ms: number, step: number): string {
  const sign = ms < 0 ? '−' : '+';
  const length = Math.abs(ms);
  if (Math.abs(ms) < step / 100) return '0 s';
  if (step >= HOUR && step % HOUR === 0) return `${sign}${String(Math.round(length / HOUR))} h`;
  if (step >= MINUTE && step % MINUTE === 0) return `${sign}${String(Math.round(length / MINUTE))} min`;
  const digits = Math.min(4, Math.max(0, -Math.floor(Math.log10(step / SECOND) + 1e-9)));
  return `${sign}${(length / SECOND).toFixed(digits)} s`;
}

function clockOf(epoch: number, step: number): string {
  if (step >= DAY) return showTime(epoch).slice(0, 10);
  if (step >= MINUTE) return showTime(epoch).slice(5, 16);
  return step >= SECOND ? showClock(epoch).slice(0, 8) : showClock(epoch);
}

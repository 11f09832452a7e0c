/** Times, durations and shares as people read them. Pure. */
import type { State } from './model.ts';
import { toJson } from './printable.ts';

/** `< 1 ms`, `41 ms`, `0.41 s`, `12.3 s`, `4 min 07 s`, `3 h 12 min`, `12 d 4 h`: never more digits than it is worth. */
export function showDuration(ms: number): string {
  // What exists is not shown as nothing.
  if (ms > 0 && ms < 0.5) return '< 1 ms';
  if (ms < 100) return `${String(Math.round(ms))} ms`;
  // Just below a minute one digit would make it `60.0 s`.
  if (ms < 59_950) return `${seconds(ms)} s`;
  const s = Math.max(60, Math.floor(ms / 1000));
  if (s < 3600) return `${String(Math.floor(s / 60))} min ${two(s % 60)} s`;
  const min = Math.floor(s / 60);
  if (min < 24 * 60) return `${String(Math.floor(min / 60))} h ${two(min % 60)} min`;
  const h = Math.floor(min / 60);
  return `${String(Math.floor(h / 24))} d ${String(h % 24)} h`;
}

/** A duration as `showDuration` has it, and not longer than it is: a lower bound stays true. */
export function showAtLeast(ms: number): string {
  return showDuration(Math.floor(ms / resolution(ms)) * resolution(ms));
}

/** A length of time in one unit, rounded down: `30 s`, `5 min`, `24 h`, `12 d`. */
export function coarse(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${String(s)} s`;
  if (s < 3600) return `${String(Math.floor(s / 60))} min`;
  return s < 172_800 ? `${String(Math.floor(s / 3600))} h` : `${String(Math.floor(s / 86_400))} d`;
}

/** How long an answer took: `0.3 ms`, `41 ms`, `0.93 s`. */
export function showLatency(ms: number): string {
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : showDuration(ms);
}

/** `3 slow answers within 1.40 s, the slowest after 0.93 s`. */
export function showSlow(slow: { from: number; to: number; slowestMs: number; count: number }): string {
  const { from, to, slowestMs } = slow;
  return `${count(slow.count, 'slow answer')} within ${showDuration(to - from)}, the slowest after ${showLatency(slowestMs)}`;
}

/** `maintenance of web from 2026-12-01 02:00:00.000 to 2026-12-01 03:00:00.000: Docker upgrade`. */
export function showNote(note: {
  readonly kind: string;
  readonly services: readonly string[];
  readonly from: number;
  readonly to: number | null;
  readonly text: string;
}): string {
  const about = note.services.length === 0 ? '' : ` of ${list(note.services)}`;
  const until = note.to === null ? '' : ` to ${showTime(note.to)}`;
  return `${note.kind}${about} from ${showTime(note.from)}${until}: ${note.text}`;
}

/** `12 acknowledged writes are gone`. */
export function showLostWrites(gone: number): string {
  return `${count(gone, 'acknowledged write')} ${gone === 1 ? 'is' : 'are'} gone`;
}

/** A length of at most this much is in seconds where its bounds are near enough for them: minutes would hide what is known. */
const LONGEST_IN_SECONDS_MS = 600_000;

/**
 * A gap's length with its bounds, in as many digits as these resolve: `0.40 s (0.31–0.50)`, `62.37 s (62.33–62.43)`; `at least`
 * where there is no upper bound.
 */
export function showGap(gap: {
  readonly durationMs: number;
  readonly minMs: number;
  readonly maxMs: number | null;
}): string {
  const { durationMs, minMs, maxMs } = gap;
  if (maxMs === null) return showOpenGap(gap);
  if (maxMs < 100) return `${showDuration(durationMs)} (${String(Math.floor(minMs))}–${String(Math.ceil(maxMs))})`;
  const widthMs = maxMs - minMs;
  if (maxMs < 60_000 || (maxMs <= LONGEST_IN_SECONDS_MS && widthMs < 10_000)) {
    // One unit for all three, and bounds rounded outwards so that they stay true.
    const digits = maxMs < 10_000 || widthMs < 1000 ? 2 : 1;
    return `${(durationMs / 1000).toFixed(digits)} s (${down(minMs, digits)}–${up(maxMs, digits)})`;
  }
  const atMost = Math.ceil(maxMs / resolution(maxMs)) * resolution(maxMs);
  return `${showDuration(durationMs)} (${showAtLeast(minMs)} – ${showDuration(atMost)})`;
}

/** A length without an upper bound: `62.4 s so far (at least 62.3 s)`. @param note what follows the figure */
export function showOpenGap(gap: { readonly durationMs: number; readonly minMs: number }, note = ''): string {
  const { durationMs, minMs } = gap;
  const isNear = durationMs >= 59_950 && durationMs <= LONGEST_IN_SECONDS_MS && durationMs - minMs < 10_000;
  if (!isNear) return `${showDuration(durationMs)}${note} (at least ${showAtLeast(minMs)})`;
  return `${(durationMs / 1000).toFixed(1)} s${note} (at least ${down(minMs, 1)} s)`;
}

/** A share as a percentage that never rounds a fault away: `100 %` only for 1, `0 %` only for 0; `–` for null. */
export function showShare(share: number | null): string {
  if (share === null) return '–';
  if (share === 1) return '100 %';
  if (share === 0) return '0 %';
  const percent = share * 100;
  for (const digits of [1, 2, 3, 4]) {
    const text = percent.toFixed(digits);
    if (Number(text) < 100 && Number(text) > 0) return `${text} %`;
  }
  return percent > 50 ? '> 99.9999 %' : '< 0.0001 %';
}

/** Where less than this share of a time was observed, an uptime is of less than one would think. */
export const WHOLE = 0.9;

/**
 * How much of the time that was observed a service was up: `100 % of 26 s`; without the time where it is most of a window that
 * is named beside it. Durations in milliseconds.
 */
export function showUptime(observed: { readonly upMs: number; readonly downMs: number }, windowMs = Infinity): string {
  const observedMs = observed.upMs + observed.downMs;
  if (observedMs <= 0) return '–';
  const share = showShare(observed.upMs / observedMs);
  return observedMs < WHOLE * windowMs ? `${share} of ${showDuration(observedMs)}` : share;
}

/** Probes this far apart or further, in milliseconds, may miss what users notice: it is said beside "no gap". */
export const COARSE_MS = 1000;

/** `, as far as probes 4 s apart can show`; empty where they are near to each other. */
export function showGrain(intervalMs: number): string {
  if (intervalMs < COARSE_MS) return '';
  const apart = intervalMs < 60_000 ? `${String(intervalMs / 1000)} s` : showDuration(intervalMs);
  return `, as far as probes ${apart} apart can show`;
}

/** A moment in the local time zone: `2026-11-23 04:05:06.789`. */
export function showTime(epochMs: number): string {
  const date = new Date(epochMs);
  const day = `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${showClock(epochMs)}`;
}

/** The time of day in the local time zone: `04:05:06.789`. */
export function showClock(epochMs: number): string {
  const date = new Date(epochMs);
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** `1 probe`, `3 probes`. */
export function count(n: number, noun: string): string {
  return `${String(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** `4 services`, or `2 services (4 connections)` where some are watched over a new and over a kept connection. */
export function countServices(names: readonly string[]): string {
  const all = new Set(names);
  const services = names.filter((name) => !(name.endsWith(KEPT) && all.has(name.slice(0, -KEPT.length))));
  const shown = count(services.length, 'service');
  return services.length === names.length ? shown : `${shown} (${count(names.length, 'connection')})`;
}

/** Ends the name of a service that is watched over a kept connection beside the one over new ones. */
const KEPT = ' (kept)';

/** What a service is called over its kept connection. */
export function keptName(name: string): string {
  return `${name}${KEPT}`;
}

/** What a service is called by both its connections. */
export function plainName(name: string): string {
  return name.replace(/ \(kept\)(?=$| )/, '');
}

/** ISO 8601, in UTC, to the millisecond. @param ms since the epoch */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** States as the page has them. */
export const STATE_WORDS: Readonly<Record<State, string>> = {
  up: 'Up',
  down: 'Down',
  partial: 'Partly up',
  unobserved: 'Not observed',
  unknown: 'No answer yet',
};

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 9995 ? 2 : 1);
}

/** The step of `showDuration` at a length, in milliseconds. */
function resolution(ms: number): number {
  if (ms < 100) return 1;
  if (ms < 9995) return 10;
  if (ms < 59_950) return 100;
  if (ms < 3_600_000) return 1000;
  return ms < 86_400_000 ? 60_000 : 3_600_000;
}

function down(ms: number, digits: number): string {
  const step = 1000 / 10 ** digits;
  return ((Math.floor(ms / step) * step) / 1000).toFixed(digits);
}

function up(ms: number, digits: number): string {
  const step = 1000 / 10 ** digits;
  return ((Math.ceil(ms / step) * step) / 1000).toFixed(digits);
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** A text of at most so many characters, of which `…` is the last where some are left out. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const chars = Array.from(text);
  return chars.length <= most ? text : `${chars.slice(0, Math.max(0, Math.floor(most) - 1)).join('')}…`;
}

const SHOWN = 60;

/** A quoted excerpt of at most 60 characters, in which everything is seen. */
export function excerpt(text: string): string {
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return toJson(short);
}

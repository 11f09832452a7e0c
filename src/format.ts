/** Times, durations and shares as people read them. Pure. */

/** `412 ms`, `2.48 s`, `12.3 s`, `4 min 07 s`, `3 h 12 min`, `12 d 4 h`. Below 100 ms to the millisecond, never more than it is worth. */
export function showDuration(ms: number): string {
  if (ms < 100) return `${String(Math.round(ms))} ms`;
  if (ms < 60_000) return `${seconds(ms)} s`;
  const s = Math.floor(ms / 1000);
  if (s < 3600) return `${String(Math.floor(s / 60))} min ${two(s % 60)} s`;
  const min = Math.floor(s / 60);
  if (min < 24 * 60) return `${String(Math.floor(min / 60))} h ${two(min % 60)} min`;
  const h = Math.floor(min / 60);
  return `${String(Math.floor(h / 24))} d ${String(h % 24)} h`;
}

/** A gap's length with its bounds: `0.40 s (0.31–0.50)`; `at least` where there is no upper bound. */
export function showGap(gap: {
  readonly durationMs: number;
  readonly minMs: number;
  readonly maxMs: number | null;
}): string {
  const { durationMs, minMs, maxMs } = gap;
  if (maxMs === null) return `${showDuration(durationMs)} (at least ${showDuration(minMs)})`;
  if (maxMs < 100) return `${showDuration(durationMs)} (${String(Math.floor(minMs))}–${String(Math.ceil(maxMs))})`;
  if (maxMs < 60_000) {
    // One unit for all three, and bounds rounded outwards so that they stay true.
    const digits = maxMs < 10_000 ? 2 : 1;
    return `${(durationMs / 1000).toFixed(digits)} s (${down(minMs, digits)}–${up(maxMs, digits)})`;
  }
  return `${showDuration(durationMs)} (${showDuration(minMs)} – ${showDuration(maxMs)})`;
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

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);
}

function down(ms: number, digits: number): string {
  const unit = 10 ** digits;
  return (Math.floor((ms / 1000) * unit) / unit).toFixed(digits);
}

function up(ms: number, digits: number): string {
  const unit = 10 ** digits;
  return (Math.ceil((ms / 1000) * unit) / unit).toFixed(digits);
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** The time axis of a drawn report. Pure. */
import { showClock, showTime } from '../core/format.ts';

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[S, 2 * S, 5 * S, 10 * S, 30 * S],
  ...[MIN, 2 * MIN, 5 * MIN, 10 * MIN, 30 * MIN],
  ...[H, 2 * H, 4 * H, 6 * H, 12 * H],
  ...[D, 2 * D, 7 * D, 14 * D, 28 * D],
];
/** About so many labels fit beside each other. */
const TICKS = 8;

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/**
 * Round moments of a window with their labels.
 * @param startedAt what the labels count from; null for the time of day
 */
export function ticksOf(window: { readonly from: number; readonly to: number }, startedAt: number | null): Tick[] {
  const length = window.to - window.from;
  const step = STEPS.find((one) => length / one <= TICKS) ?? Math.ceil(length / TICKS / D) * D;
  // Days begin at midnight here, not in Greenwich.
  const origin = startedAt ?? new Date(window.from).setHours(0, 0, 0, 0);
  const ticks: Tick[] = [];
  for (let n = Math.ceil((window.from - origin) / step); origin + n * step <= window.to; n++) {
    const at = origin + n * step;
    ticks.push({ at, label: startedAt === null ? timeLabel(at, step) : offsetLabel(n * step) });
  }
  return ticks;
}

/** `−2 s`, `0`, `+0.5 s`, `+4 min`. */
function offsetLabel(ms: number): string {
  if (ms === 0) return '0';
  const size = Math.abs(ms);
  const [value, unit] =
    size < S ? [size, 'ms'] : size < MIN ? [size / S, 's'] : size < H ? [size / MIN, 'min'] : [size / H, 'h'];
  return `${ms < 0 ? '−' : '+'}${String(Math.round(value * 100) / 100)} ${unit}`;
}

function timeLabel(at: number, step: number): string {
  if (step >= D) return showTime(at).slice(5, 10);
  if (step >= 12 * H) return showTime(at).slice(5, 16);
  return step >= MIN ? showClock(at).slice(0, 5) : step >= S ? showClock(at).slice(0, 8) : showClock(at);
}

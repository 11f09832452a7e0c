/** Draws strips, their time axis and sparklines. Pure. */
import { coarse, showClock } from '../core/format.ts';
import type { State } from '../core/model.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid } from './cell-grid.ts';
import { type Bucket, median } from './sparkline.ts';
import { SEEN, AHEAD, SLOW, type Cells } from './strip-cells.ts';
import type { Style } from './palette.ts';

/** The stretch of time that is shown. */
export interface Window {
  /** Its right edge, in milliseconds since the epoch. */
  readonly end: number;
  readonly ms: number;
  /** Whether its right edge is the present. */
  readonly live: boolean;
}

/** A place on the screen. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The cells of time for a strip: two for each column, so that it moves by half a column. They stand at multiples of
 * their length: what was drawn once keeps its shape while it moves.
 */
export function cellsFor(columns: number, window: Window): Cells {
  const count = columns * 2;
  const stepMs = window.ms / count;
  return { from: (Math.floor(window.end / stepMs) - count + 1) * stepMs, stepMs, count };
}

/** Draws what was seen; the lowest line is the base line, and only what was down or unobserved fills the others. */
export function drawStrip(grid: Grid, { x, y, width, height }: Place, seen: Uint8Array, glyphs: Glyphs): void {
  for (let column = 0; column < width; column++) {
    const { char, style, tall } = columnOf(seen[column * 2] ?? 0, seen[column * 2 + 1] ?? 0, glyphs);
    for (let line = 0; line < height; line++) {
      if (tall || line === height - 1) grid.set(x + column, y + line, char, style);
    }
  }
}

/** The state that a cell of a strip shows. */
export function stateIn(seen: number): State {
  if ((seen & SEEN.down) !== 0) return 'down';
  if ((seen & SEEN.unobserved) !== 0) return 'unobserved';
  return (seen & SEEN.up) === 0 ? 'unknown' : 'up';
}

interface Column {
  readonly char: string;
  readonly style: Style;
  readonly tall: boolean;
}

/** One failed probe colours its column, whatever else was in it; so does, after it, a time that was not observed. */
function columnOf(left: number, right: number, { strip }: Glyphs): Column {
  const both = left | right;
  const ahead = (both & AHEAD) !== 0;
  if ((both & SEEN.down) !== 0) {
    const char = (left & SEEN.down) === 0 ? strip.downRight : (right & SEEN.down) === 0 ? strip.downLeft : strip.down;
    return { char, style: ahead ? 'ahead' : 'down', tall: true };
  }
  if ((both & SEEN.unobserved) !== 0) return { char: strip.unobserved, style: 'unobserved', tall: true };
  if ((both & SLOW) !== 0) return { char: strip.slow, style: 'slow', tall: false };
  if ((both & SEEN.up) !== 0) return { char: strip.up, style: ahead ? 'ahead' : 'up', tall: false };
  return { char: strip.unknown, style: 'dim', tall: false };
}

/** The time axis above a strip, with the marks that fall into it. @param marks times, milliseconds since the epoch */
export function drawAxis(grid: Grid, place: Place, window: Window, marks: readonly number[], glyphs: Glyphs): void {
  const { x, y, width } = place;
  const label = (ms: number): string => {
    if (!window.live) return showClock(window.end - ms).slice(0, 8);
    if (ms === 0) return 'now';
    return ms % 1000 === 0 ? `-${coarse(ms)}` : `-${(ms / 1000).toFixed(1)} s`;
  };
  const columns = marks
    .map((mark) => width - 1 - Math.floor(((window.end - mark) / window.ms) * width))
    .filter((column) => column >= 0 && column < width);
  // A mark replaces a label that it would stand in.
  const put = (at: number, text: string): void => {
    if (!columns.some((column) => column >= at && column < at + text.length)) grid.put(x + at, y, text, 'dim', width);
  };
  const [left, middle, right] = [label(window.ms), label(window.ms / 2), label(0)];
  put(0, left);
  if (width >= left.length + right.length + 4) put(width - right.length, right);
  if (width >= 40) put(Math.round((width - middle.length) / 2), middle);
  for (const column of columns) grid.set(x + column, y, glyphs.mark, 'mark');
}

/**
 * Draws latencies as a line of bars. The usual latency is a low bar, so that what is slower than usual rises.
 * @param buckets one for each column
 */
export function drawSpark(grid: Grid, x: number, y: number, buckets: readonly Bucket[], glyphs: Glyphs): void {
  const values = buckets.flatMap(({ ms }) => (ms === null ? [] : [ms]));
  const top = Math.max(4 * (median(values) ?? 0), ...values);
  const steps = glyphs.spark.length;
  buckets.forEach(({ ms, failed }, column) => {
    if (ms !== null && !failed) {
      const level = Math.min(steps - 1, Math.floor((ms / top) * steps));
      grid.set(x + column, y, glyphs.spark[level] ?? ' ', 'spark');
    } else if (failed) grid.set(x + column, y, glyphs.sparkFailed, 'down');
  });
}

/** Paints the timeline of one service on a canvas: states as a strip, above it every probe by how long it took. */
import type { ProbeColumns } from '../probe-record.ts';
import type { Span } from '../timeline-view.ts';
import type { ViewerData, ViewerRow } from '../viewer-data.ts';

/** A row with its probes. */
export interface Row extends ViewerRow, ProbeColumns {
  /** The longest of its probes. */
  readonly longestMs: number;
}

/** The colours of the style sheet. */
export type Theme = Readonly<Record<(typeof COLOURS)[number], string>>;
const COLOURS = ['ink', 'soft', 'rule', 'up', 'down', 'unobserved', 'slow', 'probe'] as const;

/** The colours as they are now, in light or dark. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Theme;
}

/** What all rows are painted with. */
export interface Scene {
  readonly view: Span;
  readonly lengthMs: number;
  readonly outcomes: ViewerData['outcomes'];
  readonly theme: Theme;
  /** Device pixels for each CSS pixel. */
  readonly density: number;
  /** The duration at the top, in milliseconds: the same in all rows. */
  readonly topMs: number;
}

/** The duration at the bottom; what is faster is there too. */
const BOTTOM_MS = 0.1;
const STRIP = { share: 0.34, least: 7, most: 16 };
/** Above and below the probes. */
const ROOM = 5;
/** A state other than up is at least this wide. */
const LEAST_WIDTH = 2;
/** Where fewer pixels than this are for each probe, columns are painted. */
const DENSE = 1.5;

/** @param selected the place of the probe that the reader chose, or -1 */
export function paintRow(canvas: HTMLCanvasElement, row: Row, scene: Scene, selected: number): void {
  const { density } = scene;
  const [width, height] = [Math.round(canvas.clientWidth * density), Math.round(canvas.clientHeight * density)];
  // This clears it. In Chromium's print, `clearRect` would clear what is around it on the paper.
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null || width === 0) return;
  new RowPainter(context, row, scene).paint(selected);
}

class RowPainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #row: Row;
  readonly #scene: Scene;
  readonly #width: number;
  /** The top of the strip, and its bottom. */
  readonly #top: number;
  readonly #bottom: number;

  constructor(context: CanvasRenderingContext2D, row: Row, scene: Scene) {
    this.#context = context;
    this.#row = row;
    this.#scene = scene;
    const { width, height } = context.canvas;
    this.#width = width;
    this.#bottom = height;
    const strip = Math.min(STRIP.most * scene.density, Math.max(STRIP.least * scene.density, height * STRIP.share));
    this.#top = Math.round(height - strip);
  }

  paint(selected: number): void {
    this.#slow();
    this.#scale();
    this.#probes(selected);
    this.#states();
    this.#bounds();
    this.#moments();
  }

  #x(at: number): number {
    const { from, to } = this.#scene.view;
    return ((at - from) / (to - from)) * this.#width;
  }

  #y(ms: number): number {
    const { topMs, density } = this.#scene;
    const share = Math.log10(Math.max(ms, BOTTOM_MS) / BOTTOM_MS) / Math.log10(topMs / BOTTOM_MS);
    const [top, bottom] = [ROOM * density, this.#top - ROOM * density];
    return top + (1 - Math.min(1, share)) * (bottom - top);
  }

  /** Faint lines at 1, 10, 100 ms and so on, where there is room. */
  #scale(): void {
    const context = this.#context;
    const { density, theme, topMs } = this.#scene;
    if (this.#top < 60 * density) return;
    context.font = `${String(9 * density)}px system-ui, sans-serif`;
    for (let ms = 1; ms <= topMs; ms *= 10) {
      const y = Math.round(this.#y(ms));
      context.fillStyle = theme.rule;
      context.fillRect(0, y, this.#width, Math.max(1, density / 2));
      context.fillStyle = theme.soft;
      context.fillText(ms < 1000 ? `${String(ms)} ms` : `${String(ms / 1000)} s`, 3 * density, y - 2 * density);
    }
  }

  #states(): void {
    const { intervals } = this.#row;
    const order = ['up', 'unknown', 'unobserved', 'partial', 'down'];
    const pieces = intervals
      .map(([state, from], place) => ({ state, from, to: intervals[place + 1]?.[1] ?? this.#scene.lengthMs }))
      .filter(({ from, to }) => to >= this.#scene.view.from && from <= this.#scene.view.to)
      .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
    for (const { state, from, to } of pieces) this.#state(state, this.#x(from), this.#x(to));
  }

  #state(state: string, left: number, right: number): void {
    const context = this.#context;
    const { theme, density } = this.#scene;
    const high = this.#bottom - this.#top;
    const x = Math.max(0, Math.floor(left));
    const least = state === 'up' || state === 'unknown' ? 1 : LEAST_WIDTH * density;
    const width = Math.max(least, Math.min(this.#width, Math.ceil(right)) - x);
    if (state === 'unobserved') this.#hatch(x, width);
    else if (state === 'unknown') {
      context.fillStyle = theme.rule;
      for (let dot = x; dot < x + width; dot += 4 * density)
        context.fillRect(dot, this.#bottom - 2 * density, density, density);
    } else {
      const part = state === 'up' ? 0.4 : state === 'partial' ? 0.7 : 1;
      context.fillStyle = state === 'up' ? theme.up : theme.down;
      context.fillRect(x, this.#bottom - high * part, width, high * part);
    }
  }

  #hatch(x: number, width: number): void {
    const context = this.#context;
    const { theme, density } = this.#scene;
    const high = this.#bottom - this.#top;
    context.save();
    context.beginPath();
    context.rect(x, this.#top, width, high);
    context.clip();
    context.strokeStyle = theme.unobserved;
    context.lineWidth = 1.5 * density;
    context.strokeRect(x, this.#top, width, high);
    context.beginPath();
    for (let at = x - high; at < x + width; at += 5 * density) {
      context.moveTo(at, this.#bottom);
      context.lineTo(at + high, this.#top);
    }
    context.stroke();
    context.restore();
  }

  /** What a gap lasted at least, as a line within it, and at most, as a line that reaches beyond it. */
  #bounds(): void {
    const context = this.#context;
    const { theme, density, view } = this.#scene;
    const middle = Math.round((this.#top + this.#bottom) / 2);
    const pixel = this.#width / (view.to - view.from);
    for (const { from, to, minMs, maxMs } of this.#row.gaps) {
      if (to < view.from || from > view.to || (to - from) * pixel < 6 * density) continue;
      const line = (ms: number, thick: number, colour: string, cap: number): void => {
        const [left, right] = [this.#x((from + to - ms) / 2), this.#x((from + to + ms) / 2)];
        context.fillStyle = colour;
        context.fillRect(left, middle - thick / 2, right - left, thick);
        for (const end of [left, right]) context.fillRect(end - density / 2, middle - cap / 2, density, cap);
      };
      if (maxMs !== null) line(maxMs, 1.5 * density, theme.down, 8 * density);
      line(Math.min(minMs, to - from), 2 * density, theme.ink, 5 * density);
    }
  }

  /** A zigzag above the strip, and a tint. */
  #slow(): void {
    const context = this.#context;
    const { theme, density, view } = this.#scene;
    for (const { at, to } of this.#row.slow) {
      if (to < view.from || at > view.to) continue;
      const left = Math.max(0, this.#x(at));
      const right = Math.min(this.#width, Math.max(this.#x(to), left + 3 * density));
      context.fillStyle = theme.slow;
      context.globalAlpha = 0.18;
      context.fillRect(left, 0, right - left, this.#top);
      context.globalAlpha = 1;
      context.strokeStyle = theme.slow;
      context.lineWidth = 1.2 * density;
      context.beginPath();
      const pitch = 2.5 * density;
      for (let step = 0; left + step * pitch <= right; step += 1)
        context.lineTo(left + step * pitch, this.#top - (step % 2 === 0 ? 1 : 4) * density);
      context.stroke();
    }
  }

  #moments(): void {
    const context = this.#context;
    const { theme, density, view } = this.#scene;
    context.font = `bold ${String(11 * density)}px system-ui, sans-serif`;
    context.textAlign = 'center';
    for (const { at, text } of this.#row.moments) {
      if (at < view.from || at > view.to) continue;
      context.fillStyle = theme.ink;
      context.fillRect(this.#x(at) - density / 2, 0, density, this.#bottom);
      context.fillText(text.startsWith('kept') ? '×' : '»', this.#x(at) + 6 * density, 9 * density);
    }
    context.textAlign = 'start';
  }

  #probes(selected: number): void {
    const { view } = this.#scene;
    const { at, longestMs } = this.#row;
    const first = firstFrom(at, view.from - longestMs);
    const end = firstFrom(at, view.to);
    const inView = end - firstFrom(at, view.from);
    if (inView * DENSE * this.#scene.density > this.#width) this.#columns(first, end);
    else for (let place = first; place < end; place += 1) this.#probe(place);
    if (selected >= first && selected < end) this.#ring(selected);
  }

  /** From the fastest to the slowest answer in each pixel; what failed is painted over it. */
  #columns(first: number, end: number): void {
    const context = this.#context;
    const { theme, density, outcomes } = this.#scene;
    const { at, durationMs, outcome } = this.#row;
    const most = new Float32Array(this.#width + 1).fill(-1);
    const least = new Float32Array(this.#width + 1);
    const bad: number[] = [];
    for (let place = first; place < end; place += 1) {
      if (outcomes[outcome[place] ?? 0]?.result !== 'up') {
        bad.push(place);
        continue;
      }
      const x = Math.floor(this.#x(at[place] ?? 0));
      const ms = durationMs[place] ?? 0;
      if (x < 0 || x > this.#width) continue;
      least[x] = (most[x] ?? -1) < 0 ? ms : Math.min(least[x] ?? ms, ms);
      most[x] = Math.max(most[x] ?? 0, ms);
    }
    context.fillStyle = theme.probe;
    most.forEach((ms, x) => {
      if (ms < 0) return;
      const y = this.#y(ms);
      context.fillRect(x, y, 1, Math.max(1.5 * density, this.#y(least[x] ?? ms) - y));
    });
    for (const place of bad) this.#probe(place);
  }

  /** A bar from when it was sent to when it ended; a cross where it failed, a hollow square where the monitor was at fault. */
  #probe(place: number): void {
    const context = this.#context;
    const { theme, density, outcomes } = this.#scene;
    const { at, durationMs, outcome } = this.#row;
    const sent = at[place] ?? 0;
    const ms = durationMs[place] ?? 0;
    const result = outcomes[outcome[place] ?? 0]?.result ?? 'up';
    const [left, right] = [this.#x(sent), this.#x(sent + ms)];
    const y = this.#y(ms);
    const size = 2.5 * density;
    if (result === 'up') {
      context.fillStyle = theme.probe;
      context.fillRect(left, y - size / 2, Math.max(size, right - left), size);
      if (right - left > 8 * density) context.fillRect(left, y - 2 * size, density, 4 * size);
      return;
    }
    context.strokeStyle = result === 'down' ? theme.down : theme.unobserved;
    context.lineWidth = 1.2 * density;
    context.beginPath();
    if (result === 'down') {
      context.moveTo(left - size, y - size);
      context.lineTo(left + size, y + size);
      context.moveTo(left - size, y + size);
      context.lineTo(left + size, y - size);
    } else context.rect(left - size, y - size, 2 * size, 2 * size);
    if (right - left > 8 * density) {
      context.moveTo(left, y);
      context.lineTo(right, y);
    }
    context.stroke();
  }

  #ring(place: number): void {
    const context = this.#context;
    const { theme, density } = this.#scene;
    const x = this.#x(this.#row.at[place] ?? 0);
    context.strokeStyle = theme.ink;
    context.lineWidth = 1.5 * density;
    context.beginPath();
    context.arc(x, this.#y(this.#row.durationMs[place] ?? 0), 6 * density, 0, 7);
    context.moveTo(x, 0);
    context.lineTo(x, this.#bottom);
    context.stroke();
  }
}

/** The place of the first time that is not before `from`. @param times ascending */
export function firstFrom(times: Float64Array, from: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) >= from) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Paints strips and days on canvases. A state is shown by shape as well as by colour. */
import type { Day } from '../../core/uptime.ts';
import { barOf } from '../page-days.ts';
import type { Piece } from '../page-strip.ts';

/** What all painting of one frame shares. Times in milliseconds since the epoch, by the monitor's clock. */
export interface Frame {
  readonly now: number;
  /** Until when the present states are known. */
  readonly knownUntil: number;
  /** What is shown is not fresh any more. */
  readonly old: boolean;
  /** Whether gaps of before are known: a hello has come. */
  readonly knowsPast: boolean;
  /** How far back the strips reach. */
  readonly spanMs: number;
  /** `10 min` */
  readonly spanName: string;
  /** How many days have a bar. */
  readonly days: number;
  /** Of a strip, in CSS pixels. */
  readonly width: number;
  /** Device pixels for each CSS pixel. */
  readonly density: number;
  readonly theme: Theme;
}

/** The colours of the style sheet, for canvases: they follow the reader's light or dark. */
export interface Theme {
  readonly up: string;
  readonly down: string;
  readonly partial: string;
  readonly unobserved: string;
  readonly slow: string;
  /** Of what is not known. */
  readonly rule: string;
  /** Grows when the colours change. */
  readonly version: number;
}

let version = 0;

function read(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  version += 1;
  return {
    up: colour('--up-band'),
    down: colour('--down'),
    partial: colour('--partial'),
    unobserved: colour('--unobserved'),
    slow: colour('--mark'),
    rule: colour('--rule'),
    version,
  };
}

/** Passes on the colours now, and whenever they change. */
export function watchTheme(changed: (theme: Theme) => void): void {
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', () => {
      changed(read());
    });
  changed(read());
}

/** Heights in CSS pixels; the style sheet has the same. */
const STRIP_HEIGHT = 30;
const DAYS_HEIGHT = 28;
/** Heights as parts of the strip. */
const UP = 0.34;
const UNOBSERVED = 0.62;

/** A canvas, cleared and ready to be painted on, in device pixels. */
function begin(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  context?.clearRect(0, 0, width, height);
  return context;
}

/**
 * @param slow where answers were slow: teeth on the bar of what is up
 * @param width in device pixels, as the pieces have it
 */
export function paintStrip(
  canvas: HTMLCanvasElement,
  pieces: readonly Piece[],
  slow: readonly Pick<Piece, 'x' | 'width'>[],
  width: number,
  density: number,
  theme: Theme,
): void {
  const context = begin(canvas, width, Math.round(STRIP_HEIGHT * density));
  if (context === null) return;
  const { height } = canvas;
  dots(context, width, height, density, theme);
  // First, as what failed lies over it.
  const [up, top] = [height - Math.round(height * UP), height - Math.round(height * UNOBSERVED)];
  for (const { x, width } of slow) teeth(context, { x, y: top, width, height: up - top }, density, theme);
  for (const { state, x, width, provisional } of pieces) {
    const part = state === 'down' || state === 'partial' ? 1 : state === 'up' ? UP : UNOBSERVED;
    const high = Math.round(height * part);
    // What lies below shows what the piece is not; over what is up stays that it was slow.
    if (state === 'up') context.clearRect(x, up, width, height - up);
    else context.clearRect(x, 0, width, height);
    context.globalAlpha = provisional ? 0.45 : 1;
    if (state === 'unobserved') hatch(context, { x, y: height - high, width, height: high }, density, theme);
    else {
      context.fillStyle = theme[state];
      context.fillRect(x, height - high, width, high);
    }
    context.globalAlpha = 1;
  }
}

/** @param width in device pixels */
export function paintDays(
  canvas: HTMLCanvasElement,
  days: readonly Day[],
  width: number,
  density: number,
  theme: Theme,
): void {
  const context = begin(canvas, width, Math.round(DAYS_HEIGHT * density));
  if (context === null) return;
  const { height } = canvas;
  const pitch = width / days.length;
  const space = Math.max(1, Math.round(Math.min(pitch * 0.28, 2 * density)));
  days.forEach((day, index) => {
    const x = Math.round(index * pitch);
    const box = { x, y: 0, width: Math.max(1, Math.round((index + 1) * pitch) - x - space), height };
    const bar = barOf(day);
    // The axis says since when days are kept.
    if (bar === null) return;
    const high = Math.round(height * bar.unobserved);
    if (high > 0) hatch(context, { ...box, height: high }, density, theme);
    context.fillStyle = theme.up;
    context.fillRect(box.x, high, box.width, height - high);
    const down = Math.ceil(height * bar.down);
    context.fillStyle = theme.down;
    context.fillRect(box.x, height - down, box.width, down);
    const partial = Math.min(height - high - down, Math.ceil(height * bar.partial));
    context.fillStyle = theme.partial;
    if (partial > 0) context.fillRect(box.x, height - down - partial, box.width, partial);
  });
}

/** What is not known: nothing but a dotted line. */
function dots(context: CanvasRenderingContext2D, width: number, height: number, density: number, theme: Theme): void {
  const size = Math.max(1, Math.round(1.5 * density));
  context.fillStyle = theme.rule;
  for (let x = 0; x < width; x += size * 3) context.fillRect(x, height - size, size, size);
}

/** A row of teeth at the bottom of a box, and a tint above them. */
function teeth(context: CanvasRenderingContext2D, box: Box, density: number, theme: Theme): void {
  const { x, y, width, height } = box;
  const size = Math.max(1, Math.round(1.5 * density));
  context.fillStyle = theme.slow;
  context.globalAlpha = 0.18;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  for (let at = x; at < x + width; at += 2 * size)
    context.fillRect(at, y + height - 3 * size, Math.min(size, x + width - at), 3 * size);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Slanted lines; they stand still where the box moves along. */
function hatch(context: CanvasRenderingContext2D, box: Box, density: number, theme: Theme): void {
  const { x, y, width, height } = box;
  const pitch = 5 * density;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = theme.unobserved;
  context.lineWidth = 1.5 * density;
  context.beginPath();
  for (let at = x - height - pitch; at < x + width + pitch; at += pitch) {
    const from = Math.floor(at / pitch) * pitch;
    context.moveTo(from, y + height);
    context.lineTo(from + height, y);
  }
  context.stroke();
  context.restore();
}

/** A frame of the dashboard: cells of a character and a style, which the view writes and the terminal shows. Pure. */
import type { Style } from './palette.ts';
import { cellsOf } from '../core/text-width.ts';

/** In cells. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Some text in one style. */
export type Span = readonly [text: string, style: Style];

/** The second half of a character that takes two cells. */
export const SECOND_HALF = '';

/** A frame, line by line. What lies outside is cut off. */
export class Grid {
  readonly width: number;
  readonly height: number;
  readonly #ascii: boolean;
  /** Line by line. */
  readonly chars: string[];
  readonly styles: Style[];

  /** @param ascii whether the terminal shows ASCII only */
  constructor({ width, height }: Size, ascii: boolean) {
    this.width = width;
    this.height = height;
    this.#ascii = ascii;
    this.chars = new Array<string>(width * height).fill(' ');
    this.styles = new Array<Style>(width * height).fill('plain');
  }

  /** Writes one character that takes one cell. */
  set(x: number, y: number, char: string, style: Style): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.chars[y * this.width + x] = char;
    this.styles[y * this.width + x] = style;
  }

  /**
   * Writes a text, cut where its room ends, with `…` for the rest.
   * @param room in cells; up to the right edge where it is left out
   * @returns the column after it
   */
  put(x: number, y: number, text: string, style: Style, room = Infinity): number {
    const space = Math.min(room, this.width - x);
    if (y < 0 || y >= this.height || space <= 0) return x;
    const cells = cellsOf(text, this.#ascii);
    const needed = cells.reduce((sum, { width }) => sum + width, 0);
    const limit = needed > space ? space - 1 : space;
    let at = x;
    for (const { char, width } of cells) {
      if (at - x + width > limit) break;
      this.set(at, y, char, style);
      if (width === 2) this.set(at + 1, y, SECOND_HALF, style);
      at += width;
    }
    if (needed > space) {
      this.set(at, y, this.#ascii ? '.' : '…', style);
      at += 1;
    }
    return at;
  }

  /** Writes texts one after the other. Returns the column after them. */
  spans(x: number, y: number, spans: readonly Span[], room = Infinity): number {
    let at = x;
    for (const [text, style] of spans) {
      const left = room - (at - x);
      if (left <= 0) break;
      at = this.put(at, y, text, style, left);
    }
    return at;
  }

  /** Writes a text so that it ends before column `end`. */
  putRight(end: number, y: number, text: string, style: Style, room: number): void {
    const cells = cellsOf(text, this.#ascii).reduce((sum, { width }) => sum + width, 0);
    this.put(end - Math.min(cells, room), y, text, style, room);
  }

  /** The text of a line, for tests and logs; without the spaces at its end. */
  line(y: number): string {
    return this.chars
      .slice(y * this.width, (y + 1) * this.width)
      .join('')
      .trimEnd();
  }
}

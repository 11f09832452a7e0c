/** Writes a frame into blessed's cells: only the lines that changed. One of the two files that know blessed. */
import { SECOND_HALF, type Grid } from './cell-grid.ts';
import type { Look, Style } from './palette.ts';

/** A line of blessed's screen: pairs of an attribute and a character. `dirty`: to be drawn. */
type Line = [attribute: number, char: string][] & { dirty?: boolean };

/** What is used of blessed's screen and not in its types. `lines` is what to draw, `olines` what was drawn. */
export interface CellScreen {
  readonly lines: Line[];
  readonly olines: Line[];
  draw(start: number, end: number): void;
}

/** No colour: the terminal's own. */
const DEFAULT = 0x1ff;
const BOLD = 1;
const UNDERLINE = 2;
const INVERSE = 8;

/** A character that no frame has: what was drawn there is not known. */
const FORGOTTEN = '\0';

export class ScreenWriter {
  readonly #attributes: Readonly<Record<Style, number>>;
  #last: Grid | null = null;

  constructor(palette: Readonly<Record<Style, Look>>) {
    const attributes = Object.entries(palette).map(([style, look]) => [style, attributeOf(look)]);
    this.#attributes = Object.fromEntries(attributes) as Record<Style, number>;
  }

  /** Forgets what is on the screen: the next frame is drawn as a whole. */
  forget(): void {
    this.#last = null;
  }

  /** Draws a frame. */
  show(screen: CellScreen, grid: Grid): void {
    const rows = Math.min(grid.height, screen.lines.length);
    for (let y = 0; y < rows; y++) {
      if (this.#last === null || !sameLine(this.#last, grid, y)) this.#write(screen, grid, y);
    }
    this.#last = grid;
    screen.draw(0, rows - 1);
  }

  #write(screen: CellScreen, grid: Grid, y: number): void {
    const line = screen.lines[y];
    const drawn = screen.olines[y];
    if (line === undefined || drawn === undefined) return;
    const width = Math.min(grid.width, line.length);
    for (let x = 0; x < width; x++) {
      const at = y * grid.width + x;
      const cell = line[x];
      if (cell === undefined) continue;
      cell[0] = this.#attributes[grid.styles[at] ?? 'plain'];
      const char = grid.chars[at] ?? ' ';
      const wide = grid.chars[at + 1] === SECOND_HALF;
      cell[1] = isMeasuredAlike(char) && !wide ? char : char + cursorTo(x + (wide ? 2 : 1));
      if (char !== SECOND_HALF) continue;
      // Both halves are drawn again: blessed would skip the second one, where it did not change, by moving the cursor,
      // which has moved over it already.
      for (const half of [drawn[x - 1], drawn[x]]) if (half !== undefined) half[1] = FORGOTTEN;
    }
    line.dirty = true;
  }
}

/** blessed's attribute: flags, foreground and background in one number. */
function attributeOf({ fg, bg, bold, underline, inverse }: Look): number {
  const flags = (bold ? BOLD : 0) | (underline ? UNDERLINE : 0) | (inverse ? INVERSE : 0);
  return (flags << 18) | ((fg ?? DEFAULT) << 9) | (bg ?? DEFAULT);
}

/** Latin letters, and the glyphs of the dashboard: every terminal gives them one cell. */
function isMeasuredAlike(char: string): boolean {
  return char.length <= 1 && (char < '\u0300' || (char >= '\u2010' && char <= '\u25ff'));
}

/**
 * Puts the cursor into a column (CHA): where a terminal disagrees about the width of a character, the rest of the
 * line stays in place.
 */
function cursorTo(x: number): string {
  return `\u001b[${String(x + 1)}G`;
}

function sameLine(a: Grid, b: Grid, y: number): boolean {
  if (a.width !== b.width || y >= a.height) return false;
  for (let at = y * b.width; at < (y + 1) * b.width; at++) {
    if (a.chars[at] !== b.chars[at] || a.styles[at] !== b.styles[at]) return false;
  }
  return true;
}

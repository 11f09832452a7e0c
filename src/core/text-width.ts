/**
 * Text as terminals show it: in cells, of which some characters take two. Pure.
 *
 * What terminals do not agree on (joined emoji, variation selectors, skin tones) is taken apart or left out, so that every
 * terminal comes to the same width.
 */
import { eastAsianWidth } from 'get-east-asian-width';

import { printable } from './printable.ts';

/** A character with the marks that are drawn over it, and the cells that it takes. */
interface Cell {
  readonly char: string;
  readonly width: 1 | 2;
}

const PLAIN = /^[\x20-\x7e]*$/;
/** Drawn over the character before. */
const MARK = /^[\p{Mn}\p{Me}]$/u;
/** Not drawn at all, or only changes how its neighbours are. */
const UNSEEN = /^[\p{Cf}\p{Emoji_Modifier}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]$/u;
/** Would be interpreted, or has no shape: controls, halves of pairs, private and unassigned characters, line breaks. */
const UNSHOWN = /^[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]$/u;

/**
 * The cells of a text.
 * @param ascii whether the terminal shows ASCII only: everything else becomes `?`
 */
export function cellsOf(text: string, ascii: boolean): Cell[] {
  if (PLAIN.test(text)) return Array.from(text, (char) => ({ char, width: 1 }));
  const cells: Cell[] = [];
  for (const char of text.normalize('NFC')) {
    if (UNSEEN.test(char)) continue;
    const last = cells.at(-1);
    if (MARK.test(char)) {
      if (last !== undefined && !ascii) cells[cells.length - 1] = { ...last, char: last.char + char };
    } else if (char === '\t' || char === '\n' || char === '\r') cells.push({ char: ' ', width: 1 });
    else if (UNSHOWN.test(char) || (ascii && char > '~')) cells.push({ char: asciiOf(char), width: 1 });
    else cells.push({ char, width: eastAsianWidth(char.codePointAt(0) ?? 0) });
  }
  return cells;
}

/** How many cells a text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return cellsOf(text, false).reduce((sum, { width }) => sum + width, 0);
}

/** The punctuation of our own texts has an equal in ASCII. */
const ASCII: Readonly<Record<string, string>> = {
  '–': '-',
  '…': '.',
  '·': '-',
  '→': '>',
  '≥': '>',
  '×': 'x',
  '“': '"',
  '”': '"',
};

function asciiOf(char: string): string {
  return ASCII[char] ?? '?';
}

/** A text of others as it stands in a column, and the cells that it takes. */
function shownInColumn(text: string): { shown: string; width: number } {
  if (PLAIN.test(text)) return { shown: text, width: text.length };
  const cells = cellsOf(printable(text), false);
  return { shown: cells.map(({ char }) => char).join(''), width: cells.reduce((sum, { width }) => sum + width, 0) };
}

/** How many cells a text of others takes in a column. */
export function columnWidth(text: string): number {
  return shownInColumn(text).width;
}

/** A text of others, set left in a column of so many cells. */
export function inColumn(text: string, cells: number): string {
  const { shown, width } = shownInColumn(text);
  return shown + ' '.repeat(Math.max(0, cells - width));
}

/** A text of others that takes at most so many cells; `…` stands for what is left out. */
export function fitted(text: string, most: number): string {
  if (columnWidth(text) <= most) return text;
  let [shown, left] = ['', most - 1];
  for (const { char, width } of cellsOf(printable(text), false)) {
    left -= width;
    if (left < 0) break;
    shown += char;
  }
  return `${shown}…`;
}

/** Columns as wide as their widest cell, the first of them set left and the others right. */
export function table(rows: readonly (readonly string[])[], leftColumns: number): string {
  const shown = rows.map((row) => row.map(shownInColumn));
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...shown.map((row) => row[c]?.width ?? 0)));
  const lines = shown.map((row) =>
    row
      .map((cell, c) => {
        const room = ' '.repeat((widths[c] ?? 0) - cell.width);
        return c < leftColumns ? cell.shown + room : room + cell.shown;
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

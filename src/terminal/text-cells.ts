/**
 * Text as terminals show it: in cells, of which some characters take two. Pure.
 *
 * Names and messages come from others: nothing in them may move the cursor, change a colour or turn the direction.
 * What terminals do not agree on (joined emoji, variation selectors, skin tones) is taken apart or left out, so that
 * every terminal comes to the same width.
 */
import { eastAsianWidth } from 'get-east-asian-width';

/** A character with the marks that are drawn over it, and the cells that it takes. */
export interface Cell {
  readonly char: string;
  readonly width: 1 | 2;
}

const PLAIN = /^[\x20-\x7e]*$/;
/** Drawn over the character before. */
const MARK = /^[\p{Mn}\p{Me}]$/u;
/** Not drawn at all, or only changes how its neighbours are. */
const UNSEEN = /^[\p{Cf}\p{Emoji_Modifier}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]$/u;
/** Would be obeyed, or has no shape: controls, halves of pairs, private and unassigned characters, line breaks. */
const UNSHOWN = /^[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]$/u;

/**
 * The cells of a text.
 * @param ascii whether the terminal shows ASCII only: `?` stands for everything else
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

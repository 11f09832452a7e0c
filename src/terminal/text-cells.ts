/**
 * Text as terminals show it: in cells, of which some characters take two. Pure.
 *
 * Names and messages are foreign input: nothing in them may move the cursor, change a colour or turn the direction.
 * What terminals do not agree on (joined emoji, variation selectors, skin tones) is taken apart or left out, so that
 * every terminal comes to the same width.
 */
import { eastAsianWidth } from 'get-east-asian-width';

import { showDuration, showGap } from '../core/format.ts';
import type { GapFacts } from '../core/messages.ts';
import type { State } from '../core/model.ts';

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

// The short forms of durations, states and gaps that fit into columns. Pure. Durations in milliseconds.

/** `0.84 ms`, `12.3 ms`, `412 ms`, `1.2 s`. */
export function showLatency(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `12 s ago`, `4 min ago`, `3 h ago`, `2 d ago`; `just now` within the first second. */
export function showAgo(ms: number): string {
  if (ms < 1000) return 'just now';
  return `${coarse(ms)} ago`;
}

/** A length of time in one unit, as windows have it: `30 s`, `5 min`, `24 h`. */
export function coarse(ms: number): string {
  const s = Math.floor(ms / 1000);
  if (s < 60) return `${String(s)} s`;
  if (s < 3600) return `${String(Math.floor(s / 60))} min`;
  return s < 172_800 ? `${String(Math.floor(s / 3600))} h` : `${String(Math.floor(s / 86_400))} d`;
}

/** A gap with its bounds, or without them where there is no room. @param room in cells */
export function fitGap(gap: GapFacts, room: number): string {
  const full = showGap(gap);
  return widthOf(full) <= room ? full : showDuration(gap.durationMs);
}

const WORDS: Readonly<Record<State, string>> = {
  up: 'up',
  down: 'DOWN',
  partial: 'PARTIAL',
  unobserved: 'unobserved',
  unknown: 'waiting',
};
const SHORT: Readonly<Record<State, string>> = {
  up: 'up',
  down: 'DOWN',
  partial: 'PART',
  unobserved: 'unobs.',
  unknown: 'wait',
};

/** The word for a state. @param room in cells */
export function stateWord(state: State, room = Infinity): string {
  const word = WORDS[state];
  return word.length <= room ? word : SHORT[state];
}

/** The signs that the picture is made of, for terminals that show UTF-8 and for those that show ASCII only. */
import type { State } from '../core/model.ts';

export interface Glyphs {
  /** Whether everything has to be ASCII. */
  readonly ascii: boolean;
  readonly states: Readonly<Record<State, string>>;
  /** A cell of a strip. `downLeft` and `downRight`: only that half of it was down; the same as `down` in ASCII. */
  readonly strip: Readonly<Record<State | 'downLeft' | 'downRight', string>>;
  /** From the lowest latency to the highest; each sign is one character. */
  readonly spark: readonly string[];
  readonly sparkFailed: string;
  readonly recovered: string;
  readonly mark: string;
  readonly lost: string;
  readonly identity: string;
  readonly note: string;
  readonly selected: string;
  readonly differ: string;
  readonly line: string;
  readonly dot: string;
  readonly cursor: string;
  readonly arrows: string;
  readonly sideways: string;
  readonly enter: string;
  readonly back: string;
}

export const UNICODE: Glyphs = {
  ascii: false,
  states: { up: '●', down: '▼', partial: '◐', unobserved: '░', unknown: '·' },
  strip: { up: '▂', down: '█', partial: '▄', unobserved: '░', unknown: '·', downLeft: '▌', downRight: '▐' },
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  sparkFailed: '×',
  recovered: '▲',
  mark: '◆',
  lost: '×',
  identity: '»',
  note: '·',
  selected: '▸',
  differ: '≠',
  line: '─',
  dot: '·',
  cursor: '█',
  arrows: '↑↓',
  sideways: '←→',
  enter: 'Enter',
  back: '◂',
};

export const ASCII: Glyphs = {
  ascii: true,
  states: { up: '+', down: '!', partial: '%', unobserved: '?', unknown: '.' },
  strip: { up: '_', down: '#', partial: '%', unobserved: '?', unknown: ' ', downLeft: '#', downRight: '#' },
  spark: ['_', '.', '-', '~', '=', '+', '*', '#'],
  sparkFailed: 'x',
  recovered: '^',
  mark: '*',
  lost: 'x',
  identity: '>',
  note: '-',
  selected: '>',
  differ: '!=',
  line: '-',
  dot: '-',
  cursor: '_',
  arrows: 'up/down',
  sideways: 'left/right',
  enter: 'Enter',
  back: '<',
};

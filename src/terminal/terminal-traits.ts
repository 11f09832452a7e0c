/** What a terminal can show, by what the environment says of it, and the glyphs for it. Pure. */
import type { Colours } from './palette.ts';
import type { State } from '../core/model.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A stream that may be a terminal. */
interface MaybeTerminal {
  readonly isTTY?: boolean;
}

/** Terminals without colours, and those that have only a few. */
const MONOCHROME = /^(vt\d|ansi-m|.*-mono?$|.*-m$)/;
const FEW_COLOURS = /^(linux|ansi|cons25|pcansi|rxvt$|.*-16color)/;
/** Terminals whose fonts lack the signs, or that have no mouse as xterm has it. */
const PLAIN_SIGNS = /^(linux|vt\d|ansi|cons25|pcansi)/;

/** Why there is no dashboard here; null where there can be one. A sentence for people. */
export function whyNoDashboard(env: Environment, input: MaybeTerminal, output: MaybeTerminal): string | null {
  if (output.isTTY !== true)
    return 'No dashboard: the output is not a terminal. Printing events instead, one per line.';
  if (input.isTTY !== true) {
    return 'No dashboard: the input is not a terminal, so no keys can be read. Printing events instead, one per line.';
  }
  const term = env['TERM'] ?? '';
  if (term === '' || term === 'dumb' || term === 'unknown') {
    const what = term === '' ? 'TERM is not set' : `TERM is "${term}"`;
    return `No dashboard: ${what}, which can't be drawn on. Printing events instead, one per line.`;
  }
  return null;
}

/** What a terminal can show. */
export interface Traits {
  readonly glyphs: Glyphs;
  readonly colours: Colours;
  readonly mouse: boolean;
}

/** What the terminal can show by what the environment says of it. */
export function traitsOf(env: Environment): Traits {
  const term = env['TERM'] ?? '';
  const plain = PLAIN_SIGNS.test(term);
  return { glyphs: isUtf8(env) && !plain ? UNICODE : ASCII, colours: coloursOf(env, term), mouse: !plain };
}

/** The first that is set counts, as for setlocale(3). */
function isUtf8(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return /utf-?8/i.test(locale ?? '');
}

/** NO_COLOR counts where it is set and not empty (https://no-color.org). */
export function coloursOf(env: Environment, term: string): Colours {
  if ((env['NO_COLOR'] ?? '') !== '' || MONOCHROME.test(term)) return 0;
  return FEW_COLOURS.test(term) ? 16 : 256;
}

/** The signs of the dashboard: one character each, where nothing else is said. */
export interface Glyphs {
  /** Whether everything has to be ASCII. */
  readonly ascii: boolean;
  readonly states: Readonly<Record<State, string>>;
  /** A cell of a strip. `downLeft` and `downRight`: only that half of it was down; the same as `down` in ASCII. */
  readonly strip: Readonly<Record<State | 'slow' | 'downLeft' | 'downRight', string>>;
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
  strip: { up: '▂', slow: '▅', down: '█', partial: '▄', unobserved: '░', unknown: '·', downLeft: '▌', downRight: '▐' },
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
  strip: { up: '_', slow: '~', down: '#', partial: '%', unobserved: '?', unknown: ' ', downLeft: '#', downRight: '#' },
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

/** What the terminal can show, from the environment. Pure. */
import { ASCII, UNICODE, type Glyphs } from './glyphs.ts';
import type { Colours } from './palette.ts';

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

/** Why there is no dashboard here; null where there can be one. The sentence tells the person what to do. */
export function whyNoDashboard(env: Environment, input: MaybeTerminal, output: MaybeTerminal): string | null {
  if (output.isTTY !== true) return 'No dashboard: the output is not a terminal. Here are the events, one a line.';
  if (input.isTTY !== true) {
    return 'No dashboard: the input is not a terminal, so no key would be heard. Here are the events, one a line.';
  }
  const term = env['TERM'] ?? '';
  if (term === '' || term === 'dumb' || term === 'unknown') {
    const what = term === '' ? 'TERM is not set' : `TERM is "${term}"`;
    return `No dashboard: ${what}, and such a terminal can't be drawn on. Here are the events, one a line.`;
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
function coloursOf(env: Environment, term: string): Colours {
  if ((env['NO_COLOR'] ?? '') !== '' || MONOCHROME.test(term)) return 0;
  return FEW_COLOURS.test(term) ? 16 : 256;
}

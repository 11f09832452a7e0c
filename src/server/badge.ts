/** Badges: a service's state in a word and a colour, to be shown on another page. Pure. */
import { printable } from '../core/printable.ts';
import type { State } from '../core/model.ts';
import { xmlText } from './atom.ts';

/** White text on each has a contrast of at least 4.5. */
const COLOURS: Record<State, string> = {
  up: '#2a7e3b',
  down: '#c62828',
  partial: '#a85400',
  unobserved: '#6b6b6b',
  unknown: '#6b6b6b',
};
const LABEL_COLOUR = '#444444';
const FONT_SIZE = 11;
const PAD = 6;
/** Characters of a name that are shown. */
const LONGEST = 60;

/** A badge as shields.io's endpoint takes it. */
export interface EndpointBadge {
  readonly schemaVersion: 1;
  readonly label: string;
  readonly message: State;
  readonly color: string;
}

export function endpointBadge(label: string, state: State): EndpointBadge {
  return { schemaVersion: 1, label, message: state, color: COLOURS[state] };
}

export function badgeSvg(label: string, state: State): string {
  const text = printable(label);
  const chars = Array.from(text);
  const shown = chars.length > LONGEST ? `${chars.slice(0, LONGEST - 1).join('')}…` : text;
  const left = widthOf(shown);
  const right = widthOf(state);
  const width = left + right;
  const words = `${xmlText(shown)}: ${state}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="20" role="img" aria-label="${words}">
<title>${words}</title>
<clipPath id="r"><rect width="${String(width)}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${String(left)}" height="20" fill="${LABEL_COLOUR}"/><rect x="${String(left)}" width="${String(right)}" height="20" fill="${COLOURS[state]}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="${String(FONT_SIZE)}">${textAt(shown, 0, left)}${textAt(state, left, right)}</g>
</svg>
`;
}

/** `textLength` makes the text as wide as it was computed to be, whatever the font. */
function textAt(words: string, x: number, width: number): string {
  const length = String(width - 2 * PAD);
  return `<text x="${String(x + PAD)}" y="14" textLength="${length}" lengthAdjust="spacingAndGlyphs">${xmlText(words)}</text>`;
}

/** About as wide as the text in Verdana; scripts with wide characters are as wide as they are high. */
function widthOf(words: string): number {
  let width = 0;
  for (const char of words) {
    if (/[iljtfI.,:;'|! ]/.test(char)) width += 4.2;
    else if (/[mwMW@%]/.test(char)) width += 10;
    else width += (char.codePointAt(0) ?? 0) >= 0x2e80 ? FONT_SIZE : 6.9;
  }
  return Math.ceil(width) + 2 * PAD;
}

/** Paint for drawings: colours on light paper and on dark, and the shapes that all of them have. Pure. */
import { escapedXml } from '../core/printable.ts';

/** Each colour on light paper and on dark. */
const COLOURS = {
  paper: ['#ffffff', '#15181c'],
  ink: ['#1b1f24', '#e8eaed'],
  faint: ['#5d6671', '#a0a8b2'],
  rule: ['#d4d9de', '#3a414a'],
  up: ['#2f9e5b', '#4cc27d'],
  down: ['#c92a2a', '#ff6b6b'],
  unobserved: ['#8a6d1a', '#d9b44a'],
  mark: ['#3458c4', '#8fa8ff'],
} as const;

/** What is painted how: which attribute has which colour, and what else it has. */
const PAINTS: Readonly<Record<string, readonly ['fill' | 'stroke', keyof typeof COLOURS, string?]>> = {
  text: ['fill', 'ink'],
  title: ['fill', 'ink', 'font-size="16" font-weight="600"'],
  faint: ['fill', 'faint'],
  note: ['fill', 'faint', 'font-size="11"'],
  small: ['fill', 'ink', 'font-size="11"'],
  paper: ['fill', 'paper'],
  rule: ['stroke', 'rule'],
  up: ['fill', 'up'],
  down: ['fill', 'down'],
  unknown: ['stroke', 'rule', 'fill="none" stroke-dasharray="2 3"'],
  partial: ['fill', 'unobserved'],
  hatch: ['stroke', 'unobserved', 'stroke-width="2"'],
  mark: ['stroke', 'mark', 'stroke-dasharray="4 3"'],
  command: ['stroke', 'mark', 'stroke-width="1.5"'],
  span: ['fill', 'mark', 'fill-opacity="0.08"'],
};

/** Plain attributes, which every reader of SVG knows: variables of CSS are black in librsvg and Inkscape. */
export function paint(kind: string): string {
  if (kind === 'unobserved') return 'class="unobserved" fill="url(#hatched)"';
  const [attribute, colour, more = ''] = PAINTS[kind] ?? ['fill', 'ink'];
  return `class="${kind}" ${attribute}="${COLOURS[colour][0]}"${more === '' ? '' : ` ${more}`}`;
}

/** Other colours on dark paper; a reader that does not know of it has those of the attributes. */
export function darkStyle(): string {
  const rules = Object.entries(PAINTS).map(([kind, [attribute, colour]]) => {
    return `.${kind} { ${attribute}: ${COLOURS[colour][1]}; }`;
  });
  return `@media (prefers-color-scheme: dark) { ${rules.join(' ')} }`;
}

export function upright(x: number, from: number, to: number, kind: string): string {
  return `<line ${paint(kind)} x1="${String(x)}" y1="${String(from)}" x2="${String(x)}" y2="${String(to)}"/>`;
}

export function text(x: number, y: number, words: string, kind: string, anchor = 'start'): string {
  return `  <text x="${String(rounded(x))}" y="${String(y)}" ${paint(kind)} text-anchor="${anchor}">${escapedXml(words)}</text>`;
}

export function rounded(x: number): number {
  return Math.round(x * 100) / 100;
}

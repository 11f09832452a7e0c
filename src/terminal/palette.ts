/**
 * The styles of a cell, and how each looks. None depends on red against green: up is teal, down is vermilion and bold,
 * unobserved is mauve (after Okabe and Ito, "Color Universal Design", 2008); and each has its glyph and its word, so that
 * nothing depends on colour. Text has the terminal's own colour; the others have a contrast of at least 3 : 1 on a black and
 * on a white background (WCAG 2.2, 1.4.11; a test computes it).
 */

/** What a cell means; `paletteOf` says how that looks. */
export type Style =
  | ('plain' | 'dim' | 'strong' | 'title' | 'accent' | 'key' | 'mark' | 'spark')
  | ('up' | 'slow' | 'down' | 'unobserved' | 'ahead')
  | ('badge' | 'alarm' | 'warning');

/** How many colours a terminal has; 0 where it has none, or must not use them. */
export type Colours = 0 | 16 | 256;

/** Colours are numbers of the xterm palette; null is the terminal's own. */
export interface Look {
  readonly fg: number | null;
  readonly bg: number | null;
  readonly bold: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
}

const PLAIN: Look = { fg: null, bg: null, bold: false, underline: false, inverse: false };
const BOLD: Look = { ...PLAIN, bold: true };
const INVERSE: Look = { ...PLAIN, inverse: true };

const MANY: Readonly<Record<Style, Look>> = {
  plain: PLAIN,
  dim: { ...PLAIN, fg: 244 },
  strong: BOLD,
  title: { ...BOLD, fg: 32 },
  up: { ...PLAIN, fg: 30 },
  slow: { ...PLAIN, fg: 136 },
  down: { ...BOLD, fg: 166 },
  unobserved: { ...PLAIN, fg: 133 },
  ahead: { ...PLAIN, fg: 100 },
  spark: { ...PLAIN, fg: 67 },
  accent: { ...BOLD, fg: 32 },
  key: { ...PLAIN, fg: 32 },
  mark: { ...PLAIN, fg: 163 },
  badge: { ...BOLD, fg: 16, bg: 39 },
  alarm: { ...BOLD, fg: 231, bg: 166 },
  warning: { ...BOLD, fg: 16, bg: 214 },
};

const FEW: Readonly<Record<Style, Look>> = {
  plain: PLAIN,
  dim: PLAIN,
  strong: BOLD,
  title: { ...BOLD, fg: 6 },
  up: { ...PLAIN, fg: 6 },
  slow: { ...PLAIN, fg: 3 },
  down: { ...BOLD, fg: 1 },
  unobserved: { ...PLAIN, fg: 5 },
  ahead: { ...PLAIN, fg: 3 },
  spark: { ...PLAIN, fg: 4 },
  accent: { ...BOLD, fg: 6 },
  key: { ...PLAIN, fg: 6 },
  mark: { ...BOLD, fg: 5 },
  badge: { ...PLAIN, fg: 0, bg: 6 },
  alarm: { ...BOLD, fg: 7, bg: 1 },
  warning: { ...PLAIN, fg: 0, bg: 3 },
};

const NONE: Readonly<Record<Style, Look>> = {
  plain: PLAIN,
  dim: PLAIN,
  strong: BOLD,
  title: BOLD,
  up: PLAIN,
  slow: PLAIN,
  down: BOLD,
  unobserved: PLAIN,
  ahead: PLAIN,
  spark: PLAIN,
  accent: BOLD,
  key: BOLD,
  mark: BOLD,
  badge: INVERSE,
  alarm: { ...INVERSE, bold: true },
  warning: INVERSE,
};

/** The looks of the styles on a terminal. */
export function paletteOf(colours: Colours): Readonly<Record<Style, Look>> {
  if (colours === 256) return MANY;
  return colours === 16 ? FEW : NONE;
}

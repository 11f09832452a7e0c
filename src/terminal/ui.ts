/** What the person at the terminal has chosen: plain data, changed by `keys.ts`, read by the view. */

/** The windows that `+` and `-` step through, in milliseconds: 10 s to 24 h. */
export const WINDOWS: readonly number[] = [
  10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000,
];

export const SORTS = ['as given', 'problem first', 'name', 'latency', 'gaps'] as const;
export type Sort = (typeof SORTS)[number];

/** `list`: the services; `detail`: one in full; `help`: the keys; `mark` and `filter`: a word is typed. */
export type Mode = 'list' | 'detail' | 'help' | 'mark' | 'filter';

export interface Ui {
  readonly mode: Mode;
  /** The mode to which Esc leads back. */
  readonly behind: 'list' | 'detail';
  /** What was typed so far. */
  readonly input: string;
  /** The name of the selected service; null for the first one. */
  readonly selected: string | null;
  /** The first line of the list, or of the details, that is shown. */
  readonly top: number;
  readonly windowMs: number;
  /** The right edge of the window, in milliseconds since the epoch; null for now. */
  readonly end: number | null;
  /** Since when the picture is held still; null where it moves. */
  readonly held: number | null;
  readonly sort: Sort;
  readonly grouped: boolean;
  readonly filter: string;
}

/** How the dashboard begins. */
export const FIRST_UI: Ui = {
  mode: 'list',
  behind: 'list',
  input: '',
  selected: null,
  top: 0,
  windowMs: 60_000,
  end: null,
  held: null,
  sort: 'as given',
  grouped: false,
  filter: '',
};

/** What the person at the terminal has chosen, and what each key and the mouse change of it. Pure functions. */
/** The windows that `+` and `-` step through, in milliseconds: 10 s to 24 h. */
export const WINDOWS: readonly number[] = [
  10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000,
];

/** The orders that `s` steps through. */
const SORTS = ['as given', 'problem first', 'name', 'latency', 'gaps'] as const;
export type Sort = (typeof SORTS)[number];

/** `list`: the services; `detail`: one in full; `help`: the keys; `mark` and `filter`: text is typed. */
type Mode = 'list' | 'detail' | 'help' | 'mark' | 'filter';

/** What the person at the terminal has chosen: changed by keys and mouse only. */
export interface Ui {
  readonly mode: Mode;
  /** The mode that Esc returns to. */
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
  /** Since when the display is paused, in milliseconds since the epoch; null while it is live. */
  readonly pausedAt: number | null;
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
  pausedAt: null,
  sort: 'as given',
  grouped: false,
  filter: '',
};

/** What a key makes the program do beyond the display. */
export type Command =
  | { readonly type: 'quit'; readonly reason: 'quit' | 'SIGINT' }
  | { readonly type: 'mark'; readonly text: string }
  | { readonly type: 'reset' }
  | { readonly type: 'suspend' }
  | { readonly type: 'redraw' };

/** What a key needs to know of the frame that was shown when it was pressed. */
export interface Seen {
  /** The names of the services, in the order in which they are shown. */
  readonly order: readonly string[];
  /** How many services fit on the screen. */
  readonly page: number;
  /** How many lines of the details lie below the screen. */
  readonly below: number;
  /** The present, in milliseconds since the epoch. */
  readonly now: number;
}

/** What a key changed, and what it makes the program do. */
interface Pressed {
  readonly ui: Ui;
  readonly command: Command | null;
}

/** The longest text that can be typed. */
const LONGEST_INPUT = 200;
/** How far back the window can be moved. */
const OLDEST_MS = 3 * 24 * 3_600_000;

/**
 * A key was pressed.
 * @param key its name (`up`, `enter`, `C-c`), or the character
 */
export function press(ui: Ui, key: string, seen: Seen): Pressed {
  if (key === 'C-c') return command(ui, { type: 'quit', reason: 'SIGINT' });
  if (key === 'C-z') return command(ui, { type: 'suspend' });
  if (key === 'C-l') return command(ui, { type: 'redraw' });
  if (ui.mode === 'mark' || ui.mode === 'filter') return typed(ui, key);
  if (ui.mode === 'help') return quitOr(key, ui, { ...ui, mode: ui.behind });
  switch (key) {
    case 'm':
      return change({ ...ui, mode: 'mark', input: '' });
    case 'r':
      return command(ui, { type: 'reset' });
    case '?':
      return change({ ...ui, mode: 'help' });
    case 'space':
      return change({ ...ui, pausedAt: ui.pausedAt === null ? seen.now : null });
    case '+':
    case '=':
      return change({ ...ui, windowMs: step(WINDOWS, ui.windowMs, -1) });
    case '-':
    case '_':
      return change({ ...ui, windowMs: step(WINDOWS, ui.windowMs, 1) });
    case 'left':
      return change({ ...ui, end: shift(ui, -1, seen.now) });
    case 'right':
      return change({ ...ui, end: shift(ui, 1, seen.now) });
    case '0':
      return change({ ...ui, end: null });
    default:
      return quitOr(key, ui, ui.mode === 'detail' ? inDetail(ui, key, seen) : inList(ui, key, seen));
  }
}

/** A service on the screen was clicked: it is selected, and shown in full if it was already. */
export function click(ui: Ui, name: string, seen: Seen): Ui {
  if (ui.mode !== 'list') return ui;
  if (name === (ui.selected ?? seen.order[0])) return { ...ui, mode: 'detail', behind: 'detail', top: 0 };
  return { ...ui, selected: name };
}

function inList(ui: Ui, key: string, seen: Seen): Ui {
  const moved = move(ui, key, seen);
  if (moved !== null) return moved;
  switch (key) {
    case 'enter':
      if (seen.order.length === 0) return ui;
      return { ...ui, mode: 'detail', behind: 'detail', selected: ui.selected ?? seen.order[0] ?? null, top: 0 };
    case 's':
      return { ...ui, sort: step(SORTS, ui.sort, 1, true) };
    case 'g':
      return { ...ui, grouped: !ui.grouped };
    case '/':
      return { ...ui, mode: 'filter', input: ui.filter };
    case 'escape':
      if (ui.pausedAt !== null) return { ...ui, pausedAt: null };
      if (ui.end !== null) return { ...ui, end: null };
      return { ...ui, filter: '' };
    default:
      return ui;
  }
}

function inDetail(ui: Ui, key: string, seen: Seen): Ui {
  const scroll = (by: number): Ui => ({ ...ui, top: Math.max(0, ui.top + Math.min(by, seen.below)) });
  switch (key) {
    case 'escape':
    case 'enter':
    case 'backspace':
      return { ...ui, mode: 'list', behind: 'list', top: 0 };
    case 'down':
    case 'j':
    case 'wheeldown':
      return scroll(1);
    case 'up':
    case 'k':
    case 'wheelup':
      return scroll(-1);
    case 'pagedown':
      return scroll(10);
    case 'pageup':
      return scroll(-10);
    case 'tab':
    case 'n':
      return { ...(move(ui, 'down', seen) ?? ui), top: 0 };
    case 'S-tab':
    case 'p':
      return { ...(move(ui, 'up', seen) ?? ui), top: 0 };
    default:
      return ui;
  }
}

/** Selects another service; null for a key that does not. */
function move(ui: Ui, key: string, { order, page }: Seen): Ui | null {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    wheelup: -1,
    down: 1,
    j: 1,
    wheeldown: 1,
    pageup: -page,
    pagedown: page,
    home: -Infinity,
    end: Infinity,
    G: Infinity,
  };
  const by = steps[key];
  if (by === undefined) return null;
  const from = Math.max(0, order.indexOf(ui.selected ?? ''));
  const to = Math.min(order.length - 1, Math.max(0, from + by));
  return { ...ui, selected: order[to] ?? null };
}

/** Text is typed: for a mark, or as the filter, which applies while it is typed. */
function typed(ui: Ui, key: string): Pressed {
  const marking = ui.mode === 'mark';
  const back: Ui = { ...ui, mode: ui.behind, input: '' };
  if (key === 'escape') return change(marking ? back : { ...back, filter: '' });
  if (key === 'enter') {
    const text = ui.input.trim();
    if (!marking) return change({ ...back, filter: text });
    return command(back, { type: 'mark', text: text === '' ? 'mark' : text });
  }
  const input = edited(ui.input, key);
  return change(marking ? { ...ui, input } : { ...ui, input, filter: input });
}

function edited(input: string, key: string): string {
  if (key === 'backspace') return Array.from(input).slice(0, -1).join('');
  if (key === 'C-u') return '';
  const text = key === 'space' ? ' ' : key;
  const isCharacter = Array.from(text).length === 1 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
  return isCharacter && input.length < LONGEST_INPUT ? input + text : input;
}

/** The right edge of the window, moved by a quarter of it; null for now. */
function shift(ui: Ui, direction: -1 | 1, now: number): number | null {
  const newest = ui.pausedAt ?? now;
  const end = (ui.end ?? newest) + (direction * ui.windowMs) / 4;
  // Time has passed since the step back: the same step forward must lead to now.
  if (end >= newest - ui.windowMs / 8) return null;
  return Math.max(end, now - OLDEST_MS);
}

function step<T>(values: readonly T[], value: T, by: -1 | 1, around = false): T {
  const next = values.indexOf(value) + by;
  return values[next] ?? (around ? values[0] : undefined) ?? value;
}

function quitOr(key: string, ui: Ui, otherwise: Ui): Pressed {
  return key === 'q' ? command(ui, { type: 'quit', reason: 'quit' }) : change(otherwise);
}

function change(ui: Ui): Pressed {
  return { ui, command: null };
}

function command(ui: Ui, asked: Command): Pressed {
  return { ui, command: asked };
}

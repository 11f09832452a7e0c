/** What the person at the terminal has chosen, and what each key and the mouse change of it. Pure functions. */
/** The window that is shown as soon as the watch is that old, in milliseconds: until then it grows with the watch. */
export const FULL_WINDOW_MS = 60_000;
/** The windows that `+` and `-` step through, in milliseconds: 10 s to 24 h. */
export const WINDOWS: readonly number[] = [
  10_000,
  30_000,
  FULL_WINDOW_MS,
  120_000,
  300_000,
  900_000,
  3_600_000,
  10_800_000,
  21_600_000,
  86_400_000,
];

const [SHORTEST, LONGEST] = [10_000, 86_400_000];

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
  readonly helpPage: number;
  /** What was typed so far. */
  readonly input: string;
  /** The name of the selected service; null for the first one. */
  readonly selected: string | null;
  /** The first line of the list, or of the details, that is shown. */
  readonly top: number;
  /** The length of the window that was chosen last. */
  readonly windowMs: number;
  /** Whether the window grows with the watch, as long as it shows the present: until one is chosen. */
  readonly growing: boolean;
  /** The right edge of the window, in milliseconds since the epoch; null for now. */
  readonly end: number | null;
  /** Since when the display is paused, in milliseconds since the epoch; null while it is live. */
  readonly pausedAt: number | null;
  readonly sort: Sort;
  /** Null before it is chosen: then the services are grouped if the configuration names a group. */
  readonly grouped: boolean | null;
  /** The groups of which only the heading is shown. */
  readonly folded: ReadonlySet<string>;
  /** The groups that are shown with all their members, even where others have more trouble. */
  readonly unfolded: ReadonlySet<string>;
  readonly filter: string;
  /** The entry of what happened that is selected; null while the keys move in the list of services. */
  readonly entry: number | null;
  /** The gap that `n` and `N` led to. */
  readonly gap: { readonly service: string; readonly from: number } | null;
  /** Why the last key changed nothing; null where it did, or does nothing anywhere. */
  readonly said: string | null;
}

/** How the dashboard begins. */
export const FIRST_UI: Ui = {
  mode: 'list',
  behind: 'list',
  helpPage: 0,
  input: '',
  selected: null,
  top: 0,
  windowMs: FULL_WINDOW_MS,
  growing: true,
  end: null,
  pausedAt: null,
  sort: 'as given',
  grouped: null,
  folded: new Set(),
  unfolded: new Set(),
  filter: '',
  entry: null,
  gap: null,
  said: null,
};

/** What a key makes the program do beyond the display. */
export type Command =
  | { readonly type: 'quit'; readonly reason: 'quit' | 'SIGINT' }
  | { readonly type: 'mark'; readonly text: string }
  | { readonly type: 'reset' }
  | { readonly type: 'suspend' }
  | { readonly type: 'redraw' };

/** Something that can be shown. Milliseconds since the epoch. */
export interface Occasion {
  /** Null for what is of no service, or of all. */
  readonly service: string | null;
  readonly from: number;
  readonly to: number;
}

/** What a key needs to know of the frame that was shown when it was pressed. */
export interface Seen {
  /** The names of the services, in the order in which they are shown. */
  readonly order: readonly string[];
  /** How many services fit on the screen. */
  readonly page: number;
  /** How many lines of the details, or pages of the help, lie below the screen. */
  readonly below: number;
  /** The length of the window that is shown. */
  readonly windowMs: number;
  /** The groups that the list has; empty where it is not grouped. */
  readonly groups: readonly string[];
  /** Those of which some members are left out, so that what fails in others is in sight. */
  readonly short: ReadonlySet<string>;
  /** The group of a service. */
  readonly groupOf: (service: string) => string;
  /** The gaps of the services that are listed, the newest first. */
  readonly gaps: () => readonly (Occasion & { readonly service: string })[];
  /** What happened, the newest first. */
  readonly entries: () => readonly (Occasion & { readonly id: number })[];
  /** The present, in milliseconds since the epoch. */
  readonly now: number;
}

/** Before the first frame. */
export const NOTHING_SEEN: Omit<Seen, 'now'> = {
  order: [],
  page: 1,
  below: 0,
  windowMs: FULL_WINDOW_MS,
  groups: [],
  short: new Set(),
  groupOf: () => '',
  gaps: () => [],
  entries: () => [],
};

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
export function press(before: Ui, key: string, seen: Seen): Pressed {
  const ui = before.said === null ? before : { ...before, said: null };
  if (key === 'C-c') return command(ui, { type: 'quit', reason: 'SIGINT' });
  if (key === 'C-z') return command(ui, { type: 'suspend' });
  if (key === 'C-l') return command(ui, { type: 'redraw' });
  if (ui.mode === 'mark' || ui.mode === 'filter') return typed(ui, key);
  if (ui.mode === 'help') return quitOr(key, ui, inHelp(ui, key, seen));
  switch (key) {
    case 'm':
      return change({ ...ui, mode: 'mark', input: '' });
    case 'r':
      return command(ui, { type: 'reset' });
    case '?':
      return change({ ...ui, mode: 'help', helpPage: 0 });
    case 'space':
      return change({ ...ui, pausedAt: ui.pausedAt === null ? seen.now : null });
    case '+':
    case '=':
      return change(zoomed(ui, WINDOWS.findLast((ms) => ms < seen.windowMs) ?? SHORTEST, seen));
    case '-':
    case '_':
      return change(zoomed(ui, WINDOWS.find((ms) => ms > seen.windowMs) ?? LONGEST, seen));
    case 'left':
      return change(shifted(ui, -1, seen));
    case 'right':
      return change(shifted(ui, 1, seen));
    case '0':
      return change({ ...ui, end: null, gap: null });
    case 'n':
      return change(nextGap(ui, 1, seen));
    case 'N':
      return change(nextGap(ui, -1, seen));
    default:
      return quitOr(key, ui, (ui.mode === 'detail' ? inDetail : ui.entry === null ? inList : inEntries)(ui, key, seen));
  }
}

function zoomed(ui: Ui, windowMs: number, { windowMs: shownMs }: Seen): Ui {
  const limit = windowMs === SHORTEST ? 'shortest' : 'longest';
  return { ...ui, growing: false, windowMs, said: windowMs === shownMs ? `This is the ${limit} window.` : null };
}

function inHelp(ui: Ui, key: string, { below }: Seen): Ui {
  const by = ['down', 'pagedown', 'wheeldown', 'j', 'space'].includes(key)
    ? Math.min(1, below)
    : ['up', 'pageup', 'wheelup', 'k'].includes(key)
      ? Math.max(-1, -ui.helpPage)
      : 0;
  return by === 0 ? { ...ui, mode: ui.behind } : { ...ui, helpPage: ui.helpPage + by };
}

/** A service, or an entry of what happened, was clicked: it is selected, and opened if it was already. */
export function click(before: Ui, what: { readonly service: string } | { readonly entry: number }, seen: Seen): Ui {
  if (before.mode !== 'list') return before;
  const ui = { ...before, said: null };
  if ('entry' in what) return what.entry === ui.entry ? inEntries(ui, 'enter', seen) : { ...ui, entry: what.entry };
  const isSelected = ui.entry === null && what.service === (ui.selected ?? seen.order[0]);
  return isSelected ? inList(ui, 'enter', seen) : { ...ui, entry: null, selected: what.service };
}

function inList(ui: Ui, key: string, seen: Seen): Ui {
  const moved = move(ui, key, seen);
  if (moved !== null) return moved;
  switch (key) {
    case 'enter': {
      const selected = ui.selected ?? seen.order[0];
      if (seen.order.length === 0 || selected === undefined) return { ...ui, said: 'No service is listed.' };
      if (isFolded(ui, selected, seen)) return fold(ui, [seen.groupOf(selected)], false);
      return { ...ui, mode: 'detail', behind: 'detail', selected, top: 0 };
    }
    case 'tab': {
      const [newest] = seen.entries();
      return newest === undefined ? { ...ui, said: 'Nothing happened yet.' } : { ...ui, entry: newest.id };
    }
    case 's':
      return { ...ui, sort: SORTS[(SORTS.indexOf(ui.sort) + 1) % SORTS.length] ?? ui.sort };
    case 'g':
      return { ...ui, grouped: ui.grouped === null ? seen.groups.length === 0 : !ui.grouped };
    case 'c': {
      const selected = ui.selected ?? seen.order[0];
      if (selected === undefined || seen.groups.length === 0) return { ...ui, said: 'There is no group.' };
      const group = seen.groupOf(selected);
      if (seen.short.has(group)) return { ...ui, selected, unfolded: new Set([...ui.unfolded, group]) };
      return fold({ ...ui, selected }, [group], !isFolded(ui, selected, seen));
    }
    case 'C':
      if (seen.groups.length === 0) return { ...ui, said: 'There is no group.' };
      return fold(ui, seen.groups, !seen.groups.every((group) => ui.folded.has(group)));
    case '/':
      return { ...ui, mode: 'filter', input: ui.filter };
    case 'escape':
      if (ui.pausedAt !== null) return { ...ui, pausedAt: null };
      if (ui.end !== null) return { ...ui, end: null, gap: null };
      return { ...ui, filter: '', gap: null };
    default:
      return ui;
  }
}

function isFolded(ui: Ui, service: string, { groups, groupOf }: Seen): boolean {
  return groups.length > 0 && ui.folded.has(groupOf(service));
}

function fold(ui: Ui, groups: readonly string[], folded: boolean): Ui {
  const others = [...ui.folded].filter((group) => !groups.includes(group));
  const unfolded = new Set([...ui.unfolded].filter((group) => !groups.includes(group)));
  return { ...ui, folded: new Set(folded ? [...others, ...groups] : others), unfolded };
}

/** The keys move in what happened. */
function inEntries(ui: Ui, key: string, seen: Seen): Ui {
  const entries = seen.entries();
  const at = entries.findIndex(({ id }) => id === ui.entry);
  const entry = entries[at];
  if (key === 'tab' || key === 'escape' || entry === undefined) return { ...ui, entry: null };
  if (key === 'enter') {
    const shown = lookAt({ ...ui, entry: null }, entry, seen);
    const isSeen = shown.end === ui.end && shown.windowMs === seen.windowMs;
    return entry.service === null
      ? { ...shown, entry: ui.entry, said: isSeen ? 'It is in this window already.' : null }
      : { ...shown, mode: 'detail', behind: 'detail', selected: entry.service, top: 0 };
  }
  const by = stepsOf(key, 10);
  if (by === undefined) return ['/', 's', 'g', 'c', 'C'].includes(key) ? inList({ ...ui, entry: null }, key, seen) : ui;
  return { ...ui, entry: entries[Math.min(entries.length - 1, Math.max(0, at + by))]?.id ?? null };
}

/** Leads to the next gap: an older one, or with -1 a newer one. In the details those of the service only. */
function nextGap(ui: Ui, by: 1 | -1, seen: Seen): Ui {
  const gaps = seen.gaps().filter(({ service }) => ui.mode !== 'detail' || service === ui.selected);
  const at = gaps.findIndex(({ service, from }) => service === ui.gap?.service && from === ui.gap.from);
  const end = ui.end ?? Infinity;
  const first = by === 1 ? gaps.findIndex(({ from }) => from <= end) : gaps.findLastIndex(({ from }) => from > end);
  const gap = gaps[at < 0 ? first : at + by];
  if (gap === undefined) {
    const which = gaps.length === 0 ? 'No' : by === 1 ? 'No earlier' : 'No later';
    return { ...ui, said: `${which} gap is known.` };
  }
  const { service, from } = gap;
  return lookAt({ ...ui, entry: null, selected: service, gap: { service, from } }, gap, seen);
}

/** Moves the window so that something is seen in the middle of it; it gets longer where it is too short for that. */
function lookAt(ui: Ui, { from, to }: Occasion, { windowMs: shownMs, now }: Seen): Ui {
  const leastMs = (to - from) * 1.25;
  const windowMs = shownMs >= leastMs ? shownMs : (WINDOWS.find((ms) => ms >= leastMs) ?? LONGEST);
  const end = (from + to + windowMs) / 2;
  // What has just happened is in the window that shows the present.
  const isNew = end >= (ui.pausedAt ?? now);
  return { ...ui, windowMs, growing: ui.growing && windowMs === shownMs, end: isNew ? null : end };
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
      return { ...(move(ui, 'down', seen) ?? ui), top: 0 };
    case 'S-tab':
    case 'p':
      return { ...(move(ui, 'up', seen) ?? ui), top: 0 };
    default:
      return ui;
  }
}

/** How far a key moves in a list; undefined for one that does not. */
function stepsOf(key: string, page: number): number | undefined {
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
  return steps[key];
}

/** Selects another service; null for a key that does not. */
function move(ui: Ui, key: string, { order, page }: Seen): Ui | null {
  const by = stepsOf(key, page);
  if (by === undefined) return null;
  const from = Math.max(0, order.indexOf(ui.selected ?? ''));
  const to = Math.min(order.length - 1, Math.max(0, from + by));
  return { ...ui, selected: order[to] ?? null, gap: null };
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

/** The window, moved by a quarter of it. */
function shifted(ui: Ui, direction: -1 | 1, { now, windowMs }: Seen): Ui {
  const newest = ui.pausedAt ?? now;
  const end = (ui.end ?? newest) + (direction * windowMs) / 4;
  // Time has passed since the step back: the same step forward must lead to now.
  if (end >= newest - windowMs / 8) return { ...ui, end: null, gap: null };
  return { ...ui, windowMs, end: Math.max(end, now - OLDEST_MS), gap: null };
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

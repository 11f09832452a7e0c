/**
 * The whole frame: a pure function from what is known and what was chosen to cells. What the keys need to know of the
 * frame comes with it.
 */
import { showClock, showDuration, showGap } from '../core/format.ts';
import { widthOf } from '../core/text-width.ts';
import { Grid, type Size } from './cell-grid.ts';
import type { Model, Row } from './dashboard-model.ts';
import type { Entry } from './event-list.ts';
import { FULL_WINDOW_MS, type Seen, type Ui } from './key-bindings.ts';
import {
  arranged,
  cardColumns,
  groupOf,
  isFailing,
  itemsOf,
  layoutOf,
  lineColumns,
  matches,
  scrolled,
  seenFrom,
  shortGroups,
  troubleApart,
  type Group,
  type Item,
  type Layout,
} from './list-layout.ts';
import type { Glyphs } from './terminal-traits.ts';
import { drawFoot, drawHeader, drawHelp } from './view-bars.ts';
import { drawDetail } from './view-detail.ts';
import { drawEntries, isEntryAbout, occasionOf } from './view-events.ts';
import { drawCard, drawHeading, drawHeads, drawLine, drawService, type Brush } from './view-rows.ts';
import { drawAxis, type Window } from './view-strip.ts';

/** The smallest screen that something can be shown on. */
const LEAST: Size = { width: 40, height: 10 };
/** From this width on the selected service is shown beside the events. */
const PANEL_WIDTH = 160;
/** From this height on there are empty lines between the parts. */
const ROOMY_HEIGHT = 30;
/** The shortest window, while it grows with the watch. */
const FIRST_WINDOW_MS = 5000;

/** What the frame is made from. Times in milliseconds since the epoch. */
interface Scene {
  readonly model: Model;
  readonly ui: Ui;
  readonly size: Size;
  readonly glyphs: Glyphs;
  /** The present. */
  readonly clock: number;
  /** Events that wait while the display is paused. */
  readonly waiting: number;
}

export interface View extends Omit<Seen, 'now'> {
  readonly grid: Grid;
  /** The first line of the list, or of the details, that is shown. */
  readonly top: number;
  /** Which service each line of the screen shows, ... */
  readonly serviceAt: ReadonlyMap<number, string>;
  /** ... and which entry of what happened. */
  readonly entryAt: ReadonlyMap<number, number>;
}

/** Draws the frame. */
export function view(scene: Scene): View {
  const { model, ui, size, glyphs, clock } = scene;
  const grid = new Grid(size, glyphs.ascii);
  const now = ui.pausedAt ?? clock;
  const rows = model.rows.filter((row) => matches(row, ui.filter, now));
  const names = new Set(ui.filter === '' ? [] : rows.map(({ name }) => name));
  const entries =
    ui.filter === ''
      ? model.log.entries
      : model.log.entries.filter((entry) => isEntryAbout(entry, (service) => names.has(service)));
  const window: Window = { end: ui.end ?? now, ms: windowMsOf(model, ui, now), live: ui.end === null };
  const first = size.height >= ROOMY_HEIGHT ? 3 : 2;
  const list = listOf(model, rows, ui, now, size.height - first - 2);
  const selected = rows.find(({ name }) => name === ui.selected) ?? list.groups.flatMap(({ members }) => members)[0];
  const seen = {
    grid,
    order: list.groups.flatMap((group) => namesOf(group, selected)),
    page: 1,
    top: ui.top,
    below: 0,
    windowMs: window.ms,
    groups: list.groups.flatMap(({ heading }) => heading ?? []),
    short: new Set(list.groups.flatMap(({ heading, hidden }) => (hidden.length > 0 ? (heading ?? []) : []))),
    groupOf: (service: string) => groupOf(rows.find(({ name }) => name === service)),
    gaps: () => gapsOf(rows, now),
    entries: () => entries.map((entry) => occasionOf(entry, now)),
    serviceAt: new Map<number, string>(),
    entryAt: new Map<number, number>(),
  };
  if (size.width < LEAST.width || size.height < LEAST.height) {
    grid.put(0, 0, `Too small: ${String(LEAST.width)}x${String(LEAST.height)} at least. q quits.`, 'plain');
    return seen;
  }
  drawHeader(grid, { model, rows, ui, glyphs, clock, now, waiting: scene.waiting });
  drawFoot(grid, ui, glyphs, seen);
  if (ui.mode === 'help') return { ...seen, below: drawHelp(grid, glyphs, ui.helpPage) };
  const part: Part = { ...scene, grid, now, window, rows, entries };
  if (ui.behind === 'detail' && selected !== undefined) {
    const y = size.height >= ROOMY_HEIGHT ? 2 : 1;
    const place = { x: 1, y, width: size.width - 2, height: size.height - y - 1 };
    const below = drawDetail({ ...part, gap: ui.gap, marks: marksOf(model), top: ui.top }, selected, place);
    return { ...seen, below };
  }
  return { ...seen, ...drawList(part, list, first, selected) };
}

/** The length of the window: until one is chosen, it grows with the watch. Second by second, so that strips stand still in between. */
function windowMsOf({ rows }: Model, ui: Ui, now: number): number {
  if (!ui.growing || ui.end !== null) return ui.windowMs;
  const begin = rows.reduce((so, row) => row.lanes.reduce((least, { lane }) => Math.min(least, lane.begin), so), now);
  const ageMs = rows.length === 0 ? FULL_WINDOW_MS : Math.ceil((now - begin) / 1000) * 1000;
  return Math.min(FULL_WINDOW_MS, Math.max(FIRST_WINDOW_MS, ageMs));
}

interface List {
  readonly groups: readonly Group[];
  readonly items: readonly Item[];
  readonly layout: Layout;
  /** Whether those with trouble come first because not all fit. */
  readonly troubleFirst: boolean;
}

/**
 * The list in its order. Where not all fit, and no other order is chosen, those with trouble come first, with as little of the others
 * between them as is needed to have all that are down in sight. @param room in lines
 */
function listOf({ sources }: Model, rows: readonly Row[], ui: Ui, now: number, room: number): List {
  const listWith = (groups: readonly Group[], troubleFirst: boolean): List => {
    const items = itemsOf(groups, sources.length > 1);
    return { groups, items, layout: layoutOf(items, room), troubleFirst };
  };
  const list = listWith(arranged(rows, ui, ui.sort, now), false);
  const isTroubleFirst = ui.sort === 'as given' || ui.sort === 'problem first';
  if (!isTroubleFirst || linesOf(list, list.items.length) <= list.layout.height) return list;
  const order = ui.sort === 'as given' ? 'trouble first' : ui.sort;
  const groups = arranged(rows, ui, order, now);
  const short = listWith(shortGroups(groups, ui, now), ui.sort === 'as given');
  const last = short.items.findLastIndex((item) => item.kind !== 'heading' && isFailing(item.row, now));
  if (groups.length === 1 || linesOf(short, last + 1) <= short.layout.height) return short;
  return listWith(troubleApart(groups, now), ui.sort === 'as given');
}

/** The lines that the first items of a list take. */
function linesOf({ layout }: List, items: number): number {
  return layout.heights.slice(0, items).reduce((sum, height) => sum + height, 0);
}

/** The services of a group that can be selected: of a folded one any, but only one. */
function namesOf({ folded, rows, members }: Group, selected: Row | undefined): string[] {
  if (!folded) return rows.map(({ name }) => name);
  const shown = selected !== undefined && members.includes(selected) ? selected : members[0];
  return shown === undefined ? [] : [shown.name];
}

function gapsOf(rows: readonly Row[], now: number): ReturnType<Seen['gaps']> {
  return rows
    .flatMap(({ name, lanes }) =>
      lanes.flatMap(({ lane: { gaps, openFrom } }) => [
        ...gaps.map(({ from, to }) => ({ service: name, from, to })),
        ...(openFrom === null ? [] : [{ service: name, from: openFrom, to: now }]),
      ]),
    )
    .sort((a, b) => b.from - a.from);
}

interface Part extends Scene {
  readonly grid: Grid;
  readonly now: number;
  readonly window: Window;
  /** Those that the filter lets through. */
  readonly rows: readonly Row[];
  readonly entries: readonly Entry[];
}

type Drawn = Pick<View, 'page' | 'top' | 'serviceAt' | 'entryAt'>;

/** The services, and below them what happened. @param first the line of the first service */
function drawList(part: Part, list: List, first: number, selected: Row | undefined): Drawn {
  const { model, ui, size, glyphs, grid, window, now } = part;
  const { items, layout } = list;
  const cards = layout.laneHeight === 2;
  const nameWidth = items.reduce((most, item) => Math.max(most, item.kind === 'lane' ? widthOf(item.label) : 0), 0);
  const columns = (cards ? cardColumns : lineColumns)(size.width, nameWidth);
  const brush: Brush = { grid, columns, glyphs, window, now, paused: ui.pausedAt !== null };
  drawHeads(brush, first - 1, observedMs(part.rows, now));
  drawAxis(grid, { ...columns.strip, y: first - 1, height: 1 }, window, marksOf(model), glyphs);

  if (items.length === 0) {
    const waiting = model.sources.filter(({ identity }) => identity === null);
    const problem = waiting.find((source) => source.problem !== null)?.problem ?? null;
    const connecting = problem === null ? 'Connecting …' : `Not connected yet: ${problem}`;
    const missing = waiting.length > 0 ? connecting : 'No service is known yet.';
    const why = ui.filter === '' ? missing : 'No service matches. Esc shows all of them.';
    grid.put(columns.name.x, first, why, 'dim');
  }
  const isChosen = (item: Item): boolean =>
    item.kind === 'heading'
      ? item.group.folded && selected !== undefined && item.group.members.includes(selected)
      : item.row === selected;
  const chosen = items.findIndex(isChosen);
  // The heading above the first service of a group is shown with it.
  const lead = items[chosen - 1]?.kind === 'heading' ? 1 : 0;
  const top = scrolled(ui.top, chosen - lead, items.filter(isChosen).length + lead, layout);
  const seen = seenFrom(top, layout);
  const serviceAt = new Map<number, string>();
  let y = first;
  items.slice(top, top + seen).forEach((item, index) => {
    const height = layout.heights[top + index] ?? 1;
    if (top + index === chosen && ui.entry === null) grid.put(0, y, glyphs.selected, 'accent');
    if (item.kind === 'heading') {
      const [name] = item.group.folded ? namesOf(item.group, selected) : [];
      if (name !== undefined) serviceAt.set(y, name);
      drawHeading(brush, item.group, y, isChosen(item));
    } else {
      for (let line = y; line < y + height; line++) serviceAt.set(line, item.row.name);
      if (item.kind === 'service') drawService(brush, item.row, y, isChosen(item));
      else (cards ? drawCard : drawLine)(brush, item, y, isChosen(item));
    }
    y += height;
  });
  const [above, below] = [top, items.length - top - seen];
  const more = [above > 0 ? `${String(above)} above` : [], below > 0 ? `${String(below)} below` : []].flat();
  const order = list.troubleFirst ? ['trouble first'] : [];
  const hidden = more.length === 0 ? [''] : [` ${[...order, ...more].join(', ')} `, ` ${more.join(', ')} `];
  const entryAt = drawBelow(part, first + layout.height, hidden, selected);
  return { page: new Set(serviceAt.values()).size, top, serviceAt, entryAt };
}

/** The longest time for which one of the services was observed. */
function observedMs(rows: readonly Row[], now: number): number {
  return rows.reduce((longest, { lanes }) => {
    return lanes.reduce((so, { lane }) => {
      const { upMs, downMs } = lane.counts(now);
      return Math.max(so, upMs + downMs);
    }, longest);
  }, 0);
}

/**
 * What happened; on a wide screen, the selected service beside it.
 * @param forms how many lines of the list are not seen, the longest form first; empty where all are
 */
function drawBelow(part: Part, y: number, forms: readonly string[], selected: Row | undefined): Map<number, number> {
  const { model, ui, size, glyphs, grid, window, now, rows, entries } = part;
  grid.put(0, y, glyphs.line.repeat(size.width), 'dim');
  const titles = [' WHAT HAPPENED ', ' EVENTS '];
  const heads = titles.flatMap((title) => forms.map((hidden) => ({ title, hidden })));
  const fitting = heads.find((one) => widthOf(one.title) + widthOf(one.hidden) + 5 <= size.width);
  const { title, hidden } = fitting ?? { title: ' EVENTS ', hidden: '' };
  grid.putRight(size.width - 2, y, hidden, 'accent', size.width);
  const happened = grid.put(2, y, title, ui.entry === null ? 'dim' : 'accent') + 1;
  const height = size.height - y - 2;
  const panel = size.width >= PANEL_WIDTH && height >= 10 && selected !== undefined;
  const width = panel ? Math.floor(size.width / 2) - 2 : size.width - 2;
  const room = (panel ? width + 2 : size.width - 3 - widthOf(hidden)) - happened;
  const worst = worstGap(rows, now).find((text) => widthOf(text) <= room);
  if (worst !== undefined) grid.put(happened, y, worst, 'plain');
  const entryAt = drawEntries(grid, { x: 1, y: y + 1, width, height }, entries, ui, model.sources, glyphs);
  if (!panel) return entryAt;
  const x = width + 4;
  grid.put(x - 1, y, ' SELECTED ', 'dim');
  drawDetail({ grid, glyphs, window, now, gap: ui.gap, marks: marksOf(model), top: 0 }, selected, {
    x,
    y: y + 1,
    width: size.width - x - 1,
    height,
  });
  return entryAt;
}

/** The longest gap of all, open or ended, in words, the longest form first; empty where there is none. */
function worstGap(rows: readonly Row[], now: number): string[] {
  let worst = { ms: -1, what: '', short: '', name: '', from: 0 };
  for (const { name, lanes } of rows) {
    for (const { lane } of lanes) {
      const openMs = lane.openMs(now) ?? -1;
      if (lane.worst !== null && lane.worst.durationMs > worst.ms) {
        const { durationMs: ms, from } = lane.worst;
        worst = { ms, what: showGap(lane.worst), short: showDuration(ms), name, from };
      }
      if (openMs > worst.ms) {
        const what = `${showDuration(openMs)} so far`;
        worst = { ms: openMs, what, short: what, name, from: lane.openFrom ?? now };
      }
    }
  }
  if (worst.ms < 0) return [];
  const of = ` of ${worst.name}`;
  return [
    ` LONGEST GAP ${worst.what}${of}, ${showClock(worst.from).slice(0, 8)} `,
    ` LONGEST GAP ${worst.what}${of} `,
    ` LONGEST ${worst.short}${of} `,
    ` LONGEST ${worst.short} `,
  ];
}

function marksOf(model: Model): number[] {
  return model.log.entries.flatMap((entry) =>
    entry.kind === 'event' && entry.event.type === 'mark' ? [entry.at] : [],
  );
}

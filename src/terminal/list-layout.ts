/**
 * The list of services: which rows it has, in which order, how high each is, which of them are visible, and where its
 * columns are. Pure.
 */
import { WORST_FIRST } from '../core/model.ts';
import { type Row, worstOf, type SourceState } from './dashboard-model.ts';
import type { Sort, Ui } from './key-bindings.ts';
import type { Lane } from './lane.ts';

/** Rows under one heading; the heading is null where the list is not grouped. */
export interface Group {
  readonly heading: string | null;
  /** Whether only the heading is shown. */
  readonly folded: boolean;
  readonly members: readonly Row[];
  /** Those of its members that stand below the heading, ... */
  readonly rows: readonly Row[];
  /** ... and those that are left out so that what fails in other groups is in sight. */
  readonly hidden: readonly Row[];
}

/** An order of the list: one that was chosen, or, where not all fit, those with trouble before the others as they are given. */
type Order = Sort | 'trouble first';

/** A service that was down is kept among those with trouble for this long after it. */
const TROUBLE_MS = 60_000;

/** The rows, in their groups. */
export function arranged(rows: readonly Row[], ui: Pick<Ui, 'grouped' | 'folded'>, order: Order, now: number): Group[] {
  const sorted = sortRows(rows, order, now);
  if (!(ui.grouped ?? rows.some(isInGroup))) return [groupWith(null, false, sorted)];
  const groups = new Map<string, Row[]>();
  for (const row of sorted) {
    const members = groups.get(groupOf(row));
    if (members === undefined) groups.set(groupOf(row), [row]);
    else members.push(row);
  }
  return Array.from(groups, ([heading, members]) => groupWith(heading, ui.folded.has(heading), members));
}

function groupWith(heading: string | null, folded: boolean, members: readonly Row[]): Group {
  return { heading, folded, members, rows: folded ? [] : members, hidden: [] };
}

/**
 * The groups without the members that would stand, though they are well, above one with trouble of a later group.
 * @param groups those with trouble first, and so in each of them
 */
export function shortGroups(groups: readonly Group[], ui: Pick<Ui, 'unfolded' | 'selected'>, now: number): Group[] {
  const isShown = (row: Row): boolean => hasTrouble(row, now) || row.name === ui.selected;
  const last = groups.findLastIndex(({ rows }) => rows.some((row) => hasTrouble(row, now)));
  return groups.map((group, at) =>
    at >= last || group.folded || ui.unfolded.has(group.heading ?? '')
      ? group
      : { ...group, rows: group.rows.filter(isShown), hidden: group.rows.filter((row) => !isShown(row)) },
  );
}

/** Those with trouble of all groups, without headings, and then the groups with the others. @param groups as above */
export function troubleApart(groups: readonly Group[], now: number): Group[] {
  const trouble = groups.flatMap(({ rows }) => rows.filter((row) => hasTrouble(row, now)));
  const sorted = sortRows(trouble, 'trouble first', now);
  return [
    groupWith(null, false, sorted),
    ...groups.map((group) => ({ ...group, rows: group.rows.filter((row) => !hasTrouble(row, now)) })),
  ];
}

function hasTrouble(row: Row, now: number): boolean {
  return troubleRank(row, now) <= 1;
}

/** Whether some vantage sees it down. */
export function isFailing(row: Row, now: number): boolean {
  return troubleRank(row, now) === 0;
}

/** 0 for what is down, 1 for what was a moment ago, 2 for what is not observed, and 3. */
function troubleRank(row: Row, now: number): number {
  const worst = worstOf(row, now);
  if (worst === 'down' || worst === 'partial') return 0;
  if (most(row, ({ lane }) => lane.gaps.at(-1)?.to ?? 0) > now - TROUBLE_MS) return 1;
  return worst === 'unobserved' ? 2 : 3;
}

/** Whether every word of the filter occurs in what a row says of itself. */
export function matches(row: Row, filter: string, now: number): boolean {
  if (filter.trim() === '') return true;
  const lane = row.lanes[0]?.lane;
  const about = [row.name, lane?.board.info.target, lane?.board.info.kind, groupOf(row), worstOf(row, now)];
  const text = about.join(' ').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function isInGroup(row: Row): boolean {
  return typeof row.lanes[0]?.lane.board.info.group === 'string';
}

/** The heading of a row's group. */
export function groupOf(row: Row | undefined): string {
  return row?.lanes[0]?.lane.board.info.group ?? 'no group';
}

function sortRows(rows: readonly Row[], order: Order, now: number): Row[] {
  const by = (key: (row: Row) => number): Row[] =>
    rows
      .map((row) => ({ row, key: key(row) }))
      .sort((a, b) => a.key - b.key)
      .map(({ row }) => row);
  switch (order) {
    case 'as given':
      return [...rows];
    case 'name':
      return [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
    case 'latency':
      return by((row) => -most(row, ({ lane }) => lane.latency.now ?? -1));
    case 'gaps':
      return by((row) => -most(row, ({ lane }) => lane.counts(now).gaps));
    case 'trouble first':
      return by((row) => troubleRank(row, now));
    case 'problem first': {
      const lastGap = (row: Row): number => most(row, ({ lane }) => lane.gaps.at(-1)?.to ?? 0);
      // Those that are well: the one with the newest gap first.
      return by((row) => WORST_FIRST.indexOf(worstOf(row, now)) * 1e15 - lastGap(row));
    }
  }
}

function most(row: Row, of: (each: Row['lanes'][number]) => number): number {
  return Math.max(...row.lanes.map(of));
}

/** A piece of the list. */
export type Item =
  | { readonly kind: 'heading'; readonly group: Group }
  /** The first line of a service that several vantages watch. */
  | { readonly kind: 'service'; readonly row: Row }
  | LaneItem;

/** A service from one vantage. */
export interface LaneItem {
  readonly kind: 'lane';
  readonly row: Row;
  readonly lane: Lane;
  readonly source: SourceState;
  /** The service's name, or the vantage's. */
  readonly label: string;
  /** Whether it is the last one of its service. */
  readonly last: boolean;
}

/** How the list fits into its room. */
export interface Layout {
  /** Lines of a lane: 1, or 2 where there is room for cards. */
  readonly laneHeight: 1 | 2;
  /** Lines that each item takes, with the empty one after it. */
  readonly heights: readonly number[];
  /** Lines of the list. */
  readonly height: number;
}

/** The pieces, from the first to the last. @param many whether there are several vantages */
export function itemsOf(groups: readonly Group[], many: boolean): Item[] {
  return groups.flatMap((group): Item[] => [
    ...(group.heading === null ? [] : [{ kind: 'heading', group } as const]),
    ...group.rows.flatMap((row): Item[] => {
      const lanes = row.lanes.map(({ lane, source }, index): LaneItem => {
        const label = many ? `  ${source.vantage}` : row.name;
        return { kind: 'lane', row, lane, source, label, last: index === row.lanes.length - 1 };
      });
      return many ? [{ kind: 'service', row }, ...lanes] : lanes;
    }),
  ]);
}

/** Few services have cards; many leave at least a quarter of the screen to what happened. @param room in lines */
export function layoutOf(items: readonly Item[], room: number): Layout {
  const heightsFor = (laneHeight: 1 | 2, airy: boolean): number[] =>
    items.map((item) => (item.kind === 'lane' ? laneHeight + (airy && item.last ? 1 : 0) : 1));
  for (const airy of [true, false]) {
    const heights = heightsFor(2, airy);
    const height = sum(heights);
    // An empty list has a line that says so.
    if (height <= room * 0.65) return { laneHeight: 2, heights, height: Math.max(1, height) };
  }
  const heights = heightsFor(1, false);
  const least = Math.max(4, Math.floor(room / 4));
  return { laneHeight: 1, heights, height: Math.max(1, Math.min(sum(heights), room - least)) };
}

/** How many items are seen from `top` on. */
export function seenFrom(top: number, { heights, height }: Layout): number {
  let lines = 0;
  let index = top;
  while (index < heights.length && lines + (heights[index] ?? 0) <= height) {
    lines += heights[index] ?? 0;
    index += 1;
  }
  return Math.max(1, index - top);
}

/**
 * The first item to show, so that the chosen ones are seen and no line stays empty.
 * @param top the first item that was shown
 * @param first the first chosen item; -1 for none
 * @param count how many are chosen
 */
export function scrolled(top: number, first: number, count: number, layout: Layout): number {
  let result = Math.min(top, backFrom(layout.heights.length, layout));
  if (first < 0) return result;
  result = Math.max(result, Math.min(first, backFrom(first + count, layout)));
  return Math.min(result, first);
}

/** The first item of those that fit above `end`. */
function backFrom(end: number, { heights, height }: Layout): number {
  let lines = 0;
  let index = end;
  while (index > 0 && lines + (heights[index - 1] ?? 0) <= height) {
    lines += heights[index - 1] ?? 0;
    index -= 1;
  }
  return index;
}

function sum(values: readonly number[]): number {
  return values.reduce((so, value) => so + value, 0);
}

/** A column: where it begins, and how many cells it has. Without room it has a width of 0. */
interface Column {
  readonly x: number;
  readonly width: number;
}

const NAMES = ['name', 'state', 'strip', 'latency', 'spark', 'gap', 'ago', 'gaps', 'uptime'] as const;
type ColumnName = (typeof NAMES)[number];
export type Columns = Readonly<Record<ColumnName, Column>>;

/** The list begins after the sign of the selected row. */
const LEFT = 2;
/** What goes first where a strip would be too short. */
const GOES: readonly ColumnName[] = ['spark', 'ago', 'gaps', 'latency', 'uptime', 'gap'];

/** A strip that is shorter says too little: before that, other columns go. @param width of the screen, in cells */
function leastStrip(width: number): number {
  return width < 100 ? Math.max(16, Math.floor(width * 0.3)) : Math.floor(width * 0.4);
}

/**
 * One line for each service: every fact has its column.
 * @param width of the screen, in cells
 * @param nameWidth of the longest name
 */
export function lineColumns(width: number, nameWidth: number): Columns {
  const wide = width >= 140;
  return placed(width, wide ? 2 : 1, {
    name: fitName(width, nameWidth),
    state: wide ? 15 : 8,
    latency: 7,
    spark: wide ? 16 : 0,
    gap: wide ? 24 : 18,
    ago: width < 100 ? 0 : 6,
    gaps: 4,
    uptime: width < 100 ? 7 : 8,
  });
}

/** Two lines for each service: facts stand above each other, and the strip has their room. */
export function cardColumns(width: number, nameWidth: number): Columns {
  const wide = width >= 100;
  return placed(width, wide ? 2 : 1, {
    name: Math.max(wide ? 15 : 13, fitName(width, nameWidth)),
    state: 0,
    latency: wide ? 10 : 8,
    spark: 0,
    gap: width >= 140 ? 30 : wide ? 22 : 18,
    ago: 0,
    gaps: 0,
    uptime: 8,
  });
}

function fitName(width: number, nameWidth: number): number {
  return Math.min(Math.max(7, nameWidth), Math.max(10, Math.floor(width * 0.16)));
}

function placed(width: number, space: number, wanted: Omit<Record<ColumnName, number>, 'strip'>): Columns {
  const widths: Record<ColumnName, number> = { ...wanted, strip: 0 };
  const left = (): number =>
    NAMES.reduce((rest, name) => rest - (widths[name] === 0 ? 0 : widths[name] + space), width - LEFT - 1);
  for (const name of GOES) {
    if (left() >= leastStrip(width) + space) break;
    widths[name] = 0;
  }
  widths.strip = Math.max(0, left() - space);

  let x = LEFT;
  const columns = NAMES.map((name): [ColumnName, Column] => {
    const column = { x, width: widths[name] };
    if (widths[name] > 0) x += widths[name] + space;
    return [name, column];
  });
  return Object.fromEntries(columns) as Record<ColumnName, Column>;
}

/** Which rows the list shows, and in which order. Pure. */
import type { State } from '../core/model.ts';
import { type Row, worstOf } from './dashboard-model.ts';
import type { Sort, Ui } from './ui.ts';

/** Rows under one heading; the heading is null where the list is not grouped. */
export interface Group {
  readonly heading: string | null;
  readonly rows: readonly Row[];
}

const RANK: Readonly<Record<State, number>> = { down: 0, partial: 1, unobserved: 2, unknown: 3, up: 4 };

/** The rows to show, in their groups. */
export function arranged(rows: readonly Row[], ui: Pick<Ui, 'filter' | 'sort' | 'grouped'>, now: number): Group[] {
  const sorted = sortRows(
    rows.filter((row) => matches(row, ui.filter, now)),
    ui.sort,
    now,
  );
  if (!ui.grouped) return [{ heading: null, rows: sorted }];
  const groups = new Map<string, Row[]>();
  for (const row of sorted) {
    const group = groupOf(row);
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return Array.from(groups, ([heading, members]) => ({ heading, rows: members }));
}

/** Whether every word of the filter occurs in what a row says of itself. */
function matches(row: Row, filter: string, now: number): boolean {
  if (filter.trim() === '') return true;
  const lane = row.lanes[0]?.lane;
  const about = [row.name, lane?.board.info.target, lane?.board.info.kind, groupOf(row), worstOf(row, now)];
  const text = about.join(' ').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function groupOf(row: Row): string {
  return row.lanes[0]?.lane.board.info.group ?? 'no group';
}

function sortRows(rows: readonly Row[], sort: Sort, now: number): Row[] {
  const by = (key: (row: Row) => number): Row[] =>
    rows
      .map((row) => ({ row, key: key(row) }))
      .sort((a, b) => a.key - b.key)
      .map(({ row }) => row);
  switch (sort) {
    case 'as given':
      return [...rows];
    case 'name':
      return [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
    case 'latency':
      return by((row) => -most(row, ({ lane }) => lane.latency.now ?? -1));
    case 'gaps':
      return by((row) => -most(row, ({ lane }) => lane.counts(now).gaps));
    case 'problem first': {
      const lastGap = (row: Row): number => most(row, ({ lane }) => lane.gaps.at(-1)?.to ?? 0);
      // Those that are well: the one with the newest gap first.
      return by((row) => RANK[worstOf(row, now)] * 1e15 - lastGap(row));
    }
  }
}

function most(row: Row, of: (each: Row['lanes'][number]) => number): number {
  return Math.max(...row.lanes.map(of));
}

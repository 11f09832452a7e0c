/** What the list consists of, how high each piece is, and which pieces are seen. Pure. */
import type { Lane } from './lane.ts';
import type { Row, SourceState } from './dashboard-model.ts';
import type { Group } from './order.ts';

/** A piece of the list. */
export type Item =
  | { readonly kind: 'heading'; readonly group: Group }
  /** The first line of a service that several vantages watch. */
  | { readonly kind: 'service'; readonly row: Row }
  | LaneItem;

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
    if (height <= room * 0.65) return { laneHeight: 2, heights, height };
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

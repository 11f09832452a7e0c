/** Draws the list of services: a line for each, or a card of two lines where there is room. Pure. */
import { showDuration, showShare, count } from '../core/format.ts';
import { wordOf, type State } from '../core/model.ts';
import type { Columns, LaneItem, Group } from './list-layout.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid, Span } from './cell-grid.ts';
import { ratio } from '../core/uptime.ts';
import { disagreement, stateOf, worstOf, type Row } from './dashboard-model.ts';
import type { Style } from './palette.ts';
import { cellsFor, drawSpark, drawStrip, type Window } from './view-strip.ts';
import { coarse, fitGap, showLatency, stateWord, showAgo } from './text-cells.ts';
import type { GapFacts } from '../core/messages.ts';

/** What the list is drawn with. */
export interface Brush {
  readonly grid: Grid;
  readonly columns: Columns;
  readonly glyphs: Glyphs;
  readonly window: Window;
  readonly now: number;
}

/** The style of a state. */
export function styleOf(state: State): Style {
  if (state === 'partial') return 'ahead';
  return state === 'unknown' ? 'dim' : state;
}

/** The heads of the columns, without the strip's: that is the time axis. */
export function drawHeads({ grid, columns }: Brush, y: number): void {
  const { name, state, latency, spark, gap, ago, gaps, uptime } = columns;
  grid.put(name.x, y, 'SERVICE', 'dim', name.width);
  grid.put(state.x, y, 'STATE', 'dim', state.width);
  grid.putRight(latency.x + latency.width, y, 'LATENCY', 'dim', latency.width);
  grid.put(spark.x, y, `${String(spark.width)} s`, 'dim', spark.width);
  grid.put(gap.x, y, 'LAST GAP (BOUNDS)', 'dim', gap.width);
  grid.putRight(ago.x + ago.width, y, 'AGO', 'dim', ago.width);
  grid.putRight(gaps.x + gaps.width, y, 'GAPS', 'dim', gaps.width);
  grid.putRight(uptime.x + uptime.width, y, 'UPTIME', 'dim', uptime.width);
}

/** The name of a group, and how it is. */
export function drawHeading({ grid, now }: Brush, { heading, rows }: Group, y: number): void {
  const down = rows.filter((row) => worstOf(row, now) === 'down').length;
  const x = grid.put(0, y, `${heading ?? ''}  `, 'title');
  const all = `${String(rows.length)} ${rows.length === 1 ? 'service' : 'services'}`;
  grid.put(x, y, down === 0 ? all : `${all}, ${String(down)} down`, down === 0 ? 'dim' : 'down');
}

/** The first line of a service that several vantages watch: what they say together. */
export function drawService({ grid, columns, glyphs, now }: Brush, row: Row, y: number, selected: boolean): void {
  const x = grid.put(columns.name.x, y, row.name, selected ? 'accent' : 'strong') + 2;
  const differ = disagreement(row, now);
  if (differ !== null) {
    grid.put(x, y, ` ${glyphs.differ} ${differ} `, 'warning');
    return;
  }
  const worst = worstOf(row, now);
  const number = row.lanes.length;
  const from = number === 1 ? '' : number === 2 ? ' from both' : ` from all ${String(number)}`;
  grid.put(x, y, `${glyphs.states[worst]} ${stateWord(worst)}${from}`, styleOf(worst));
}

/** The state in a word and a sign; what is not settled is shown, and said to be so. @param room in cells */
function stateSpan({ glyphs, now }: Brush, seen: LaneItem, room: number): Span {
  const live = seen.lane.live(now);
  const state = stateOf(seen, now);
  const word = `${glyphs.states[state]} ${stateWord(wordOf(state, seen.lane.board.info), room - 2)}`;
  return live.settled || state !== live.state
    ? [word, styleOf(state)]
    : [`${word}${glyphs.ascii ? '?' : '…'}`, 'ahead'];
}

/** The strip of a lane. */
function drawLaneStrip(brush: Brush, { lane, source }: LaneItem, y: number, height: number): void {
  const { grid, columns, glyphs, window, now } = brush;
  const knownUntil = source.connected ? now : source.lastMessageAt;
  const seen = lane.cells(cellsFor(columns.strip.width, window), now, knownUntil);
  drawStrip(grid, { ...columns.strip, y, height }, seen, glyphs);
}

/** The latency now, and the open outage or else the last gap with its bounds. Returns that gap; null where it is not shown. */
function drawLatencyAndGap(brush: Brush, item: LaneItem, y: number): GapFacts | null {
  const { grid, columns, now } = brush;
  const { latency, gap } = columns;
  const { lane } = item;
  const ms = lane.latency.now;
  const well = stateOf(item, now) === 'up' ? 'plain' : 'dim';
  grid.putRight(latency.x + latency.width, y, ms === null ? '–' : showLatency(ms), well, latency.width);
  const openMs = lane.openMs(now);
  const last = openMs === null ? (lane.gaps.at(-1) ?? null) : null;
  if (openMs !== null) grid.put(gap.x, y, `${showDuration(openMs)} so far`, 'down', gap.width);
  else if (last === null) grid.put(gap.x, y, '–', 'dim', gap.width);
  else grid.put(gap.x, y, fitGap(last, gap.width), 'plain', gap.width);
  return last;
}

/** One service, or one vantage's view of it, in one line. */
export function drawLine(brush: Brush, item: LaneItem, y: number, selected: boolean): void {
  const { grid, columns, glyphs, now } = brush;
  const { name, state, spark, ago, gaps, uptime } = columns;
  const { lane } = item;
  grid.put(name.x, y, item.label, selected ? 'accent' : 'plain', name.width);
  grid.spans(state.x, y, [stateSpan(brush, item, state.width)], state.width);
  drawLaneStrip(brush, item, y, 1);

  if (spark.width > 0) drawSpark(grid, spark.x, y, lane.latency.buckets(spark.width, now), glyphs);

  const last = drawLatencyAndGap(brush, item, y);
  if (last !== null) grid.putRight(ago.x + ago.width, y, coarse(now - last.to), 'dim', ago.width);
  const counts = lane.counts(now);
  const share = ratio(counts);
  grid.putRight(gaps.x + gaps.width, y, String(counts.gaps), counts.gaps > 0 ? 'strong' : 'dim', gaps.width);
  grid.putRight(uptime.x + uptime.width, y, showShare(share), share === 1 ? 'dim' : 'plain', uptime.width);
}

/** One service, or one vantage's view of it, as a card. */
export function drawCard(brush: Brush, item: LaneItem, y: number, selected: boolean): void {
  const { grid, columns, glyphs, now } = brush;
  const { name, latency, gap, uptime } = columns;
  const { lane } = item;
  grid.put(name.x, y, item.label, selected ? 'accent' : 'strong', name.width);
  const indent = item.label.length - item.label.trimStart().length;
  grid.spans(name.x + indent, y + 1, [stateSpan(brush, item, name.width - indent)], name.width - indent);
  drawLaneStrip(brush, item, y, 2);

  if (latency.width > 0) drawSpark(grid, latency.x, y + 1, lane.latency.buckets(latency.width, now), glyphs);

  const last = drawLatencyAndGap(brush, item, y);
  if (last !== null) {
    const reasons = last.reasons.map(({ reason }) => reason).join(', ');
    grid.put(gap.x, y + 1, `${showAgo(now - last.to)}  ${reasons}`, 'dim', gap.width);
  } else if (lane.openMs(now) !== null) grid.put(gap.x, y + 1, lane.board.reason ?? '', 'down', gap.width);
  const counts = lane.counts(now);
  const share = ratio(counts);
  const right = uptime.x + uptime.width;
  grid.putRight(right, y, count(counts.gaps, 'gap'), counts.gaps > 0 ? 'strong' : 'dim', uptime.width);
  grid.putRight(right, y + 1, showShare(share), share === 1 ? 'dim' : 'plain', uptime.width);
}

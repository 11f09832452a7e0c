/** Draws the list of services: a line for each, or a card of two lines where there is room. Pure. */
import { coarse, showDuration, showShare, count } from '../core/format.ts';
import { wordOf, type State } from '../core/model.ts';
import type { Columns, LaneItem, Group } from './list-layout.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid, Span } from './cell-grid.ts';
import { ratio } from '../core/uptime.ts';
import { disagreement, stateOf, worstOf, type Row } from './dashboard-model.ts';
import type { Style } from './palette.ts';
import { cellsFor, drawSpark, drawStrip, stateIn, type Window } from './view-strip.ts';
import { fitGap, showLatency, stateWord, showAgo } from './text-cells.ts';
import type { GapFacts } from '../core/messages.ts';
import { widthOf } from '../core/text-width.ts';

/** What the list is drawn with. */
export interface Brush {
  readonly grid: Grid;
  readonly columns: Columns;
  readonly glyphs: Glyphs;
  readonly window: Window;
  readonly now: number;
  /** Whether the display is paused. */
  readonly paused: boolean;
}

/** The style of a state. */
export function styleOf(state: State): Style {
  if (state === 'partial') return 'ahead';
  return state === 'unknown' ? 'dim' : state;
}

/**
 * The heads of the columns, without the strip's: that is the time axis. States that are not those of the present are said to
 * be so.
 * @param observedMs the time that the shares of uptime are of
 */
export function drawHeads(brush: Brush, y: number, observedMs: number): void {
  const { grid, columns, window, paused } = brush;
  const { name, state, latency, spark, gap, ago, gaps, uptime } = columns;
  const then = window.live ? (paused ? 'AT PAUSE' : null) : 'THEN';
  const named = then === null || state.width > 0 ? 'SERVICE' : `SERVICE, ${then}`;
  grid.put(name.x, y, named, then === null || state.width > 0 ? 'dim' : 'accent', name.width);
  grid.put(state.x, y, then ?? 'STATE', then === null ? 'dim' : 'accent', state.width);
  if (window.live) {
    grid.putRight(latency.x + latency.width, y, 'LATENCY', 'dim', latency.width);
    grid.put(spark.x, y, `${String(spark.width)} s`, 'dim', spark.width);
  }
  grid.put(gap.x, y, window.live ? 'LAST GAP (BOUNDS)' : 'GAP BEFORE THEN', 'dim', gap.width);
  grid.putRight(ago.x + ago.width, y, window.live ? 'AGO' : 'BEFORE', 'dim', ago.width);
  grid.putRight(gaps.x + gaps.width, y, 'GAPS', 'dim', gaps.width);
  // All of half a minute is not yet what one expects of an uptime.
  const share = observedMs >= 86_400_000 ? 'UPTIME' : `UP ${coarse(observedMs).replace('min', 'm')}`;
  grid.putRight(uptime.x + uptime.width, y, share, 'dim', uptime.width);
}

/** The name of a group, and how it is. */
export function drawHeading({ grid, now }: Brush, group: Group, y: number, selected: boolean): void {
  const { heading, folded, members, hidden } = group;
  const down = members.filter((row) => worstOf(row, now) === 'down').length;
  const x = grid.put(folded ? 2 : 0, y, `${heading ?? ''}  `, selected ? 'accent' : 'title');
  const all = `${count(members.length, 'service')}${down === 0 ? '' : `, ${String(down)} down`}`;
  const end = grid.put(x, y, all, down === 0 ? 'dim' : 'down');
  if (folded) grid.put(end, y, ', folded', 'dim');
  if (hidden.length === 0) return;
  const up = hidden.every((row) => worstOf(row, now) === 'up') ? ' up' : '';
  grid.put(end, y, `, and ${String(hidden.length)} more${up}: c shows them`, 'dim');
}

/** The first line of a service that several vantages watch: what they say together. */
export function drawService({ grid, columns, glyphs, now }: Brush, row: Row, y: number, selected: boolean): void {
  const differ = disagreement(row, now);
  const worst = worstOf(row, now);
  const number = row.lanes.length;
  const from = number === 1 ? '' : number === 2 ? ' from both' : ` from all ${String(number)}`;
  const state: Span =
    differ === null
      ? [`${glyphs.states[worst]} ${stateWord(worst)}${from}`, styleOf(worst)]
      : [` ${glyphs.differ} ${differ} `, 'warning'];
  // A long name leaves room for the state.
  const room = Math.max(10, grid.width - columns.name.x - widthOf(state[0]) - 3);
  const x = grid.put(columns.name.x, y, row.name, selected ? 'accent' : 'strong', room) + 2;
  grid.put(x, y, ...state);
}

/** The state in a word and a sign; what is not settled is shown, and said to be so. @param then the state at another time; null for now */
function stateSpan({ glyphs, now }: Brush, seen: LaneItem, then: State | null, room: number): Span {
  if (then !== null) return [`${glyphs.states[then]} ${stateWord(then, room - 2)}`, styleOf(then)];
  const live = seen.lane.live(now);
  const state = stateOf(seen, now);
  const word = `${glyphs.states[state]} ${stateWord(wordOf(state, seen.lane.board.info), room - 2)}`;
  return live.settled || state !== live.state
    ? [word, styleOf(state)]
    : [`${word}${glyphs.ascii ? '?' : '…'}`, 'ahead'];
}

/** The strip of a lane. Returns the state at its right edge where that is not the present; otherwise null. */
function drawLaneStrip(brush: Brush, { lane, source }: LaneItem, y: number, height: number): State | null {
  const { grid, columns, glyphs, window, now } = brush;
  const knownUntil = source.connected ? now : source.lastMessageAt;
  const seen = lane.cells(cellsFor(Math.max(1, columns.strip.width), window), now, knownUntil);
  drawStrip(grid, { ...columns.strip, y, height }, seen, glyphs);
  return window.live ? null : stateIn(seen.at(-1) ?? 0);
}

/** The latency now, and the open outage or else the last gap with its bounds; of another time only what was before it. */
function drawLatencyAndGap(brush: Brush, item: LaneItem, y: number): { last: GapFacts | null; open: string | null } {
  const { grid, columns, now, window } = brush;
  const { latency, gap } = columns;
  const { lane } = item;
  if (window.live) {
    const ms = lane.latency.now;
    const well = stateOf(item, now) === 'up' ? 'plain' : 'dim';
    grid.putRight(latency.x + latency.width, y, ms === null ? '–' : showLatency(ms), well, latency.width);
  }
  const outage = window.live ? null : lane.outageAt(window.end);
  const openMs = window.live ? lane.openMs(now) : outage === null ? null : window.end - outage.from;
  if (openMs !== null) {
    grid.put(gap.x, y, `${showDuration(openMs)} so far`, 'down', gap.width);
    return { last: null, open: window.live ? (lane.board.reason ?? '') : (outage?.reasons.join(', ') ?? '') };
  }
  const last = lane.gaps.findLast(({ to }) => window.live || to <= window.end) ?? null;
  if (last === null) grid.put(gap.x, y, '–', 'dim', gap.width);
  else grid.put(gap.x, y, fitGap(last, gap.width), 'plain', gap.width);
  return { last, open: null };
}

/** One service, or one vantage's view of it, in one line. */
export function drawLine(brush: Brush, item: LaneItem, y: number, selected: boolean): void {
  const { grid, columns, glyphs, now, window } = brush;
  const { name, state, spark, ago, gaps, uptime } = columns;
  const { lane } = item;
  grid.put(name.x, y, item.label, selected ? 'accent' : 'plain', name.width);
  const then = drawLaneStrip(brush, item, y, 1);
  grid.spans(state.x, y, [stateSpan(brush, item, then, state.width)], state.width);
  if (spark.width > 0 && window.live) drawSpark(grid, spark.x, y, lane.latency.buckets(spark.width, now), glyphs);
  const { last } = drawLatencyAndGap(brush, item, y);
  const agoFrom = window.live ? now : window.end;
  if (last !== null) grid.putRight(ago.x + ago.width, y, coarse(agoFrom - last.to), 'dim', ago.width);
  const counts = lane.counts(now);
  const share = ratio(counts);
  grid.putRight(gaps.x + gaps.width, y, String(counts.gaps), counts.gaps > 0 ? 'strong' : 'dim', gaps.width);
  grid.putRight(uptime.x + uptime.width, y, showShare(share), share === 1 ? 'dim' : 'plain', uptime.width);
}

/** One service, or one vantage's view of it, as a card. */
export function drawCard(brush: Brush, item: LaneItem, y: number, selected: boolean): void {
  const { grid, columns, glyphs, now, window } = brush;
  const { name, latency, gap, uptime } = columns;
  const { lane } = item;
  grid.put(name.x, y, item.label, selected ? 'accent' : 'strong', name.width);
  const indent = item.label.length - item.label.trimStart().length;
  const then = drawLaneStrip(brush, item, y, 2);
  grid.spans(name.x + indent, y + 1, [stateSpan(brush, item, then, name.width - indent)], name.width - indent);
  if (latency.width > 0 && window.live) {
    drawSpark(grid, latency.x, y + 1, lane.latency.buckets(latency.width, now), glyphs);
  }
  const { last, open } = drawLatencyAndGap(brush, item, y);
  if (open !== null) grid.put(gap.x, y + 1, open, 'down', gap.width);
  else if (last !== null) {
    const reasons = last.reasons.map(({ reason }) => reason).join(', ');
    const ago = window.live ? showAgo(now - last.to) : `${coarse(window.end - last.to)} before`;
    grid.put(gap.x, y + 1, `${ago}  ${reasons}`, 'dim', gap.width);
  }
  const counts = lane.counts(now);
  const share = ratio(counts);
  const right = uptime.x + uptime.width;
  grid.putRight(right, y, count(counts.gaps, 'gap'), counts.gaps > 0 ? 'strong' : 'dim', uptime.width);
  grid.putRight(right, y + 1, showShare(share), share === 1 ? 'dim' : 'plain', uptime.width);
}

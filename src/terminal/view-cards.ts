/** Draws services in two lines each: facts above each other beside a tall strip. Pure. */
import { count, showDuration, showShare } from '../core/format.ts';
import type { GapFacts } from '../core/messages.ts';
import { uptimeOf, type Lane } from './lane.ts';
import type { LaneItem } from './list-layout.ts';
import { stateOf } from './dashboard-model.ts';
import { drawLaneStrip, stateSpan, type Brush } from './view-rows.ts';
import { drawSpark } from './view-strip.ts';
import { fitGap, showAgo, showLatency } from './column-text.ts';

/** One service, or one vantage's view of it, as a card. */
export function drawCard(brush: Brush, item: LaneItem, y: number, selected: boolean): void {
  const { grid, columns, glyphs, now } = brush;
  const { name, latency, uptime } = columns;
  const { lane } = item;
  grid.put(name.x, y, item.label, selected ? 'accent' : 'strong', name.width);
  const indent = item.label.length - item.label.trimStart().length;
  grid.spans(name.x + indent, y + 1, [stateSpan(brush, item, name.width - indent)], name.width - indent);
  drawLaneStrip(brush, item, y, 2);

  const ms = lane.latency.now;
  const well = stateOf(item, now) === 'up' ? 'plain' : 'dim';
  grid.putRight(latency.x + latency.width, y, ms === null ? '–' : showLatency(ms), well, latency.width);
  if (latency.width > 0) drawSpark(grid, latency.x, y + 1, lane.latency.buckets(latency.width, now), glyphs);

  drawGap(brush, lane, y);
  const counts = lane.counts(now);
  const share = uptimeOf(counts);
  const right = uptime.x + uptime.width;
  grid.putRight(right, y, count(counts.gaps, 'gap'), counts.gaps > 0 ? 'strong' : 'dim', uptime.width);
  grid.putRight(right, y + 1, showShare(share), share === 1 ? 'dim' : 'plain', uptime.width);
}

/** The open outage and why, or the last gap with its bounds, how long ago it ended, and what its probes found. */
function drawGap({ grid, columns: { gap }, now }: Brush, lane: Lane, y: number): void {
  const open = lane.openMs(now);
  const last = lane.gaps.at(-1);
  if (open !== null) {
    grid.put(gap.x, y, `${showDuration(open)} so far`, 'down', gap.width);
    grid.put(gap.x, y + 1, lane.board.reason ?? '', 'down', gap.width);
  } else if (last === undefined) grid.put(gap.x, y, '–', 'dim', gap.width);
  else {
    grid.put(gap.x, y, fitGap(last, gap.width), 'plain', gap.width);
    grid.put(gap.x, y + 1, `${showAgo(now - last.to)}  ${reasonsOf(last)}`, 'dim', gap.width);
  }
}

function reasonsOf({ reasons }: GapFacts): string {
  return reasons.map(({ reason }) => reason).join(', ');
}

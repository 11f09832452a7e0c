/** One service in full: its strip enlarged, its last probes with their phases, its gaps with their reasons. Pure. */
import { durationText } from '../core/duration.ts';
import { count, showClock, showDuration, showGap, showUptime } from '../core/format.ts';
import type { GapFacts, SampleMessage } from '../core/messages.ts';
import { REASON_MEANS, showCauses, withMessage } from '../core/reasons.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid, Span } from './cell-grid.ts';
import type { Ui } from './key-bindings.ts';
import type { Lane } from './lane.ts';
import { wordOf } from '../core/model.ts';
import { disagreement, stateOf, type Row, type SourceState } from './dashboard-model.ts';
import { styleOf } from './view-rows.ts';
import { cellsFor, drawAxis, drawSpark, drawStrip, type Place, type Window } from './view-strip.ts';
import { showLatency, stateWord } from './text-cells.ts';

/** What the details are drawn with. */
interface DetailBrush {
  readonly grid: Grid;
  readonly glyphs: Glyphs;
  readonly window: Window;
  readonly now: number;
  readonly marks: readonly number[];
  /** The first line of the lists that is shown. */
  readonly top: number;
  /** The gap that is pointed at. */
  readonly gap: Ui['gap'];
}

type Seen = Row['lanes'][number];

/** Draws a service into a place. Returns how many lines of its lists lie below it. */
export function drawDetail(brush: DetailBrush, row: Row, place: Place): number {
  const { grid, glyphs, window, now } = brush;
  const { x, width } = place;
  const bottom = place.y + place.height;
  const tall = row.lanes.length > 1 ? 2 : 3;
  let y = drawTitle(brush, row, place);
  for (const seen of row.lanes) {
    if (y + tall + 3 > bottom) break;
    y = drawState(brush, seen, row.lanes.length > 1, { ...place, y });
    drawAxis(grid, { x, y, width, height: 1 }, window, brush.marks, glyphs);
    const knownUntil = seen.source.connected ? now : seen.source.lastMessageAt;
    const strip = { x, y: y + 1, width, height: tall };
    drawStrip(grid, strip, seen.lane.cells(cellsFor(width, window), now, knownUntil), glyphs);
    y += tall + 1;
    y = drawLatency(brush, seen.lane, { ...place, y });
  }
  if (place.height > 20) y += 1;
  return drawLists(brush, row, { x, y, width, height: bottom - y });
}

function drawTitle({ grid, now }: DetailBrush, row: Row, { x, y, width }: Place): number {
  const info = row.lanes[0]?.lane.board.info;
  if (info === undefined) return y;
  const facts = [
    info.target,
    `every ${durationText(info.intervalMs)}`,
    `timeout ${durationText(info.timeoutMs)}`,
    info.connection === 'new' ? 'new connections' : 'kept connection',
    ...(info.group === null ? [] : [`group ${info.group}`]),
  ];
  grid.spans(
    x,
    y,
    [
      [row.name, 'accent'],
      [`   ${facts.join('   ')}`, 'dim'],
    ],
    width,
  );
  const differ = disagreement(row, now);
  if (differ === null) return y + 1;
  grid.put(x, y + 1, ` ${differ} `, 'warning', width);
  return y + 2;
}

/** The state, since when, and why, with what that often means. */
function drawState({ grid, glyphs, now, window }: DetailBrush, seen: Seen, many: boolean, place: Place): number {
  const { x, y, width } = place;
  const { lane, source } = seen;
  const state = stateOf(seen, now);
  const { reason, steadySince: since, status } = lane.board;
  const head: Span[] = [
    ...(many ? [[`${source.vantage}   `, 'strong'] as const] : []),
    [window.live ? '' : 'now ', 'accent'],
    [`${glyphs.states[state]} ${stateWord(wordOf(state, lane.board.info))}`, styleOf(state)],
    [` for ${showDuration(Math.max(0, now - since))}, since ${showClock(since)}`, 'plain'],
  ];
  if (status !== state && status !== lane.state) head.push([`   status ${stateWord(status)}`, 'ahead']);
  const counts = lane.counts(now);
  head.push(
    [`   uptime ${showUptime(counts)}, ${count(counts.gaps, 'gap')}`, 'plain'],
    [counts.gaps === 0 ? '' : `, down for ${showDuration(counts.downMs)} in all`, 'plain'],
    [lane.worst === null || counts.gaps < 2 ? '' : `, longest gap ${showGap(lane.worst)}`, 'plain'],
    [counts.unobservedMs === 0 ? '' : `, not observed for ${showDuration(counts.unobservedMs)}`, 'unobserved'],
  );
  grid.spans(x, y, head, width);
  if (reason === null) return y + 1;
  grid.put(x, y + 1, withMessage(reason, lane.message), styleOf(state), width);
  grid.put(x, y + 2, REASON_MEANS[reason], 'dim', width);
  return y + 3;
}

function drawLatency({ grid, glyphs, now }: DetailBrush, lane: Lane, { x, y, width }: Place): number {
  const recent = lane.recent.lastMinute(now);
  const ms = lane.latency.now;
  if (ms === null) return y;
  const { p50Ms = ms, p99Ms = ms, maxMs = ms } = recent ?? {};
  const figures = `  p50 ${showLatency(p50Ms)}, p99 ${showLatency(p99Ms)}, slowest ${showLatency(maxMs)} of the last minute  `;
  const end = grid.spans(
    x,
    y,
    [
      ['latency ', 'dim'],
      [showLatency(ms), 'plain'],
      [recent === null ? '  ' : figures, 'dim'],
    ],
    width,
  );
  const shown = Math.min(60, Math.max(0, width - (end - x)));
  drawSpark(grid, end, y, lane.latency.buckets(60, now).slice(60 - shown), glyphs);
  return y + 1;
}

/** The lists of probes and of gaps: side by side where there is room, otherwise the gaps first. */
function drawLists(brush: DetailBrush, row: Row, place: Place): number {
  const { grid, glyphs, top } = brush;
  const { x, y, width, height } = place;
  const many = row.lanes.length > 1;
  const probes = newest(
    row,
    ({ lane }) => lane.samples,
    ({ at }) => at,
  ).map((each) => probeSpans(each, many, glyphs));
  const isPointedAt = ({ from }: GapFacts): boolean => brush.gap?.service === row.name && brush.gap.from === from;
  const gaps = [
    ...row.lanes.flatMap((seen) => openSpans(seen, many, brush.now)),
    ...newest(
      row,
      ({ lane }) => lane.gaps,
      ({ from }) => from,
    ).map((each) => gapSpans(each, many, isPointedAt(each.item))),
  ];
  const draw = (title: string, lines: readonly Span[][], at: Place): void => {
    if (at.height < 2) return;
    grid.put(at.x, at.y, title, 'dim', at.width);
    lines.slice(top, top + at.height - 1).forEach((spans, line) => {
      grid.spans(at.x, at.y + 1 + line, spans, at.width);
    });
  };
  const gapsTitle = gaps.length === 0 ? 'GAPS: none so far' : 'GAPS, WITH BOUNDS';
  const probesTitle = 'LAST PROBES';
  if (width >= 110) {
    const half = Math.floor(width / 2);
    draw(gapsTitle, gaps, { x, y, width: half - 2, height });
    draw(probesTitle, probes, { x: x + half, y, width: width - half, height });
    return Math.max(0, Math.max(gaps.length, probes.length) - top - (height - 1));
  }
  const first = Math.min(Math.max(1, gaps.length) + 1, Math.floor(height / 2));
  draw(gapsTitle, gaps, { x, y, width, height: first });
  draw(probesTitle, probes, { x, y: y + first, width, height: height - first });
  return Math.max(0, Math.max(gaps.length - top - (first - 1), probes.length - top - (height - first - 1)));
}

interface FromSource<T> {
  readonly item: T;
  readonly source: SourceState;
}

/** The lists of all lanes as one, the newest first. */
function newest<T>(row: Row, of: (seen: Seen) => readonly T[], time: (each: T) => number): FromSource<T>[] {
  return row.lanes
    .flatMap((seen) => of(seen).map((item) => ({ item, source: seen.source })))
    .sort((a, b) => time(b.item) - time(a.item));
}

function probeSpans({ item, source }: FromSource<SampleMessage>, many: boolean, glyphs: Glyphs): Span[] {
  const { at, durationMs, result, reason, message, phases } = item;
  const parts = [
    ['dns', phases.dnsMs],
    ['connect', phases.connectMs],
    ['tls', phases.tlsMs],
    ['reply', phases.replyMs],
  ] as const;
  const took = parts.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${showLatency(ms)}`]));
  return [
    [`${showClock(at)} `, 'dim'],
    [many ? `${source.vantage} ` : '', 'dim'],
    [`${glyphs.states[result]} ${stateWord(result).padEnd(4)} `, styleOf(result)],
    [`${showLatency(durationMs).padStart(7)} `, 'plain'],
    // The message says so too, but may not fit.
    [message?.includes('(SYN) was lost') === true ? ' SYN lost ' : '', 'ahead'],
    [` ${took.join('  ')}`, 'dim'],
    [reason === null ? '' : `  ${withMessage(reason, message)}`, 'plain'],
  ];
}

/** The outage that is open, if one is. */
function openSpans({ lane, source }: Seen, many: boolean, now: number): Span[][] {
  const ms = lane.openMs(now);
  if (ms === null || lane.openFrom === null) return [];
  return [
    [
      [`${showClock(lane.openFrom)} `, 'dim'],
      [many ? `${source.vantage} ` : '', 'dim'],
      [` ${showDuration(ms)} so far  `, 'down'],
      [lane.board.reason ?? '', 'dim'],
    ],
  ];
}

function gapSpans({ item, source }: FromSource<GapFacts>, many: boolean, pointedAt: boolean): Span[] {
  return [
    [`${showClock(item.from)} `, pointedAt ? 'accent' : 'dim'],
    [many ? `${source.vantage} ` : '', 'dim'],
    [` ${showGap(item)}  `, pointedAt ? 'accent' : 'strong'],
    [showCauses(item.reasons), 'dim'],
  ];
}

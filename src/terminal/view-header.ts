/** The first line: where this is, how the services are, how the monitor itself is, the time. Pure. */
import { count, showClock } from '../core/format.ts';
import type { State } from '../core/model.ts';
import type { Glyphs } from './glyphs.ts';
import type { Grid, Span } from './cell-grid.ts';
import { worstOf, type Model, type SourceState } from './dashboard-model.ts';
import { widthOf } from './text-cells.ts';
import type { Ui } from './ui.ts';
import { styleOf } from './view-rows.ts';
import { coarse, showAgo, showLatency, stateWord } from './column-text.ts';

/** Probes that start later than this, at the 99th percentile, are worth a warning. Milliseconds. */
const LATE_MS = 20;

/** What the header is made from. */
export interface HeaderFacts {
  readonly model: Model;
  readonly ui: Ui;
  readonly glyphs: Glyphs;
  /** The present by the clock on the wall. */
  readonly clock: number;
  /** The time that the picture shows: earlier where it is held still. */
  readonly now: number;
  /** Events that wait while the picture is held still. */
  readonly waiting: number;
}

export function drawHeader(grid: Grid, facts: HeaderFacts): void {
  const { model, ui, glyphs } = facts;
  const room = grid.width - 1;
  const right = [
    ...pictureSpans(facts),
    ...monitorSpans(model),
    [showClock(facts.clock).slice(0, 8), 'strong'] as Span,
  ];
  const vantages = model.sources.map(({ vantage }) => vantage).join(', ');
  const left: Span[] = [['gapwatch', 'title'], [`  ${vantages}   `, 'plain'], ...countSpans(model, glyphs, facts.now)];
  if (ui.filter !== '') left.push([`  only "${ui.filter}"`, 'accent']);
  const leftEnd = grid.spans(1, 0, left, room - 1);
  // From the right: the clock is the last to go.
  let end = room;
  for (const [text, style] of right.reverse()) {
    const width = widthOf(text);
    if (end - width < leftEnd + 2) break;
    grid.put(end - width, 0, text, style);
    end -= width + 2;
  }
}

function countSpans(model: Model, glyphs: Glyphs, now: number): Span[] {
  const counts: Record<State, number> = { down: 0, partial: 0, unobserved: 0, unknown: 0, up: 0 };
  for (const row of model.rows) counts[worstOf(row, now)] += 1;
  return (Object.keys(counts) as State[]).flatMap((state): Span[] => {
    const number = counts[state];
    if (number === 0 && state !== 'up') return [];
    const text = `${glyphs.states[state]} ${String(number)} ${stateWord(state)}`;
    const style = number === 0 ? 'dim' : styleOf(state);
    return [state === 'down' ? [` ${text} `, 'alarm'] : [text, style], ['  ', 'plain']];
  });
}

/** Whether the picture is held still, or shows another time. */
function pictureSpans({ ui, waiting, clock, now }: HeaderFacts): Span[] {
  const spans: Span[] = [];
  if (ui.held !== null) {
    spans.push([` HELD ${coarse(clock - ui.held)}, ${count(waiting, 'event')} since `, 'badge']);
  }
  if (ui.end !== null) spans.push([` ${showAgo(now - ui.end).toUpperCase()} `, 'badge']);
  return spans;
}

function monitorSpans({ sources }: Model): Span[] {
  const lost = sources.filter(({ connected }) => !connected).map(({ vantage }) => vantage);
  if (lost.length > 0) return [[` NOT CONNECTED: ${lost.join(', ')} `, 'warning']];
  const told = sources.flatMap(({ heartbeat }) => (heartbeat === null ? [] : [heartbeat]));
  if (told.some(({ overloaded }) => overloaded)) {
    const missed = told.reduce((sum, heartbeat) => sum + heartbeat.missed, 0);
    return [[` OVERLOADED: ${count(missed, 'probe')} missed `, 'warning']];
  }
  const rates = sources.flatMap(({ probesPerSecond }: SourceState) => probesPerSecond ?? []);
  if (rates.length === 0 || told.length === 0) return [];
  const rate = rates.reduce((sum, each) => sum + each, 0);
  const late = Math.max(...told.map(({ lateMs }) => lateMs));
  return [
    [`${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)} probes/s`, 'plain'],
    [`late ${showLatency(late)}`, late > LATE_MS ? 'warning' : 'dim'],
  ];
}

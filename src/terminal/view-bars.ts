/** The first line, the last line, and the help that fills what is between them. Pure. */
import { count, showClock } from '../core/format.ts';
import type { State } from '../core/model.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid, Span } from './cell-grid.ts';
import { worstOf, type Model, type SourceState } from './dashboard-model.ts';
import { coarse, showAgo, showLatency, stateWord } from './text-cells.ts';
import { cellsOf, widthOf } from '../core/text-width.ts';
import type { Ui } from './key-bindings.ts';
import { styleOf } from './view-rows.ts';
import type { Style } from './palette.ts';

/** Probes that start later than this, at the 99th percentile, are worth a warning. Milliseconds. */
const LATE_MS = 20;

/** What the header is made from. */
interface HeaderFacts {
  readonly model: Model;
  readonly ui: Ui;
  readonly glyphs: Glyphs;
  /** The present. */
  readonly clock: number;
  /** The time that is shown: earlier while the display is paused. */
  readonly now: number;
  /** Events that wait while the display is paused. */
  readonly waiting: number;
}

/** The first line: vantages, how many services are in which state, the monitor itself, the time. */
export function drawHeader(grid: Grid, facts: HeaderFacts): void {
  const { model, ui, glyphs } = facts;
  const room = grid.width - 1;
  const right = [
    ...displaySpans(facts),
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

/** Whether the display is paused, or shows another time. */
function displaySpans({ ui, waiting, clock, now }: HeaderFacts): Span[] {
  const spans: Span[] = [];
  if (ui.pausedAt !== null) {
    spans.push([` PAUSED ${coarse(clock - ui.pausedAt)}, ${count(waiting, 'event')} since `, 'badge']);
  }
  if (ui.end !== null) spans.push([` ${showAgo(now - ui.end)} `, 'badge']);
  return spans;
}

function monitorSpans({ sources }: Model): Span[] {
  const lost = sources.filter(({ connected }) => !connected).map(({ vantage }) => vantage);
  if (lost.length > 0) return [[` NOT CONNECTED: ${lost.join(', ')} `, 'warning']];
  const heartbeats = sources.flatMap(({ heartbeat }) => (heartbeat === null ? [] : [heartbeat]));
  if (heartbeats.some(({ overloaded }) => overloaded)) {
    const missed = heartbeats.reduce((sum, heartbeat) => sum + heartbeat.missed, 0);
    return [[` OVERLOADED: ${count(missed, 'probe')} missed `, 'warning']];
  }
  const rates = sources.flatMap(({ probesPerSecond }: SourceState) => probesPerSecond ?? []);
  if (rates.length === 0 || heartbeats.length === 0) return [];
  const rate = rates.reduce((sum, each) => sum + each, 0);
  const late = Math.max(...heartbeats.map(({ lateMs }) => lateMs));
  return [
    [`${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)} probes/s`, 'plain'],
    [`late ${showLatency(late)}`, late > LATE_MS ? 'warning' : 'dim'],
  ];
}

type Hint = readonly [key: string, does: string];

/** The last line: the keys, or the text that is being typed. */
export function drawFoot(grid: Grid, ui: Ui, glyphs: Glyphs): void {
  const y = grid.height - 1;
  if (ui.mode === 'mark' || ui.mode === 'filter') {
    const ask = ui.mode === 'mark' ? ' Mark this moment as: ' : ' Show only services with: ';
    const then = ui.mode === 'mark' ? 'Enter marks, Esc cancels' : 'Enter keeps it, Esc clears it';
    const room = Math.max(8, grid.width - widthOf(ask) - widthOf(then) - 5);
    const shown = endOf(ui.input, room);
    const x = grid.spans(0, y, [
      [ask, 'accent'],
      [shown, 'strong'],
      [glyphs.cursor, 'accent'],
    ]);
    grid.put(x + 2, y, then, 'dim');
    return;
  }
  const hints = ui.mode === 'help' ? [['any key', 'back'] as const] : hintsOf(ui, glyphs);
  const keys: Hint[] = [...hints, ...(ui.mode === 'help' ? [] : [['?', 'keys'] as const]), ['q', 'quit']];
  const needed = (gap: number): number =>
    keys.reduce((sum, [key, does]) => sum + widthOf(key) + 1 + widthOf(does) + gap, 1);
  // The last two always stay.
  while (needed(2) > grid.width && keys.length > 2) keys.splice(-3, 1);
  const gap = needed(3) <= grid.width ? '   ' : '  ';
  grid.spans(
    1,
    y,
    keys.flatMap(([key, does]): Span[] => [
      [key, 'key'],
      [` ${does}${gap}`, 'dim'],
    ]),
  );
}

/** The last part of a text, where the cursor is. @param room in cells */
function endOf(text: string, room: number): string {
  let width = 0;
  return cellsOf(text, false)
    .reverse()
    .filter((cell) => (width += cell.width) <= room)
    .reverse()
    .map(({ char }) => char)
    .join('');
}

/** The keys that matter most come first: where the width is small, the others are left out. */
function hintsOf(ui: Ui, glyphs: Glyphs): Hint[] {
  const hold: Hint = ['space', ui.pausedAt === null ? 'pause' : 'resume'];
  const time: Hint = [glyphs.sideways, 'time'];
  const zoom: Hint = ['+-', coarse(ui.windowMs)];
  if (ui.mode === 'detail') {
    return [
      ['Esc', 'back'],
      hold,
      zoom,
      time,
      ['m', 'mark'],
      [glyphs.arrows, 'scroll'],
      ['Tab', 'next'],
      ['r', 'reset'],
    ];
  }
  const sort: Hint = ['s', ui.sort === 'as given' ? 'sort' : ui.sort];
  return [
    [glyphs.enter, 'open'],
    hold,
    ['m', 'mark'],
    zoom,
    time,
    ['/', 'filter'],
    sort,
    ['g', ui.grouped ? 'ungroup' : 'group'],
    ['r', 'reset'],
    [glyphs.arrows, 'select'],
  ];
}

const KEY_WIDTH = 14;

function keysOf(glyphs: Glyphs): readonly (readonly [key: string, does: string])[] {
  return [
    [`${glyphs.arrows} j k`, 'select a service; PgUp PgDn Home End move further; the mouse works too'],
    ['Enter', 'one service in full; Esc goes back, Tab shows the next one'],
    ['+ -', 'a shorter or a longer window of time, 10 s to 24 h'],
    [glyphs.sideways, 'move back and forth in time; 0 is now'],
    ['space', 'pause the display; probing goes on'],
    ['m', 'mark this moment with a note'],
    ['s', 'sort: as given, problem first, by name, by latency, by gaps'],
    ['/', 'show only some services'],
    ['g', 'group the services as the configuration does'],
    ['r', 'set the counts to zero'],
    ['Ctrl-Z', 'suspend to the shell; fg returns, the time in between is not observed'],
    ['Ctrl-L', 'draw everything again'],
    ['q Ctrl-C', 'quit'],
  ];
}

function signsOf({ strip, states, mark }: Glyphs): readonly (readonly [sign: string, style: Style, is: string])[] {
  const down = [...new Set([strip.down, strip.downLeft, strip.downRight])].join(' ');
  return [
    [strip.up.repeat(3), 'up', `up; ${strip.slow} slow: over --slow, or far slower than in the last minute`],
    [down, 'down', 'down: a single failed probe shows, however wide the window'],
    [strip.unobserved.repeat(3), 'unobserved', 'not observed: this monitor was not probing, or could not'],
    [strip.unknown.repeat(3), 'dim', 'nothing is known'],
    [strip.down, 'ahead', 'not settled yet: earlier probes are still pending'],
    [mark, 'mark', 'a mark'],
    [states.down, 'down', '0.25 s (0.21–0.31): the gap was 0.25 s, at least 0.21 s and at most 0.31 s'],
  ];
}

/** The keys and the signs, explained. */
export function drawHelp(grid: Grid, glyphs: Glyphs): void {
  const lines: Span[][] = [
    [['Keys', 'title']],
    ...keysOf(glyphs).map(([key, does]): Span[] => [
      [key.padEnd(KEY_WIDTH), 'key'],
      [does, 'plain'],
    ]),
    [],
    [['In the strips', 'title']],
    ...signsOf(glyphs).map(([sign, style, is]): Span[] => [
      [sign.padEnd(6), style],
      [is, 'plain'],
    ]),
  ];
  const roomy = lines.length + 4 <= grid.height;
  const shown = roomy ? lines : lines.filter((line) => line.length > 0);
  shown.slice(0, grid.height - 2).forEach((line, index) => {
    grid.spans(2, index + (roomy ? 2 : 1), line, grid.width - 3);
  });
}

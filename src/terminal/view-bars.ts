/** The first line, the last line, and the help that fills what is between them. Pure. */
import { coarse, count, showClock } from '../core/format.ts';
import type { State } from '../core/model.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid, Span } from './cell-grid.ts';
import { worstOf, type Model, type Row, type SourceState } from './dashboard-model.ts';
import { showAgo, showLatency, stateWord } from './text-cells.ts';
import { cellsOf, widthOf } from '../core/text-width.ts';
import type { Seen, Ui } from './key-bindings.ts';
import { styleOf } from './view-rows.ts';
import type { Style } from './palette.ts';

/** Probes that start later than this, at the 99th percentile, are worth a warning. Milliseconds. */
const LATE_MS = 20;

/** What the header is made from. */
interface HeaderFacts {
  readonly model: Model;
  /** Those that the filter lets through. */
  readonly rows: readonly Row[];
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
  const { model, rows, ui, glyphs } = facts;
  const room = grid.width - 1;
  const right = [...monitorSpans(model), [showClock(facts.clock).slice(0, 8), 'strong'] as Span];
  const vantages = model.sources.map(({ vantage }) => vantage).join(', ');
  const left: Span[] = [
    ['gapwatch', 'title'],
    [`  ${vantages}   `, 'plain'],
    [ui.end === null ? '' : 'now ', 'dim'],
    ...countSpans(rows, glyphs, facts.now),
  ];
  if (ui.filter !== '') {
    left.push([`  only "${ui.filter}": ${String(rows.length)} of ${count(model.rows.length, 'service')}`, 'accent']);
  }
  const displayed = displayTexts(facts);
  // That the display is not live must be seen, at whatever width: the rest gives way.
  const least = Math.min(...displayed.map((text) => widthOf(text) + 2));
  const leftEnd = grid.spans(1, 0, left, room - 1 - (displayed.length === 0 ? 0 : least));
  const badge = displayed.find((text) => leftEnd + 12 + widthOf(text) <= room) ?? displayed.at(-1) ?? '';
  const badgeWidth = badge === '' ? 0 : widthOf(badge) + 2;
  // From the right: the clock is the last to go.
  let end = room;
  for (const [text, style] of right.reverse()) {
    const width = widthOf(text);
    if (end - width - badgeWidth < leftEnd + 2) continue;
    grid.put(end - width, 0, text, style);
    end -= width + 2;
  }
  grid.putRight(end, 0, badge, 'badge', widthOf(badge));
}

function countSpans(rows: readonly Row[], glyphs: Glyphs, now: number): Span[] {
  const counts: Record<State, number> = { down: 0, partial: 0, unobserved: 0, unknown: 0, up: 0 };
  for (const row of rows) counts[worstOf(row, now)] += 1;
  return (Object.keys(counts) as State[]).flatMap((state): Span[] => {
    const number = counts[state];
    if (number === 0 && state !== 'up') return [];
    const text = `${glyphs.states[state]} ${String(number)} ${stateWord(state)}`;
    const style = number === 0 ? 'dim' : styleOf(state);
    return [state === 'down' ? [` ${text} `, 'alarm'] : [text, style], ['  ', 'plain']];
  });
}

/** That the display is paused, or shows another time: the longest form first. Empty where it is live. */
function displayTexts({ ui, waiting, clock, now }: HeaderFacts): string[] {
  if (ui.pausedAt !== null) {
    // Of a window that was moved back, its own end is what is shown.
    const ago = showAgo(clock - (ui.end ?? ui.pausedAt));
    return [
      ` PAUSED, ${ago}, ${count(waiting, 'event')} since; space resumes `,
      ` PAUSED, ${ago}; space resumes `,
      ` PAUSED, ${ago} `,
    ];
  }
  if (ui.end === null) return [];
  const ago = showAgo(now - ui.end);
  return [` NOT LIVE, ${ago}; 0 shows now `, ` ${ago}; 0: now `];
}

function monitorSpans({ sources }: Model): Span[] {
  if (sources.some(({ connected, identity }) => !connected && identity === null)) return [[' connecting ', 'warning']];
  const lost = sources.filter(({ connected }) => !connected).map(({ vantage }) => vantage);
  if (lost.length > 0) return [[` NOT CONNECTED: ${lost.join(', ')} `, 'warning']];
  const heartbeats = sources.flatMap(({ heartbeat }) => (heartbeat === null ? [] : [heartbeat]));
  if (heartbeats.some(({ overloaded }) => overloaded)) {
    const missed = heartbeats.reduce((sum, heartbeat) => sum + heartbeat.missed, 0);
    return [[` OVERLOADED: ${count(missed, 'probe')} missed; ? helps `, 'warning']];
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

/** What the last line is made from, of the frame. */
type FootFacts = Pick<Seen, 'windowMs' | 'groups' | 'entries'>;

/** The last line: the keys, or the text that is being typed. */
export function drawFoot(grid: Grid, ui: Ui, glyphs: Glyphs, facts: FootFacts): void {
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
  const hints = ui.mode === 'help' ? helpHints(glyphs) : hintsOf(ui, glyphs, facts);
  const keys: Hint[] = [...hints, ...(ui.mode === 'help' ? [] : [['?', 'keys'] as const]), ['q', 'quit']];
  const begin = ui.said === null ? 1 : 1 + widthOf(ui.said) + 3;
  const needed = (gap: number): number =>
    keys.reduce((sum, [key, does]) => sum + widthOf(key) + 1 + widthOf(does) + gap, begin);
  // The last two always stay.
  while (needed(2) > grid.width && keys.length > 2) keys.splice(-3, 1);
  const gap = needed(3) <= grid.width ? '   ' : '  ';
  if (ui.said !== null) grid.put(1, y, ui.said, 'accent');
  grid.spans(
    begin,
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

function helpHints({ arrows }: Glyphs): Hint[] {
  return [
    ['any other key', 'back'],
    [arrows, 'more'],
  ];
}

/** The keys that matter most come first: where the width is small, the others are left out. */
function hintsOf(ui: Ui, glyphs: Glyphs, { windowMs, groups, entries }: FootFacts): Hint[] {
  const hold: Hint = ['space', ui.pausedAt === null ? 'pause' : 'resume'];
  const time: Hint = [glyphs.sideways, 'time'];
  const zoom: Hint = ['+-', coarse(windowMs)];
  if (ui.mode === 'detail') {
    return [
      ['Esc', 'back'],
      hold,
      ['n', 'last gap'],
      zoom,
      time,
      ['m', 'mark'],
      [glyphs.arrows, 'scroll'],
      ['Tab', 'next'],
      ['r', 'reset'],
    ];
  }
  const sort: Hint = ['s', ui.sort === 'as given' ? 'sort' : ui.sort];
  const fold: Hint[] = groups.length > 0 ? [['c', 'fold']] : [];
  // What is of no service cannot be opened: the window moves there.
  const isMoment = ui.entry !== null && entries().some(({ id, service }) => id === ui.entry && service === null);
  return [
    [glyphs.enter, isMoment ? 'show then' : 'open'],
    hold,
    ['m', 'mark'],
    ['n', 'last gap'],
    zoom,
    time,
    ['/', 'filter'],
    sort,
    ['g', groups.length > 0 ? 'ungroup' : 'group'],
    ...fold,
    ['r', 'reset'],
    ['Tab', ui.entry === null ? 'events' : 'services'],
    [glyphs.arrows, 'select'],
  ];
}

const KEY_WIDTH = 14;

function keysOf(glyphs: Glyphs): readonly (readonly [key: string, does: string])[] {
  return [
    [`${glyphs.arrows} j k`, 'select a service; PgUp PgDn Home End, wheel and click do too'],
    ['Enter', 'one service in full; Esc goes back, Tab shows the next one'],
    ['Tab', 'select in what happened: Enter opens it; Tab goes back'],
    ['n N', 'show the last gap, then the one before it; N: the one after it'],
    ['+ -', 'a shorter or a longer window of time, 10 s to 24 h'],
    [glyphs.sideways, 'move back and forth in time; 0 is now'],
    ['space', 'pause the display; probing goes on'],
    ['m', 'mark this moment with a note'],
    ['s', 'sort: as given, problem first, by name, by latency, by gaps'],
    ['/', 'show only some services, and what happened to them'],
    ['g', 'group the services as the configuration does, or not'],
    ['c C', 'fold or unfold a group, or all of them'],
    ['r', 'set the counts to zero'],
    ['Ctrl-Z', 'suspend to the shell; fg returns, in between is not observed'],
    ['Ctrl-L', 'draw everything again'],
    ['q Ctrl-C', 'quit'],
  ];
}

function signsOf({ strip, states, mark }: Glyphs): readonly (readonly [sign: string, style: Style, is: string])[] {
  const down = [...new Set([strip.down, strip.downLeft, strip.downRight])].join(' ');
  return [
    [strip.up.repeat(3), 'up', `up; ${strip.slow} slow: over --slow, or far slower than the last minute`],
    [down, 'down', 'down: a single failed probe shows, however wide the window'],
    [strip.unobserved.repeat(3), 'unobserved', 'not observed: this monitor was not probing, or could not'],
    [strip.unknown.repeat(3), 'dim', 'nothing is known'],
    [strip.down, 'ahead', 'not settled yet: earlier probes are still pending'],
    [mark, 'mark', 'a mark'],
    [states.down, 'down', '0.25 s (0.21–0.31): a gap of 0.25 s, at least 0.21 s, at most 0.31 s'],
  ];
}

/** The figures of the monitor itself, and what to do about them. */
const MONITOR_HELP: readonly (readonly [what: string, is: string])[] = [
  ['late 91 ms', 'so late are the latest 1 % of the probes, since this machine is'],
  ['', 'busy: bounds of gaps are that much wider. Stop other load, or'],
  ['', 'give the monitor priority (nice). Up to 20 ms does not matter.'],
  ['OVERLOADED', 'probes were left out: short gaps may be missing. Watch fewer'],
  ['', 'services, or less often (--interval), or with more --workers.'],
  ['stalled', 'not observed: the monitor did not run in time. Suspended: the'],
  ['', 'machine slept. Resources: out of descriptors, ports or memory.'],
  ['UP 26 s', 'the shares below are of so much time: too short for an uptime.'],
];

/**
 * The keys, the signs and the figures, explained: as many sections on a page as it has room for.
 * @returns how many pages come after this one
 */
export function drawHelp(grid: Grid, glyphs: Glyphs, page: number): number {
  const sections: Span[][][] = [
    [
      [['Keys', 'title']],
      ...keysOf(glyphs).map(([key, does]): Span[] => [
        [key.padEnd(KEY_WIDTH), 'key'],
        [does, 'plain'],
      ]),
    ],
    [
      [['In the strips', 'title']],
      ...signsOf(glyphs).map(([sign, style, is]): Span[] => [
        [sign.padEnd(6), style],
        [is, 'plain'],
      ]),
    ],
    [
      [['The monitor itself', 'title']],
      ...MONITOR_HELP.map(([what, is]): Span[] => [
        [what.padEnd(12), 'accent'],
        [is, 'plain'],
      ]),
    ],
  ];
  const room = grid.height - 3;
  const pages = sections.reduce<Span[][][]>((so, section) => {
    const last = so.at(-1);
    if (last !== undefined && last.length + 1 + section.length <= room) last.push([], ...section);
    else so.push([...section]);
    return so;
  }, []);
  const shown = Math.min(page, pages.length - 1);
  pages[shown]?.forEach((line, index) => {
    if (index <= room) grid.spans(2, index + 1 + (grid.height >= 30 ? 1 : 0), line, grid.width - 3);
  });
  return pages.length - 1 - shown;
}

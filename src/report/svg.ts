/**
 * A report drawn: the timelines of all services to scale, for an incident's write-up. A state is shown by its shape as
 * well as by its colour: up is a low bar, down a high one, not observed is hatched. Pure.
 */
import { escapedXml } from '../core/printable.ts';
import { showDuration, showTime } from '../core/format.ts';
import { columnWidth, fitted } from '../core/text-width.ts';
import type { Report, ReportGap, ReportInterval, ServiceReport } from './report.ts';
import {
  printableReport,
  showCommand,
  showGapLine,
  showLength,
  showNoServices,
  showVantage,
} from './report-phrases.ts';
import { darkStyle, paint, rounded, text, upright } from './svg-paint.ts';
import { ticks } from './timeline-view.ts';

const WIDTH = 1000;
const LEFT = 190;
const RIGHT = 24;
const ROW = 44;
const BAR = 18;
const HEAD = 96;
/** About so many labels fit beside each other. */
const TICKS = 8;
/** Room for a line of a label; letters are about so wide. */
const LINE = 16;
const LETTER = 6.2;
/** A gap that is shorter on paper is still seen. */
const LEAST_WIDTH = 1.5;
/** Labels of marks: more would cover each other. */
const MARKS = 12;

/** The report as an SVG document. */
export function svg(found: Report): string {
  const report = printableReport(found);
  const place = (at: number): number => {
    const share = (Math.min(Math.max(at, report.from), report.to) - report.from) / Math.max(1, report.to - report.from);
    return Math.round((LEFT + share * (WIDTH - LEFT - RIGHT)) * 100) / 100;
  };
  const body: string[] = [];
  let y = HEAD + LINE;
  for (const vantage of report.vantages) {
    body.push(text(LEFT, y, `seen from ${showVantage(vantage)}`, 'note'));
    if (vantage.services.length === 0) body.push(text(LEFT, (y += LINE), showNoServices(report), 'note'));
    y += 8;
    for (const service of vantage.services) {
      // There may be more than fit on the stack as arguments.
      for (const line of rowOf(service, y, place)) body.push(line);
      y += ROW;
    }
    y += LINE;
  }
  const bottom = y - LINE + 4;
  const height = bottom + 2 * LINE + 28;
  const title = titleOf(report);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" width="${String(WIDTH)}" height="${String(height)}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-labelledby="title desc">`,
    `  <title id="title">${escapedXml(title)}</title>`,
    `  <desc id="desc">${escapedXml(describe(report))}</desc>`,
    `  <style>${darkStyle()}</style>`,
    `  <defs><pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line ${paint('hatch')} x1="0" y1="0" x2="0" y2="6"/></pattern></defs>`,
    `  <rect ${paint('paper')} width="${String(WIDTH)}" height="${String(height)}"/>`,
    text(16, 26, fitted(title, (WIDTH - 32) / 9), 'title'),
    ...inLines(report.verdict?.sentence ?? window(report)).map((line, n) => text(16, 46 + n * LINE, line, 'faint')),
    ...axis(report, place, bottom),
    ...moments(report, place, bottom),
    ...body,
    ...legend(height - 12),
    '</svg>',
  ].join('\n')}\n`;
}

function titleOf({ run }: Report): string {
  return run === null ? 'gapwatch report' : `gapwatch run: ${showCommand(run.command)}`;
}

function window({ from, to }: Report): string {
  return `${showTime(from)} to ${showTime(to)} (${showDuration(to - from)})`;
}

/** All that the drawing shows, for screen readers. */
function describe(report: Report): string {
  const services = report.vantages.flatMap(({ vantage, services: all }) =>
    all.map((service) => `${service.service} from ${vantage}: ${summaryOf(service)}`),
  );
  const none = services.length === 0 ? [showNoServices(report)] : [];
  return [report.verdict?.sentence ?? '', `Window: ${window(report)}.`, ...services, ...none]
    .filter((one) => one !== '')
    .join('\n');
}

function summaryOf(service: ServiceReport): string {
  const gaps = service.gaps.slice(-20).map((gap) => showGapLine(gap, service));
  const unobserved = service.unobservedMs > 0 ? [`not observed for ${showDuration(service.unobservedMs)}`] : [];
  const all = [...gaps, ...unobserved];
  if (all.length > 0) return `${all.join('; ')}.`;
  if (service.asks !== false)
    return service.partialMs > 0 ? 'up from some vantages only at times.' : 'up all the time.';
  return service.connectionsLost.length > 0 ? 'the kept connection was lost.' : 'not broken.';
}

function rowOf(service: ServiceReport, y: number, place: (at: number) => number): string[] {
  const base = y + LINE + BAR;
  const bars = drawable(service.intervals, place).map(({ state, x, width }) => {
    const tall = state === 'up' ? 5 : state === 'partial' ? BAR / 2 : BAR;
    return `<rect ${paint(state)} x="${String(x)}" y="${String(base - tall)}" width="${String(width)}" height="${String(tall)}"/>`;
  });
  return [
    `  <g><title>${escapedXml(`${service.service}: ${summaryOf(service)}`)}</title>`,
    `  ${text(LEFT - 10, base - 2, fitted(service.service, (LEFT - 20) / LETTER), 'text', 'end')}`,
    ...bars.map((bar) => `    ${bar}`),
    ...labels(service.gaps, place).map(({ x, label }) => `  ${text(x, base - BAR - 4, label, 'small', 'middle')}`),
    '  </g>',
  ];
}

interface Bar {
  readonly state: ReportInterval['state'];
  readonly x: number;
  readonly width: number;
}

/** Bars of intervals; what is too short to be distinguished on paper is drawn as one, and downtime goes before the rest. */
function drawable(intervals: readonly ReportInterval[], place: (at: number) => number): Bar[] {
  const long: Bar[] = [];
  const short: Bar[] = [];
  for (const { state, from, to } of intervals) {
    const x = place(from);
    const width = place(to) - x;
    const bars = state === 'up' || state === 'unknown' ? long : short;
    if (bars === long && width < 0.2) continue;
    const before = bars.at(-1);
    if (before?.state === state && x - before.x - before.width < 0.3) {
      bars[bars.length - 1] = { ...before, width: rounded(Math.max(before.width, x + width - before.x)) };
    } else bars.push({ state, x, width: rounded(bars === long ? width : Math.max(width, LEAST_WIDTH)) });
  }
  return [...long, ...short];
}

/** Labels of gaps that do not cover each other: the longest gaps have theirs. */
function labels(gaps: readonly ReportGap[], place: (at: number) => number): { x: number; label: string }[] {
  const placed: { x: number; label: string; half: number }[] = [];
  for (const gap of gaps.toSorted((a, b) => b.durationMs - a.durationMs)) {
    const label = showLength(gap);
    const half = widthOf(label) / 2;
    const middle = (place(gap.from) + place(gap.to ?? (gap.end === 'open' ? Infinity : gap.from + gap.durationMs))) / 2;
    const x = rounded(Math.min(Math.max(middle, LEFT + half), WIDTH - 4 - half));
    if (placed.every((other) => Math.abs(other.x - x) > other.half + half + 6)) placed.push({ x, label, half });
  }
  return placed;
}

function axis(report: Report, place: (at: number) => number, bottom: number): string[] {
  const { run } = report;
  const zero = run === null ? null : run.startedAt - report.from;
  const whole = { from: 0, to: report.to - report.from };
  return ticks(whole, { zero, epoch: report.from }, TICKS).flatMap(({ at, label }) => [
    `  ${upright(place(report.from + at), HEAD, bottom, 'rule')}`,
    text(place(report.from + at), bottom + LINE, label, 'note', 'middle'),
  ]);
}

/** The command's start and end, and marks. What would cover another label has none: its text is its title. */
function moments(report: Report, place: (at: number) => number, bottom: number): string[] {
  const { run } = report;
  const lines: string[] = [];
  const command = new Labels(HEAD - 2);
  if (run !== null && run.ending !== 'not-started') {
    const [from, to] = [place(run.startedAt), place(run.endedAt ?? report.to)];
    lines.push(
      `  <rect ${paint('span')} x="${String(from)}" y="${String(HEAD)}" width="${String(rounded(to - from))}" height="${String(bottom - HEAD)}"/>`,
      `  ${upright(from, HEAD - 8, bottom, 'command')}`,
    );
    command.add(from, 'command starts', to - from < 110);
    if (run.endedAt !== null) {
      lines.push(`  ${upright(to, HEAD - 8, bottom, 'command')}`);
      command.add(to, 'ends', false);
    }
  }
  const marked = new Labels(HEAD - 14);
  const marks = report.marks.filter(({ text: words }) => run === null || !words.startsWith('run: ')).slice(-MARKS);
  for (const mark of marks) {
    lines.push(`  <g><title>${escapedXml(mark.text)}</title>${upright(place(mark.at), HEAD - 8, bottom, 'mark')}</g>`);
    marked.add(place(mark.at), fitted(mark.text, 26), false);
  }
  return [...lines, ...command.shown, ...marked.shown];
}

/** Labels beside uprights, on one line. */
class Labels {
  readonly shown: string[] = [];
  readonly #y: number;
  readonly #taken: { readonly from: number; readonly to: number }[] = [];

  constructor(y: number) {
    this.#y = y;
  }

  /** Right of a place, or left of it where there is no room, or `left` asks for it; not at all where neither is free. */
  add(x: number, label: string, left: boolean): void {
    const width = widthOf(label);
    for (const isLeft of left ? [true, false] : [false, true]) {
      const from = isLeft ? x - 4 - width : x + 4;
      const isFree = this.#taken.every((one) => from + width + 4 < one.from || from > one.to + 4);
      if (!isFree || from < 8 || from + width > WIDTH - 4) continue;
      this.#taken.push({ from, to: from + width });
      this.shown.push(text(isLeft ? x - 4 : x + 4, this.#y, label, 'small', isLeft ? 'end' : 'start'));
      return;
    }
  }
}

function legend(y: number): string[] {
  const entries = [
    ['up', 'up', 5],
    ['down', 'down, with its length and bounds', BAR - 6],
    ['unobserved', 'not observed', BAR - 6],
  ] as const;
  let x = LEFT;
  return entries.flatMap(([state, label, tall]) => {
    const bar = `  <rect ${paint(state)} x="${String(x)}" y="${String(y - tall)}" width="18" height="${String(tall)}"/>`;
    const words = text(x + 24, y, label, 'note');
    x = rounded(x + 44 + label.length * LETTER);
    return [bar, words];
  });
}

/** How wide a label is, at most: letters differ. */
function widthOf(label: string): number {
  return columnWidth(label) * LETTER;
}

/** A sentence on two lines at most. */
function inLines(sentence: string): string[] {
  const room = Math.floor((WIDTH - 32) / LETTER);
  const end = columnWidth(sentence) <= room ? -1 : sentence.lastIndexOf(' ', room);
  if (end < 0) return [fitted(sentence, room)];
  return [fitted(sentence.slice(0, end), room), fitted(sentence.slice(end + 1), room)];
}

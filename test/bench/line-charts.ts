/** Figures over time as small line charts, one below the other, in the colours of the report's drawing. */
import { escapedXml } from '../../src/core/printable.ts';
import { darkStyle, paint, rounded, text, upright } from '../../src/report/svg-paint.ts';
import { ticks } from '../../src/report/timeline-view.ts';

export interface Chart {
  readonly title: string;
  readonly unit: string;
  /** Two at most; each has a value for each moment. */
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export interface Drawing {
  readonly title: string;
  readonly sentence: string;
  /** Since the start, in milliseconds. */
  readonly moments: readonly number[];
  readonly charts: readonly Chart[];
}

const WIDTH = 1000;
const LEFT = 64;
const RIGHT = 24;
const HEAD = 64;
const TALL = 96;
/** Of a chart, with its title and its axis. */
const EACH = 152;
/** What the lines are painted with. */
const PAINTS = ['command', 'hatch'] as const;
/** Letters are about so wide. */
const LETTER = 6.2;

export function lineCharts({ title, sentence, moments, charts }: Drawing): string {
  const height = HEAD + charts.length * EACH + 8;
  const end = Math.max(1, moments.at(-1) ?? 1);
  const place = (at: number): number => rounded(LEFT + (at / end) * (WIDTH - LEFT - RIGHT));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" width="${String(WIDTH)}" height="${String(height)}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-labelledby="title desc">`,
    `  <title id="title">${escapedXml(title)}</title>`,
    `  <desc id="desc">${escapedXml(`${sentence}\n${charts.map(describe).join('\n')}`)}</desc>`,
    `  <style>${darkStyle()}</style>`,
    `  <rect ${paint('paper')} width="${String(WIDTH)}" height="${String(height)}"/>`,
    text(16, 26, title, 'title'),
    text(16, 46, sentence, 'faint'),
    ...charts.flatMap((chart, n) => drawn(chart, HEAD + n * EACH, moments, place)),
    '</svg>',
  ].join('\n')}\n`;
}

function drawn(chart: Chart, y: number, moments: readonly number[], place: (at: number) => number): string[] {
  const { title, unit, lines } = chart;
  const top = y + 24;
  const bottom = top + TALL;
  const most = roundAbove(Math.max(...lines.flatMap(({ values }) => values)));
  const up = (value: number): number => rounded(bottom - (value / most) * TALL);
  const across = [0, most / 2, most].flatMap((value) => [
    `  <line ${paint('rule')} x1="${String(LEFT)}" y1="${String(up(value))}" x2="${String(WIDTH - RIGHT)}" y2="${String(up(value))}"/>`,
    text(LEFT - 8, up(value) + 4, String(rounded(value)), 'note', 'end'),
  ]);
  const window = { from: 0, to: moments.at(-1) ?? 0 };
  const along = ticks(window, { zero: 0, epoch: 0 }, 8).flatMap(({ at, label }) => [
    `  ${upright(place(at), bottom, bottom + 4, 'rule')}`,
    text(place(at), bottom + 16, label, 'note', 'middle'),
  ]);
  let x = LEFT + (title.length + unit.length + 2) * LETTER + 24;
  const drawnLines = lines.flatMap(({ name, values }, n) => {
    const ink = `${paint(PAINTS[n % PAINTS.length] ?? 'command')} fill="none"`;
    const points = values.map((value, at) => `${String(place(moments[at] ?? 0))},${String(up(value))}`).join(' ');
    const key = [
      `  <line ${ink} x1="${String(x)}" y1="${String(y + 10)}" x2="${String(x + 18)}" y2="${String(y + 10)}"/>`,
      text(x + 24, y + 14, name, 'note'),
    ];
    x += 48 + name.length * LETTER;
    return [`  <polyline ${ink} points="${points}"/>`, ...key];
  });
  return [text(LEFT, y + 14, `${title}, ${unit}`, 'text'), ...across, ...along, ...drawnLines];
}

/** For those who do not see it. */
function describe({ title, unit, lines }: Chart): string {
  const ranges = lines.map(({ name, values }) => {
    const [first = 0, last = 0] = [values[0], values.at(-1)];
    return `${name} from ${String(rounded(first))} to ${String(rounded(last))}, at most ${String(rounded(Math.max(...values)))}`;
  });
  return `${title} in ${unit}: ${ranges.join('; ')}.`;
}

/** The next of 1, 2, 4, 6, 8 or 10 times a power of ten. */
function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  return ([1, 2, 4, 6, 8].find((digit) => digit * power >= value) ?? 10) * power;
}

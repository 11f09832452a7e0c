/**
 * `npm run picture`: runs the demo in a real terminal (tmux), waits until a service is down, and draws what stands there
 * as the README's picture, `docs/dashboard.svg`.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import xterm, { type IBufferCell } from '@xterm/headless';

const COLUMNS = 120;
const ROWS = 27;
/** The demo shows three different gaps in this time. */
const LATEST_MS = 40_000;
const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;
const INK = '#d8dee9';
const PAPER = '#14181f';
/** The terminal's own 16 colours. */
const BASE = [
  '#2e3440',
  '#ef6b73',
  '#8fbf7f',
  '#e5c07b',
  '#7aa2d8',
  '#c08fc9',
  '#6fc1c9',
  '#d8dee9',
  '#6b7487',
  '#ff8b92',
  '#a9d69a',
  '#f2d399',
  '#9abdf0',
  '#d9aee2',
  '#93dbe2',
  '#ffffff',
];
const SESSION = `gapwatch-picture-${String(process.pid)}`;

function tmux(...words: string[]): string {
  return execFileSync('tmux', words, { encoding: 'utf8' });
}

/** The screen with its escape sequences, in the moment in which all services are restarted. */
async function capture(): Promise<string> {
  const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
  const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
  const command = `LANG=C.UTF-8 ${process.execPath} ${main} demo --listen off --vantage rack-2`;
  tmux('new-session', '-d', '-s', SESSION, ...size, command);
  try {
    const until = Date.now() + LATEST_MS;
    while (Date.now() < until) {
      await sleep(30);
      const screen = tmux('capture-pane', '-p', '-e', '-t', SESSION);
      const [services = '', events = ''] = screen.split('WHAT HAPPENED');
      if (events.includes('everything is restarted') && services.includes('▼')) return screen;
    }
    throw new Error('the demo showed no outage in time');
  } finally {
    tmux('kill-session', '-t', SESSION);
  }
}

function colour(cell: IBufferCell, which: 'fg' | 'bg'): string | null {
  const [isDefault, isRgb, value] =
    which === 'fg'
      ? [cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()]
      : [cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()];
  if (isDefault) return null;
  if (isRgb) return `#${value.toString(16).padStart(6, '0')}`;
  if (value < 16) return BASE[value] ?? INK;
  if (value >= 232) return `rgb(${[0, 0, 0].map(() => 8 + (value - 232) * 10).join(',')})`;
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const index = value - 16;
  return `rgb(${[Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map(level).join(',')})`;
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c);
}

async function draw(screen: string): Promise<string> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  await new Promise<void>((resolve) => {
    terminal.write(screen.trimEnd().replaceAll('\n', '\r\n'), resolve);
  });
  const shapes: string[] = [];
  for (let y = 0; y < ROWS; y++) {
    const line = terminal.buffer.active.getLine(y);
    for (let x = 0; x < COLUMNS; x++) {
      const cell = line?.getCell(x);
      if (cell === undefined) continue;
      const inverse = cell.isInverse() !== 0;
      const [fg, bg] = [colour(cell, 'fg'), colour(cell, 'bg')];
      const paper = inverse ? (fg ?? INK) : bg;
      const ink = inverse ? (bg ?? PAPER) : (fg ?? INK);
      const left = (MARGIN + x * CELL.width).toFixed(1);
      const top = MARGIN + y * CELL.height;
      const box = `x="${left}" width="${(CELL.width + 0.3).toFixed(1)}"`;
      if (paper !== null)
        shapes.push(`<rect ${box} y="${String(top)}" height="${String(CELL.height)}" fill="${paper}"/>`);
      const chars = cell.getChars();
      // Block elements are drawn as blocks: fonts leave seams between them.
      const eighths = chars === '' ? -1 : '▁▂▃▄▅▆▇█'.indexOf(chars) + 1;
      if (eighths > 0) {
        const height = (CELL.height * eighths) / 8;
        shapes.push(
          `<rect ${box} y="${(top + CELL.height - height).toFixed(1)}" height="${height.toFixed(1)}" fill="${ink}"/>`,
        );
      } else if (chars.trim() !== '') {
        const weight = cell.isBold() !== 0 ? ' font-weight="bold"' : '';
        const dim = cell.isDim() !== 0 ? ' opacity="0.6"' : '';
        shapes.push(`<text x="${left}" y="${String(top + 13.5)}" fill="${ink}"${weight}${dim}>${escape(chars)}</text>`);
      }
    }
  }
  const width = 2 * MARGIN + COLUMNS * CELL.width;
  const height = 2 * MARGIN + ROWS * CELL.height;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${String(height)}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>The dashboard of gapwatch: three services, their timelines with gaps, and what happened</title>
<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>
${shapes.join('\n')}
</svg>
`;
}

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
const file = join(root, 'docs', 'dashboard.svg');
writeFileSync(file, await draw(await capture()));
process.stderr.write(`Wrote ${file}\n`);

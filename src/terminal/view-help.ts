/** The keys and the signs, explained. Pure. */
import type { Glyphs } from './glyphs.ts';
import type { Grid, Span } from './cell-grid.ts';
import type { Style } from './style.ts';

const KEY_WIDTH = 14;

function keysOf(glyphs: Glyphs): readonly (readonly [key: string, does: string])[] {
  return [
    [`${glyphs.arrows} j k`, 'select a service; PgUp PgDn Home End go further; the mouse works too'],
    ['Enter', 'one service in full; Esc leads back, Tab shows the next one'],
    ['+ -', 'a shorter or a longer window of time, 10 s to 24 h'],
    [glyphs.sideways, 'go back in time and forth; 0 is now'],
    ['space', 'hold the picture still; measuring goes on'],
    ['m', 'mark this moment, in a word'],
    ['s', 'sort: as given, problem first, by name, by latency, by gaps'],
    ['/', 'show only some services'],
    ['g', 'group the services as the configuration does'],
    ['r', 'set the counts to zero'],
    ['Ctrl-Z', 'to the shell; fg comes back, the time between was not observed'],
    ['Ctrl-L', 'draw everything again'],
    ['q Ctrl-C', 'quit'],
  ];
}

function signsOf({ strip, states, mark }: Glyphs): readonly (readonly [sign: string, style: Style, is: string])[] {
  const down = [...new Set([strip.down, strip.downLeft, strip.downRight])].join(' ');
  return [
    [strip.up.repeat(3), 'up', 'up'],
    [down, 'down', 'down: one failed probe is enough, however wide the window'],
    [strip.unobserved.repeat(3), 'unobserved', 'not observed: this monitor was not looking, or could not'],
    [strip.unknown.repeat(3), 'dim', 'nothing is known'],
    [strip.down, 'ahead', 'not settled yet: earlier probes are still on their way'],
    [mark, 'mark', 'a mark'],
    [states.down, 'down', '0.25 s (0.21–0.31): the gap was 0.25 s, surely 0.21 s at least and 0.31 s at most'],
  ];
}

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

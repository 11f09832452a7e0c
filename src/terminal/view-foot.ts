/** The last line: the keys, or the word that is being typed. Pure. */
import type { Glyphs } from './glyphs.ts';
import type { Grid, Span } from './cell-grid.ts';
import { cellsOf, widthOf } from './text-cells.ts';
import type { Ui } from './ui.ts';
import { coarse } from './column-text.ts';

type Hint = readonly [key: string, does: string];

export function drawFoot(grid: Grid, ui: Ui, glyphs: Glyphs): void {
  const y = grid.height - 1;
  if (ui.mode === 'mark' || ui.mode === 'filter') {
    const ask = ui.mode === 'mark' ? ' Mark this moment, in a word: ' : ' Show only services with: ';
    const then = ui.mode === 'mark' ? 'Enter marks, Esc does not' : 'Enter keeps it, Esc shows all';
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

/** The last part of a text: where one types. @param room in cells */
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
  const hold: Hint = ['space', ui.held === null ? 'hold' : 'go on'];
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

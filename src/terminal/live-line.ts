/** The one line that shows how things stand while a command runs. Pure. */
import { cellsOf, widthOf } from './text-cells.ts';
import { showDuration } from '../core/format.ts';
import type { State } from '../core/model.ts';

export interface LiveService {
  readonly name: string;
  readonly state: State;
  /** For how long. */
  readonly forMs: number;
}

/** The first ones are worth more when there is not room for all. */
const ORDER: Readonly<Record<State, number>> = { down: 0, partial: 1, unobserved: 2, unknown: 3, up: 4 };
const COLOUR: Readonly<Record<State, string>> = {
  down: '1;31',
  partial: '33',
  unobserved: '33',
  unknown: '2',
  up: '32',
};
const BETWEEN = ' · ';

/**
 * `during  +3.21 s  cache DOWN 0.40 s · web UP 3.21 s · and 3 more`, in so many cells at most.
 * @param head what stands before the services
 */
export function liveLine(head: string, services: readonly LiveService[], columns: number, colours: boolean): string {
  const sorted = services.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]);
  let line = cut(head, columns);
  let width = widthOf(line);
  for (const [index, { name, state, forMs }] of sorted.entries()) {
    const shown = cut(name, Math.max(4, Math.floor(columns / 3)));
    const [word, since] = [state.toUpperCase(), showDuration(forMs)];
    const before = index === 0 ? '  ' : BETWEEN;
    const tookWidth = before.length + widthOf(shown) + 1 + word.length + 1 + since.length;
    const left = sorted.length - index - 1;
    const more = (n: number): string => `${index === 0 ? '  ' : BETWEEN}and ${String(n)} more`;
    if (width + tookWidth + (left > 0 ? more(left).length : 0) > columns) {
      const rest = more(left + 1);
      return width + rest.length > columns ? line : line + rest;
    }
    line += `${before}${shown} ${colours ? `\x1b[${COLOUR[state]}m${word}\x1b[0m` : word} ${since}`;
    width += tookWidth;
  }
  return line;
}

/** A text in so many cells at most. */
function cut(text: string, columns: number): string {
  const cells = cellsOf(text, false);
  let width = 0;
  const fitting = cells.filter((cell) => (width += cell.width) <= columns);
  if (fitting.length === cells.length) return cells.map(({ char }) => char).join('');
  return `${fitting
    .slice(0, -1)
    .map(({ char }) => char)
    .join('')}…`;
}

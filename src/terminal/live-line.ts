/** The line at the bottom of a terminal that shows the services while a command runs. */
import type { WriteStream } from 'node:tty';

import { cellsOf, widthOf } from '../core/text-width.ts';
import { showDuration } from '../core/format.ts';
import { WORST_FIRST, wordOf, type State } from '../core/model.ts';

/** A service on the line. */
export interface LiveService {
  readonly name: string;
  readonly state: State;
  readonly asks?: boolean;
  /** For how long. */
  readonly forMs: number;
}

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
 * @param head the text before the services
 */
export function liveLine(head: string, services: readonly LiveService[], columns: number, colours: boolean): string {
  const sorted = services.toSorted((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state));
  let line = cut(head, columns);
  let width = widthOf(line);
  for (const [index, { name, state, asks = true, forMs }] of sorted.entries()) {
    const shown = cut(name, Math.max(4, Math.floor(columns / 3)));
    const [word, since] = [wordOf(state, { asks }).toUpperCase(), showDuration(forMs)];
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

/** No more often: it is for eyes. */
const REDRAW_MS = 150;
/** Smaller than this nothing is kept apart. */
const LEAST_ROWS = 4;

/**
 * One line at the bottom of a terminal, below what other programs write. They write to the terminal directly, so it is
 * kept apart as apt keeps its progress bar: the terminal scrolls only what is above it, and the cursor stays theirs.
 * Each drawing is one write, so that nothing of theirs gets in between.
 */
export class BottomLine {
  readonly #stream: WriteStream;
  readonly #render: (columns: number) => string;
  readonly #timer: NodeJS.Timeout;
  readonly #onResize: () => void;
  /** Ctrl-\: the terminal is given back, then it ends as it would have without us. */
  readonly #onQuit = (): void => {
    this.close();
    process.kill(process.pid, 'SIGQUIT');
  };
  /** Ctrl-Z. */
  readonly #onStop = (): void => {
    this.#close();
    process.kill(process.pid, 'SIGSTOP');
  };
  /** The rows of the terminal when its bottom was set apart; 0 while it is not. */
  #rows = 0;
  #drawn = '';

  /**
   * The line on a terminal; null where the stream is none that can be drawn on.
   * @param render the line, without a line break, of at most so many cells
   */
  static on(stream: WriteStream, env: NodeJS.ProcessEnv, render: (columns: number) => string): BottomLine | null {
    const term = env['TERM'] ?? '';
    if (!stream.isTTY || term === '' || term === 'dumb' || term === 'unknown') return null;
    return new BottomLine(stream, render);
  }

  private constructor(stream: WriteStream, render: (columns: number) => string) {
    this.#stream = stream;
    this.#render = render;
    this.#open();
    this.#onResize = () => {
      this.#close();
      this.#open();
      this.#draw();
    };
    stream.on('resize', this.#onResize);
    process.on('SIGQUIT', this.#onQuit);
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onResize);
    this.#timer = setInterval(() => {
      this.#draw();
    }, REDRAW_MS);
  }

  /** The whole terminal scrolls again, and the line is gone. */
  close(): void {
    clearInterval(this.#timer);
    this.#stream.off('resize', this.#onResize);
    process.off('SIGQUIT', this.#onQuit);
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onResize);
    this.#close();
  }

  #open(): void {
    const { rows } = this.#stream;
    if (rows < LEAST_ROWS) return;
    this.#rows = rows;
    this.#drawn = '';
    // A line more, so that the cursor is not on the one that is set apart; setting the region moves it, so it is kept.
    this.#stream.write(`\n\x1b7\x1b[1;${String(rows - 1)}r\x1b8\x1b[1A`);
  }

  #close(): void {
    if (this.#rows === 0) return;
    this.#stream.write(`\x1b7\x1b[r\x1b[${String(this.#rows)};1H\x1b[2K\x1b8`);
    this.#rows = 0;
  }

  #draw(): void {
    if (this.#rows === 0) return;
    // The last cell of a line makes some terminals wrap.
    const line = this.#render(this.#stream.columns - 1);
    if (line === this.#drawn) return;
    this.#drawn = line;
    this.#stream.write(`\x1b7\x1b[${String(this.#rows)};1H\x1b[2K${line}\x1b8`);
  }
}

/**
 * One line at the bottom of a terminal, below what other programs write. They write to the terminal directly, so it is
 * kept apart as apt keeps its progress bar: the terminal scrolls only what is above it, and the cursor stays theirs.
 * Each drawing is one write, so that nothing of theirs gets in between.
 */
import type { WriteStream } from 'node:tty';

/** No more often: it is for eyes. */
const REDRAW_MS = 150;
/** Smaller than this nothing is kept apart. */
const LEAST_ROWS = 4;

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

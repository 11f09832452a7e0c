/**
 * The terminal: enters and leaves it, reads keys and mouse, shows frames. One of the two files that know blessed.
 *
 * blessed reads neither Debian's terminal descriptions nor any that is newer than itself, so it is given its own of
 * xterm-256color, whatever TERM says: only sequences that every terminal since the VT100 understands are written, and
 * colours only where the palette has them.
 */
import { createRequire } from 'node:module';

import blessed from 'blessed';

import { ScreenWriter, type CellScreen } from './screen-writer.ts';
import type { Grid, Size } from './cell-grid.ts';
import { paletteOf, type Colours } from './palette.ts';

/** What a person does. */
interface TerminalEvents {
  /** A key: its name (`up`, `enter`, `S-tab`, `C-c`), or the character. */
  key(key: string): void;
  /** The mouse: a click, or the wheel. @param y the line on the screen, 0 at the top */
  mouse(action: 'click' | 'wheelup' | 'wheeldown', y: number): void;
  /** The size changed, or all was lost: to be drawn again. */
  redraw(): void;
  /** The terminal is gone. */
  gone(): void;
}

interface TerminalOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly colours: Colours;
  readonly mouse: boolean;
}

/** What is used of blessed's screen and program and not in their types. */
type Screen = CellScreen & { enter(): void; leave(): void; alloc(): void; destroy(): void };
type Program = ReturnType<typeof blessed.program> & { _terminal: string };
interface Key {
  readonly full?: string;
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
}

/** Keys that are called by their name; others are the character that they write. */
const NAMED = new Set([
  'up',
  'down',
  'left',
  'right',
  'pageup',
  'pagedown',
  'home',
  'end',
  'enter',
  'escape',
  'backspace',
  'space',
  'tab',
]);

/** The terminal of the dashboard, from its construction until `close`. */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #events: TerminalEvents;
  readonly #program: Program;
  readonly #screen: Screen;
  readonly #writer: ScreenWriter;
  readonly #onStop = (): void => {
    this.suspend();
  };
  readonly #onContinue = (): void => {
    this.#resume();
  };
  readonly #onGone = (): void => {
    this.#events.gone();
  };
  #releaseStderr: () => void;
  #closed = false;
  #away = false;

  /** Enters the terminal. */
  constructor(options: TerminalOptions, events: TerminalEvents) {
    const { input, output } = options;
    this.#options = options;
    this.#events = events;
    this.#writer = new ScreenWriter(paletteOf(options.colours));
    this.#releaseStderr = holdStderr();
    setBlocking(output, false);
    this.#program = programOn(input, output);
    this.#screen = screenOf(this.#program);
    this.#program.on('keypress', (char: string | undefined, key: Key) => {
      const name = nameOf(char, key);
      if (name !== null) events.key(name);
    });
    if (options.mouse) this.#listenToMouse();
    // After blessed's own listener, which has made room for the new size by then.
    this.#program.on('resize', () => {
      this.#writer.forget();
      events.redraw();
    });
    input.on('end', this.#onGone).on('error', this.#onGone);
    output.on('error', this.#onGone);
    process.on('SIGTSTP', this.#onStop).on('SIGCONT', this.#onContinue);
  }

  get size(): Size {
    return { width: this.#program.cols, height: this.#program.rows };
  }

  /** Whether it has not taken the last frame yet: another one would only wait behind it. */
  get busy(): boolean {
    return this.#away || this.#options.output.writableNeedDrain;
  }

  show(grid: Grid): void {
    if (!this.#closed && !this.#away) this.#writer.show(this.#screen, grid);
  }

  /** Draws everything again with the next frame, whatever is on the screen. */
  forget(): void {
    this.#screen.alloc();
    this.#writer.forget();
  }

  /** Gives the terminal back to the shell and stops this process, until `fg`. */
  suspend(): void {
    if (this.#closed || this.#away) return;
    this.#away = true;
    this.#leave();
    process.off('SIGTSTP', this.#onStop);
    // The whole group, as the terminal itself does at Ctrl-Z: what started this process has to stop, too.
    process.kill(0, 'SIGTSTP');
  }

  /** Leaves the terminal as it was. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { input, output } = this.#options;
    process.off('SIGTSTP', this.#onStop).off('SIGCONT', this.#onContinue);
    input.off('end', this.#onGone).off('error', this.#onGone);
    if (!this.#away) this.#leave();
    this.#screen.destroy();
    // Only now: while blessed still writes, a terminal that is gone must not raise an error.
    setImmediate(() => output.off('error', this.#onGone));
  }

  #leave(): void {
    const { input, output, mouse } = this.#options;
    // What is written from here on must have arrived before the process ends or stops.
    setBlocking(output, true);
    if (mouse) this.#program.disableMouse();
    this.#screen.leave();
    this.#program.flush();
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    this.#releaseStderr();
  }

  #resume(): void {
    if (this.#closed) return;
    const { input, output, mouse } = this.#options;
    // Also after SIGSTOP, which gives no warning: the shell has changed the terminal in the meantime.
    if (!this.#away) this.#leave();
    this.#away = false;
    process.off('SIGTSTP', this.#onStop).on('SIGTSTP', this.#onStop);
    this.#releaseStderr = holdStderr();
    setBlocking(output, false);
    if (input.isTTY) input.setRawMode(true);
    input.resume();
    this.#screen.enter();
    if (mouse) this.#enableMouse();
    this.#writer.forget();
    this.#events.redraw();
  }

  #listenToMouse(): void {
    this.#enableMouse();
    this.#program.on('mouse', ({ action, y }: { action: string; y: number }) => {
      if (action === 'mousedown') this.#events.mouse('click', y);
      else if (action === 'wheelup' || action === 'wheeldown') this.#events.mouse(action, y);
    });
  }

  /** Clicks and the wheel, not every movement. */
  #enableMouse(): void {
    this.#program.setMouse({ vt200Mouse: true, sgrMouse: true }, true);
  }
}

function programOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Program {
  // Made without a description first: blessed would spell the path of the given one in small letters.
  const options: unknown = { input, output, tput: false, buffer: true, zero: true };
  const program = blessed.program(options as Parameters<typeof blessed.program>[0]) as Program;
  program._terminal = createRequire(import.meta.url).resolve('blessed/usr/xterm-256color');
  return program;
}

function screenOf(program: Program): Screen {
  // Without this blessed draws lines in the VT100's graphics set, even where there is UTF-8.
  const before = process.env['NCURSES_NO_UTF8_ACS'];
  process.env['NCURSES_NO_UTF8_ACS'] = '1';
  try {
    // text-cells.ts knows the widths: those of `fullUnicode` are of 2015.
    return blessed.screen({ program, forceUnicode: true, fullUnicode: false }) as unknown as Screen;
  } finally {
    if (before === undefined) delete process.env['NCURSES_NO_UTF8_ACS'];
    else process.env['NCURSES_NO_UTF8_ACS'] = before;
  }
}

function nameOf(char: string | undefined, { name, ctrl, meta, shift }: Key): string | null {
  // blessed reports it twice: as `return`, and as `enter`.
  if (name === 'return' || meta === true) return null;
  if (name === 'linefeed') return 'enter';
  if (name !== undefined && (NAMED.has(name) || ctrl === true)) {
    return `${ctrl === true ? 'C-' : ''}${shift === true ? 'S-' : ''}${name}`;
  }
  return char ?? null;
}

/**
 * Writing to a terminal waits for it: one that does not read (a stalled ssh) would stop this thread, and with it the
 * feed. So it is switched to not waiting as long as frames are drawn. Node offers that only on the handle.
 */
function setBlocking(output: NodeJS.WriteStream, blocking: boolean): void {
  const { _handle: handle } = output as { _handle?: { setBlocking?: (blocking: boolean) => void } };
  handle?.setBlocking?.(blocking);
}

/** Characters of stderr that are kept while the dashboard is shown: the newest. */
const MOST = 100_000;

/**
 * Holds back what this process writes to stderr, if that is a terminal: it would tear the dashboard.
 * @returns ends that, and writes what was held back
 */
function holdStderr(stream: NodeJS.WriteStream = process.stderr): () => void {
  if (!stream.isTTY) return () => undefined;
  const write = stream.write.bind(stream);
  let held = '';
  stream.write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
    held = (held + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).slice(-MOST);
    const done = rest.findLast((argument) => typeof argument === 'function') as (() => void) | undefined;
    if (done !== undefined) process.nextTick(done);
    return true;
  };
  return () => {
    stream.write = write;
    if (held !== '') write(held);
    held = '';
  };
}

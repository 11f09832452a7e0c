/** A terminal inside the test's own process: streams that look like a terminal's, and xterm's emulator behind them. */
import { PassThrough, Writable } from 'node:stream';

import xterm from '@xterm/headless';

/** One cell of the screen. */
export interface ScreenCell {
  readonly char: string;
  /** 0 for the second half of a wide character. */
  readonly width: number;
  /** The colour's number in the palette; -1 for the terminal's own. */
  readonly fg: number;
  readonly bold: boolean;
  readonly inverse: boolean;
}

export class TerminalScreen {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** Characters that were written. */
  written = '';
  readonly #terminal: xterm.Terminal;
  readonly #typed = new PassThrough();

  constructor(width: number, height: number) {
    const terminal = new xterm.Terminal({ cols: width, rows: height, allowProposedApi: true });
    this.#terminal = terminal;
    const keep = (text: string): void => {
      this.written += text;
    };
    const output = new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done): void {
        keep(chunk);
        terminal.write(chunk, done);
      },
    });
    this.output = Object.assign(output, { isTTY: true, columns: width, rows: height }) as unknown as NodeJS.WriteStream;
    const raw = Object.assign(this.#typed, {
      isTTY: true,
      isRaw: false,
      setRawMode(mode: boolean): void {
        raw.isRaw = mode;
      },
    });
    this.input = raw as unknown as NodeJS.ReadStream;
  }

  /** Types what the terminal would send for keys. */
  async type(keys: string): Promise<void> {
    this.#typed.write(keys);
    await this.settled();
  }

  async resize(width: number, height: number): Promise<void> {
    this.#terminal.resize(width, height);
    Object.assign(this.output, { columns: width, rows: height });
    this.output.emit('resize');
    await this.settled();
  }

  /** Waits until what was written so far is on the screen. */
  async settled(): Promise<void> {
    // Once for blessed, which collects what it writes in one turn of the loop, and once for the stream.
    for (let turn = 0; turn < 3 || this.output.writableLength > 0; turn++) await new Promise(setImmediate);
    await new Promise<void>((resolve) => {
      this.#terminal.write('', resolve);
    });
  }

  /** The lines of the screen, without the spaces at their ends. */
  lines(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, y) => active.getLine(y)?.translateToString(true) ?? '');
  }

  cell(x: number, y: number): ScreenCell {
    const cell = this.#terminal.buffer.active.getLine(y)?.getCell(x);
    if (cell === undefined) throw new Error(`there is no cell ${String(x)},${String(y)}`);
    return {
      char: cell.getChars(),
      width: cell.getWidth(),
      fg: cell.isFgDefault() ? -1 : cell.getFgColor(),
      bold: cell.isBold() !== 0,
      inverse: cell.isInverse() !== 0,
    };
  }

  get alternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  get mouse(): boolean {
    return this.#terminal.modes.mouseTrackingMode !== 'none';
  }
}

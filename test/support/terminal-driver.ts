/** A real terminal for the tests: a program in a shell in tmux, its keys, its screen, and what it leaves behind. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { waitFor } from './wait-for.ts';

const run = promisify(execFile);

/** The compiled test program: the dashboard over a real monitor. */
export const PROGRAM = fileURLToPath(new URL('./terminal-program.js', import.meta.url));

export interface DriverOptions {
  readonly width?: number;
  readonly height?: number;
  /** What the program finds in its environment, beside a UTF-8 locale; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What the terminal is like. */
export interface TerminalState {
  readonly alternateScreen: boolean;
  readonly cursor: boolean;
  readonly mouse: boolean;
}

export class TerminalDriver {
  static #opened = 0;
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens a terminal with a shell in it; `$ ` is its prompt. */
  static async open({ width = 100, height = 24, env = {} }: DriverOptions = {}): Promise<TerminalDriver> {
    TerminalDriver.#opened += 1;
    const driver = new TerminalDriver(`gapwatch-test-${String(process.pid)}-${String(TerminalDriver.#opened)}`);
    const settings = { NO_COLOR: undefined, LC_ALL: 'C.UTF-8', PS1: '$ ', ...env };
    const words = Object.entries(settings).map(([name, value]) => {
      return value === undefined ? ['-u', name] : [`${name}=${value}`];
    });
    // `env` wants what it takes away before what it sets.
    const assigned = words.sort((a, b) => b.length - a.length).flat();
    const shell = ['env', ...assigned, 'bash', '--norc', '--noprofile'];
    const size = ['-x', String(width), '-y', String(height)];
    await driver.#tmux('-u', '-f', '/dev/null', 'new-session', '-d', ...size, ...shell);
    await driver.waitFor('a prompt', (lines) => lines.some((line) => line.startsWith('$')));
    return driver;
  }

  /** Types a command and Enter. */
  async command(command: string): Promise<void> {
    await this.type(command);
    await this.keys('Enter');
  }

  /** Starts the test program. @param targets `NAME=PORT` */
  async start(intervalMs: number, targets: readonly string[]): Promise<void> {
    const words = [process.execPath, PROGRAM, String(intervalMs), ...targets];
    // `$T` is a variable of the shell, for more words than can be typed.
    await this.command(words.map((word) => (word === '$T' ? word : `'${word}'`)).join(' '));
  }

  /** Presses keys by tmux's names for them: `Enter`, `C-c`, `j`. */
  async keys(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** Types text. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(width), '-y', String(height));
  }

  /** The lines of the screen. */
  async screen(): Promise<string[]> {
    return (await this.#tmux('capture-pane', '-p')).split('\n').slice(0, -1);
  }

  /** The screen with its colours as escape sequences. */
  async colours(): Promise<string> {
    return this.#tmux('capture-pane', '-pe');
  }

  /** Waits until the screen shows what is wanted: tmux does not say when it changes. @param what for the error */
  async waitFor(what: string, wanted: (lines: string[]) => boolean): Promise<string[]> {
    let lines: string[] = [];
    const isWanted = async (): Promise<boolean> => wanted((lines = await this.screen()));
    await waitFor(isWanted, () => `no ${what} on the screen:\n${lines.join('\n')}`);
    return lines;
  }

  /** Waits until some line contains a text, also the line on which a command is typed. */
  async waitForText(text: string): Promise<string[]> {
    return this.waitFor(`"${text}"`, (lines) => lines.some((line) => line.includes(text)));
  }

  /** Waits until a line is this and nothing more: what a command printed, not the command itself. */
  async waitForLine(line: string): Promise<string[]> {
    return this.waitFor(`line "${line}"`, (lines) => lines.includes(line));
  }

  async state(): Promise<TerminalState> {
    const flags = await this.#tmux('display', '-p', '#{alternate_on} #{cursor_flag} #{mouse_any_flag}');
    const [alternate, cursor, mouse] = flags.trim().split(' ');
    return { alternateScreen: alternate === '1', cursor: cursor === '1', mouse: mouse === '1' };
  }

  /** Sends a signal to the program that the shell runs. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.child(), signal);
  }

  /** Ends the terminal and all that runs in it. */
  async close(): Promise<void> {
    await this.#tmux('kill-server').catch(() => undefined);
  }

  /** The process that the shell runs. */
  async child(): Promise<number> {
    const shell = (await this.#tmux('display', '-p', '#{pane_pid}')).trim();
    const children = await readFile(`/proc/${shell}/task/${shell}/children`, 'utf8');
    const [child] = children.trim().split(' ');
    if (child === undefined || child === '') throw new Error('the shell runs no program');
    return Number(child);
  }

  async #tmux(...words: readonly string[]): Promise<string> {
    return (await run('tmux', ['-L', this.#socket, ...words])).stdout;
  }
}

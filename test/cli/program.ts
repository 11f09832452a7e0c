/** The real program as a child process, as a shell starts it. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { Waitable } from '../support/wait-for.ts';

/** A folder that is removed when this process ends. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'gapwatch-cli-'));
process.once('exit', () => {
  // A test that fails, or takes too long, may not come to the end of its programs.
  for (const program of started) program.signal('SIGKILL');
  rmSync(FOLDER, { recursive: true, force: true });
});
// So the runner ends a file that takes too long.
process.once('SIGTERM', () => process.exit(143));

/** Writes a file into a folder of its own, and returns that folder. */
export function folderWith(name: string, content: unknown): string {
  const folder = mkdtempSync(join(FOLDER, 'f-'));
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

/** The path of one of the program's compiled entries. */
export function entry(name: 'main' | 'start' | 'cli/command-line'): string {
  return fileURLToPath(new URL(`../../src/${name}.js`, import.meta.url));
}

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly entry?: 'main' | 'start';
  /** Another file in place of an entry. */
  readonly file?: string;
}

const started: Program[] = [];
/** A run under load may print late; shorter than the runner's time for a test. */
const PRINT_DEADLINE_MS = 110_000;

/** Ends all programs of a file that still run; for `after`. */
export async function endPrograms(): Promise<void> {
  await Promise.all(started.map((program) => program.end('SIGKILL')));
}

export class Program extends Waitable {
  readonly pid: number;
  stdout = '';
  stderr = '';
  /** Exit code; the signal's name where one ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  isOver = false;

  constructor(args: readonly string[], surroundings: Surroundings = {}) {
    super();
    const { PATH = '' } = process.env;
    this.#child = spawn(process.execPath, [surroundings.file ?? entry(surroundings.entry ?? 'main'), ...args], {
      cwd: surroundings.cwd ?? FOLDER,
      env: { PATH, HOME: FOLDER, ...surroundings.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(this);
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.changed();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.changed();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.isOver = true;
        this.changed();
        resolve(signal ?? code);
      });
    });
  }

  /** Its lines on stdout, those that are whole. */
  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** What it printed as JSON, one message a line. */
  get messages(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Waits for a line on stdout. Returns it. */
  async line(pattern: RegExp): Promise<string> {
    await this.#print(() => this.lines.some((line) => pattern.test(line)), pattern);
    return this.lines.find((line) => pattern.test(line)) ?? '';
  }

  /** Waits for something on stderr. */
  async said(pattern: RegExp): Promise<void> {
    await this.#print(() => pattern.test(this.stderr), pattern);
  }

  /** Whether it has a handler for SIGHUP: signal(7), proc(5). */
  get handlesHangup(): boolean {
    const status = readFileSync(`/proc/${String(this.pid)}/status`, 'utf8');
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
    return (BigInt(`0x${caught}`) & 1n) === 1n;
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Reads nothing more of what it prints, as `head` does when it has enough. */
  stopReading(): void {
    this.#child.stdout.destroy();
  }

  /** As `stopReading`, of what it says on stderr. */
  stopListening(): void {
    this.#child.stderr.destroy();
  }

  /** Ends it by a signal, and waits for that. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    this.signal(signal);
    return this.ended;
  }

  async #print(found: () => boolean, what: RegExp): Promise<void> {
    const soFar = (): string => `${String(what)}:\n${this.stdout}\n${this.stderr}`;
    const isPrinted = (): boolean => {
      if (found()) return true;
      if (this.isOver) throw new Error(`it ended without ${soFar()}`);
      return false;
    };
    await this.waitFor(isPrinted, soFar, PRINT_DEADLINE_MS);
  }
}

export interface Outcome {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. */
export async function run(args: readonly string[], surroundings?: Surroundings): Promise<Outcome> {
  const program = new Program(args, surroundings);
  const code = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

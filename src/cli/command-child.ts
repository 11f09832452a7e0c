/** The command of `gapwatch run`: found as a shell finds it, started as a shell starts it, and ended when it must be. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Stats, accessSync, closeSync, constants, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** After SIGTERM a command has this long; after SIGKILL it is not waited for longer. */
const GRACE_MS = 5000;

/** Why a command can't be started, in words; null where it can. Searches where execvp(3) does. */
export function whyNoCommand(name: string, env: NodeJS.ProcessEnv): string | null {
  if (name === '') return 'The command is empty.';
  const places = name.includes('/') ? [name] : (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, name));
  const files = places.filter((path) => statsOf(path)?.isFile() === true);
  if (files.some(isExecutable)) return null;
  const found = files[0];
  if (found !== undefined) return `${found} is not executable.`;
  if (!name.includes('/')) return `There is no command "${name}" in the PATH.`;
  const there = statsOf(name);
  if (there === null) return `There is no file ${name}.`;
  return there.isDirectory() ? `${name} is a folder.` : `${name} is not a file that can be run.`;
}

function statsOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    // Also where a folder of the PATH can't be searched: the search continues after it.
    return null;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How a command ended: `exitCode` or `signal`; both are null where it would not end. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class CommandChild {
  /** Resolves when it has ended, or can't be ended; rejects where it could not be started at all. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  /** Whether it leads a process group of its own. */
  readonly #leads: boolean;
  #giveUp: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;

  /**
   * Starts it with this process's own input and output. On a terminal it stays in this process's group, the one in the
   * foreground: `sudo` may ask for a password, and Ctrl-C reaches it. Elsewhere it gets a group of its own.
   */
  constructor(command: readonly string[]) {
    const [name = '', ...words] = command;
    this.#leads = !hasTerminal();
    this.#child = spawn(name, words, { stdio: 'inherit', detached: this.#leads });
    this.ended = new Promise((resolve, reject) => {
      this.#giveUp = () => {
        resolve({ exitCode: null, signal: null });
      };
      this.#child.once('error', (error) => {
        // Of one that runs it says that a signal did not reach it.
        if (this.#child.pid === undefined) reject(error);
      });
      this.#child.once('exit', (exitCode, signal) => {
        // What it started and did not end may be deaf to SIGTERM: then it is still ended with its group.
        if (this.#timer !== null && !this.#groupLives()) clearTimeout(this.#timer);
        resolve({ exitCode, signal });
      });
    });
  }

  /** Whether a Ctrl-C of the terminal reaches it without our doing. */
  get getsTerminalSignals(): boolean {
    return !this.#leads;
  }

  /** Sends it a signal: to its whole group where it has one of its own. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    if (this.#leads) send(-pid, signal);
    else for (const one of [...descendants(pid), pid]) send(one, signal);
  }

  /** Ends it: SIGTERM, later SIGKILL; where neither helps, it is not waited for. @param graceMs how long each of them has */
  end(graceMs = GRACE_MS): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.signal('SIGTERM');
    this.#timer = setTimeout(() => {
      this.signal('SIGKILL');
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
      this.#timer = setTimeout(() => {
        this.#detach();
      }, graceMs);
    }, graceMs);
  }

  /** Whether a process is left in the group of its own. */
  #groupLives(): boolean {
    const { pid } = this.#child;
    if (!this.#leads || pid === undefined) return false;
    try {
      process.kill(-pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** Waits for it no longer. */
  #detach(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#child.unref();
    this.#giveUp?.();
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, or, as with sudo, another user's.
  }
}

/** Whether this process has a controlling terminal, wherever its input comes from. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** The processes that a process started, and those that they started; none where there is no /proc. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  try {
    for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each)))
      parents.set(Number(name), parentOf(name));
  } catch {
    return [];
  }
  const found = new Set([pid]);
  // Numbers come round again: a child may have a smaller one than its parent.
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(pid);
  return [...found];
}

function parentOf(pid: string): number {
  try {
    // The name of the program stands in parentheses, and may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

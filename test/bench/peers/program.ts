/** The programs that are compared, as child processes whose output is read line by line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set<Program>();
let isGuarded = false;

/** They are in groups of their own, so nothing else ends them: neither Ctrl-C on the terminal nor the end of this process. */
function guard(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.once('exit', () => {
    for (const program of running) program.kill();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.exit(1);
    });
  }
}

export class Program {
  readonly pid: number;
  readonly #child: ChildProcess;
  #stopping = false;

  /**
   * Starts a program in a process group of its own, which ends as one: a shell loop has children.
   * @param line called with each line of its output, errors included
   */
  constructor(command: string, args: readonly string[], line: (text: string) => void, cwd?: string) {
    this.#child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd });
    const pid = this.#child.pid;
    if (pid === undefined) throw new Error(`${command} can't be started`);
    this.pid = pid;
    guard();
    running.add(this);
    const said: string[] = [];
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (text) => {
        said.push(text);
        if (said.length > 10) said.shift();
        line(text);
      });
    }
    this.#child.once('exit', (code) => {
      if (!this.#stopping && code !== 0)
        process.stderr.write(`${command} ended early (${String(code)}):\n${said.join('\n')}\n`);
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#signal('SIGTERM');
      if ((await Promise.race([gone, sleep(2000, null, { ref: false })])) === null) this.#signal('SIGKILL');
      await gone;
    }
    this.kill();
    running.delete(this);
  }

  /** Ends it and all that it has started, at once. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // Its group is gone.
    }
  }
}

/** Linux counts CPU time in hundredths of a second wherever it tells it to programs (USER_HZ). */
const TICK_US = 10_000;

/** User and system time of a process and all its threads, in microseconds. */
export function cpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The name, in brackets, may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

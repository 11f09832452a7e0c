/** A program of ours that runs in the network of one of the test's machines. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { inNetwork, type Machine } from './machine.ts';

/** The compiled program. */
export const GAPWATCH = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #closed: Promise<unknown[]>;

  /**
   * Starts a script with Node.
   * @param take is given each line that it prints
   */
  constructor(machine: Machine, script: string, args: readonly string[], take: (line: string) => void) {
    const [command = '', ...words] = inNetwork(machine, [process.execPath, script, ...args]);
    this.#process = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout }).on('line', take);
    this.#closed = once(this.#lines, 'close');
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** The end of its input. */
  endInput(): void {
    this.#process.stdin.end();
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Waits until it has ended and every line was taken. Returns its exit code. */
  async ended(): Promise<number | null> {
    await this.#closed;
    if (!this.isOver) await once(this.#process, 'exit');
    return this.#process.exitCode;
  }
}

/**
 * The disk's side of a history: who has it, the thread that writes, and what is wrong. Whatever happens here is told as
 * problem, and tried again.
 */
import { mkdirSync } from 'node:fs';

import type { Logger } from 'pino';

import type { Batch } from './batch.ts';
import { databaseFile } from './data-dir.ts';
import type { Stored } from './event-blocks.ts';
import { HistoryError, type HistoryFault } from './history-error.ts';
import { Lock } from './lock.ts';
import type { Expected } from './store.ts';
import { HistoryProblem } from './history-problem.ts';
import { Writer, type WriterFault, type WriterHost } from './writer.ts';

/** Who gives the batches. */
export interface DiskHost {
  /** Whose events come next; null for those of the file. */
  expected(): Expected | null;
  /** Events that wait in memory. */
  waiting(): number;
  /** The file is open, for the first time or anew. */
  opened(stored: Stored): void;
  /** The last batch is on disk. */
  written(stored: Stored): void;
  /** The last batch, if any, is to be given again. */
  failed(): void;
}

export class Disk implements WriterHost {
  readonly #dir: string;
  readonly #log: Logger;
  readonly #host: DiskHost;
  readonly #writer: Writer;
  readonly #problem: HistoryProblem;
  readonly #listeners: ((problem: string | null) => void)[] = [];
  #lock: Lock | null = null;
  #heldBy: string | null = null;
  #bytes = 0;
  #kind = '';
  #outcome: Stored | HistoryError | 'failed' | null = null;
  #waiting: (() => void)[] = [];

  constructor(options: { readonly dir: string; readonly keepMs: number; readonly log: Logger }, host: DiskHost) {
    this.#dir = options.dir;
    this.#log = options.log;
    this.#host = host;
    this.#problem = new HistoryProblem(databaseFile(options.dir));
    this.#writer = new Writer(options.dir, options.keepMs, this);
  }

  /** Whether it takes a batch now. */
  get isReady(): boolean {
    return this.#writer.isReady;
  }

  /** What the file takes of the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is wrong, for people; null where all is well. */
  get problem(): string | null {
    const stuckMs = this.#writer.busyMs;
    return this.#problem.text({ now: Date.now(), waiting: this.#host.waiting(), stuckMs });
  }

  onProblem(listener: (problem: string | null) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes the history for this process, and opens its file.
   * @param patienceMs it is not waited longer for the disk
   * @returns what is on it; null where it could not be opened, which is tried again
   * @throws HistoryError where another process has it, or the file is no history, or a later one's
   */
  async open(patienceMs: number): Promise<Stored | null> {
    this.#takeLock();
    if (this.#heldBy !== null) throw new HistoryError('held', this.#heldBy);
    this.#writer.start();
    return this.#opening(patienceMs);
  }

  /** Somebody found that the file is damaged: it is set aside. @returns as `open` */
  async leave(message: string, patienceMs: number): Promise<Stored | null> {
    this.#outcome = null;
    this.#writer.leave(message);
    return this.#opening(patienceMs);
  }

  write(batch: Batch): void {
    this.#writer.write(batch, Date.now());
  }

  /** Something could not be read; what can be written is not affected. */
  readFault(message: string): void {
    this.#problem.notice(`Something in the history could not be read: ${message}. It is tried again.`, Date.now());
    this.look();
  }

  /** To be called now and then: a disk that does not answer tells nothing itself. */
  look(): void {
    const kind = this.#problem.kind({ now: Date.now(), stuckMs: this.#writer.busyMs });
    if (kind === this.#kind) return;
    this.#kind = kind;
    const problem = this.problem;
    if (problem === null) this.#log.info('the history is well again');
    else this.#log.error(problem);
    for (const listener of this.#listeners) listener(problem);
  }

  /** Waits until something is so, but not longer than it may take. It is looked at whenever the disk tells something. */
  async until(so: () => boolean, patienceMs: number): Promise<void> {
    const patience = { isOver: false };
    const timer = setTimeout(() => {
      patience.isOver = true;
      this.#wake();
    }, patienceMs);
    while (!patience.isOver && !so()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearTimeout(timer);
  }

  /** @param newest the number of the newest event that was told */
  async close(newest: number): Promise<void> {
    const waiting = this.#host.waiting();
    if (waiting > 0) this.#log.error(`${String(waiting)} events could not be written to the history, and are lost`);
    await this.#writer.close(newest);
    this.#lock?.release();
  }

  mayWrite(): boolean {
    if (this.#lock === null) {
      try {
        // It may have been taken away with all that was in it, and the lock is to be there before the file.
        mkdirSync(this.#dir, { recursive: true });
      } catch {
        // The writer meets the same, and tells it.
      }
      this.#takeLock();
    }
    return this.#heldBy === null;
  }

  expected(): Expected | null {
    return this.#host.expected();
  }

  opened(stored: Stored, aside: string | null): void {
    this.#outcome = stored;
    if (aside !== null) {
      const what = `The history was damaged. It was set aside as ${aside}, and a new one begun.`;
      this.#problem.notice(what, Date.now());
    }
    this.#host.opened(stored);
    this.look();
    this.#wake();
  }

  written(stored: Stored, bytes: number): void {
    this.#bytes = bytes;
    this.#problem.works();
    this.#host.written(stored);
    this.look();
    this.#wake();
  }

  failed(fault: WriterFault, message: string, isRetriedAtOnce: boolean): void {
    this.#host.failed();
    if (!isRetriedAtOnce) {
      this.#outcome = 'failed';
      this.#problem.fail(fault, message, Date.now());
    }
    if (fault === 'gone') {
      // The lock may have gone with it, and belong to a file that nobody finds any more.
      this.#lock?.release();
      this.#lock = null;
      const what = 'The file of the history was taken away while it was written. A new one was begun.';
      this.#problem.notice(what, Date.now());
    }
    this.look();
    this.#wake();
  }

  refused(code: HistoryFault, message: string): void {
    this.#outcome = new HistoryError(code, message);
    this.#problem.fail('other', message, Date.now());
    this.look();
    this.#wake();
  }

  async #opening(patienceMs: number): Promise<Stored | null> {
    await this.until(() => this.#outcome !== null, patienceMs);
    const outcome = this.#outcome;
    if (outcome instanceof HistoryError) {
      this.#lock?.release();
      this.#lock = null;
      throw outcome;
    }
    return outcome === 'failed' ? null : outcome;
  }

  #takeLock(): void {
    this.#heldBy = null;
    let unknown: string | null = null;
    try {
      this.#lock = Lock.take(this.#dir);
    } catch (error) {
      if (error instanceof HistoryError) this.#heldBy = error.message;
      else unknown = error instanceof Error ? error.message : String(error);
    }
    this.#problem.setLock(unknown);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

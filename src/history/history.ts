/**
 * What a monitor remembers beyond its own end: a file in a folder, written by a thread of its own. After the start nothing
 * that happens to the disk reaches the monitor: what can't be written waits in memory, and `problem` says so.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { Logger } from 'pino';

import type { RestoredState, RecordedMonitor } from '../core/archive.ts';
import { databaseFile } from './data-dir.ts';
import { fileFaultOf } from './database.ts';
import { Disk, type DiskHost } from './disk.ts';
import type { Stored } from './event-blocks.ts';
import { EventStore } from './event-store.ts';
import { prepareFolder } from './folder.ts';
import { readServices } from './past-reader.ts';
import type { Left } from './past-worker.ts';
import { HistoryReader } from './reader.ts';
import { BATCH, Recorder } from './recorder.ts';

/** What happened is on disk after this, and the time that it takes to write. */
const FLUSH_MS = 300;
/** Where nothing happens, the sign of life is written every other time. */
const ALIVE_MS = FLUSH_MS * 1.5;
/** At the start it is waited for the disk for so long, and at the end. */
const PATIENCE_MS = 3000;
/** The whole file is looked through when the monitor has found its feet. */
const CHECK_AFTER_MS = 5000;

export interface HistoryOptions {
  readonly dir: string;
  /** How long to remember, in milliseconds. */
  readonly keepMs: number;
  readonly log: Logger;
}

/** For `/metrics`. */
export interface HistoryFigures {
  /** What the file takes of the disk. */
  readonly bytes: number;
  /** Events that wait in memory for the disk. */
  readonly waiting: number;
  /** Events that were given up, because too many waited. */
  readonly lost: number;
}

export class History implements DiskHost {
  /** What is known of the past, also while it is written. Where nothing can be read, it knows nothing. */
  readonly reader: HistoryReader;
  readonly #dir: string;
  readonly #disk: Disk;
  readonly #timers: NodeJS.Timeout[] = [];
  #past: (RestoredState & { readonly events: EventStore }) | null = null;
  #recorder: Recorder | null = null;
  #checker: Worker | null = null;
  #writtenAt = -Infinity;
  #closing: Promise<void> | null = null;

  private constructor(options: HistoryOptions) {
    this.#dir = options.dir;
    this.#disk = new Disk(options, this);
    this.reader = HistoryReader.beside(options.dir, (error) => {
      this.#onReadFault(error);
    });
  }

  /**
   * Opens the history in a folder, or begins one. Where the disk is full, or can only be read, it goes on all the same,
   * and `problem` says so.
   * @throws HistoryError where another process has it, the folder can't be used, or the file is no history, or a later one's
   */
  static async open(options: HistoryOptions): Promise<History> {
    const history = new History(options);
    await history.#open();
    return history;
  }

  /** What a monitor goes on from: the services as they were when this was opened, and the events as they are now. */
  get past(): RestoredState {
    return this.#known;
  }

  /** What is wrong with it at present, for people; null where all is well. */
  get problem(): string | null {
    return this.#disk.problem;
  }

  get figures(): HistoryFigures {
    return { bytes: this.#disk.bytes, waiting: this.waiting(), lost: this.#past?.events.lostCount ?? 0 };
  }

  /** Calls when something else is wrong than before, or nothing any more. */
  onProblem(listener: (problem: string | null) => void): void {
    this.#disk.onProblem(listener);
  }

  /** Follows a monitor, which goes on from this past, until `close`. */
  record(monitor: RecordedMonitor): void {
    const recorder = new Recorder(monitor, this.#known.events);
    this.#recorder = recorder;
    const flush = setInterval(() => {
      this.#disk.look();
      const isIdle = !recorder.hasNews && performance.now() - this.#writtenAt < ALIVE_MS;
      if (this.#disk.isReady && !isIdle) this.#write(recorder);
    }, FLUSH_MS);
    const check = setTimeout(() => {
      this.#lookThrough();
    }, CHECK_AFTER_MS);
    check.unref();
    this.#timers.push(flush, check);
  }

  /** Writes what is left, and lets go of the file. To be called when the monitor has stopped. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#checker?.terminate();
    const recorder = this.#recorder;
    if (recorder !== null) {
      await this.#disk.until(() => this.#disk.isReady, PATIENCE_MS);
      if (this.#disk.isReady) {
        this.#write(recorder);
        await this.#disk.until(() => this.#disk.isReady && !recorder.hasNews, PATIENCE_MS);
      }
      recorder.stop();
    }
    await this.#disk.close(this.#past?.events.newest ?? 0);
    this.reader.close();
  }

  expected(): ReturnType<DiskHost['expected']> {
    return this.#past?.events.expected ?? null;
  }

  waiting(): number {
    return this.#past?.events.waiting ?? 0;
  }

  opened(stored: Stored): void {
    if (this.#past === null) return;
    this.reader.reopen('read');
    this.#past.events.take(stored, []);
  }

  written(stored: Stored): void {
    if (!this.reader.isWell) this.reader.reopen('read');
    this.#past?.events.take(stored, this.#recorder?.written() ?? []);
    if (this.#recorder !== null && this.waiting() >= BATCH) this.#write(this.#recorder);
  }

  failed(): void {
    this.#recorder?.failed();
  }

  get #known(): RestoredState & { readonly events: EventStore } {
    if (this.#past === null) throw new Error('a history has a past when it is open');
    return this.#past;
  }

  async #open(): Promise<void> {
    const isWritable = prepareFolder(this.#dir);
    const opening = this.#disk.open(PATIENCE_MS);
    // While the writer begins there is time to read.
    const early = isWritable ? this.#readEarly() : null;
    const stored = await opening;
    let left: Left | null = null;
    if (stored === null) {
      left = await readLeft(this.#dir);
      this.reader.reopen('still');
    } else if (early !== null && this.reader.isWell && early.id === stored.id) {
      left = { stored, services: early.services };
    } else if (this.reader.reopen('read')) {
      left = { stored, services: readServices(this.reader) };
      if (!this.reader.isWell) {
        // It is damaged where the writer has not been yet.
        const anew = await this.#disk.leave('what was known of the services can not be read', PATIENCE_MS);
        left = anew && { stored: anew, services: new Map() };
        this.reader.reopen('read');
      }
    }
    const numbers = left?.stored ?? { id: randomUUID(), newest: 0, oldest: 1, last: 0 };
    const events = new EventStore(numbers, (seq, limit) => this.reader.events(seq, limit));
    this.#past = { id: numbers.id, events, services: left?.services ?? new Map() };
  }

  /** What was known of the services; null where the writer has to make something of the file first. */
  #readEarly(): { readonly id: string; readonly services: RestoredState['services'] } | null {
    if (!this.reader.reopen('read') || !this.reader.isOfThisVersion) return null;
    return { id: this.reader.stored.id, services: readServices(this.reader) };
  }

  #write(recorder: Recorder): void {
    this.#writtenAt = performance.now();
    this.#disk.write(recorder.batch());
  }

  #onReadFault(error: unknown): void {
    // While it opens, it sees for itself.
    if (this.#past === null) return;
    const message = error instanceof Error ? error.message : String(error);
    // A fault that passes must not hide months: only what is damaged is left.
    if (fileFaultOf(error) === 'damaged') this.#leave(message);
    else this.#disk.readFault(message);
  }

  #leave(message: string): void {
    // What comes of it is told as problem.
    this.#disk.leave(message, PATIENCE_MS).catch(() => undefined);
  }

  #lookThrough(): void {
    const file = databaseFile(this.#dir);
    this.#checker = new Worker(new URL('./check-worker.js', import.meta.url), { workerData: file });
    this.#checker.unref();
    this.#checker.on('message', (problem: string | null) => {
      if (problem !== null) this.#leave(problem);
    });
    // A check that can't be made is no reason not to watch.
    this.#checker.on('error', () => undefined);
  }
}

/** Reads what a monitor has left in a file that can't be opened for writing; null where that can't be. */
async function readLeft(dir: string): Promise<Left | null> {
  const worker = new Worker(new URL('./past-worker.js', import.meta.url), { workerData: dir });
  let left: Left | null = null;
  worker.on('message', (message: Left | null) => {
    left = message;
  });
  // A fault of it is no reason not to watch.
  worker.on('error', () => undefined);
  // What it had open is closed only when it is gone; a disk that does not answer is not waited for.
  const patience = new AbortController();
  const timer = setTimeout(() => {
    patience.abort();
  }, PATIENCE_MS);
  await once(worker, 'exit', { signal: patience.signal }).catch(() => {
    worker.unref();
  });
  clearTimeout(timer);
  return left;
}

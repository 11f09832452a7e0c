/**
 * The disk's side of a history that is written: one batch at a time, and a new thread after each failure, ever more slowly,
 * with a new file where the old one was damaged. What is wrong is shown as problem, logged, and tried again.
 */
import type { Logger } from 'pino';

import type { RestoredService } from '../core/archive.ts';
import { databaseFile } from './data-dir.ts';
import type { StoredEvents } from './history-rows.ts';
import { HistoryError, HistoryProblem, STUCK_MS } from './history-error.ts';
import { HistoryThread, unavailable } from './history-thread.ts';
import type {
  About,
  Answer,
  Batch,
  FromThread,
  HistoryQuestions,
  Opened,
  RestoredEntry,
  Seed,
} from './thread-messages.ts';

/** The pause after a failure, doubled each time up to the longest, in milliseconds. */
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 5000;
/** A file that is damaged or gone sooner than this after the last one was no accident: the disk does it. */
const ACCIDENT_MS = 10_000;
/** How long the end waits for the disk. */
const CLOSE_MS = 3000;
/** How long a question may take. */
const DEADLINE_MS = 5000;

/** What a disk needs of the history. */
export interface DiskHost {
  /** The id of a new file; null where it may have one of its own. */
  readonly id: string | null;
  /** Events that wait in memory. */
  waiting(): number;
  /** The file is open, for the first time or again. */
  opened(opened: Opened): void;
  /** The last batch is on disk. */
  written(stored: StoredEvents): void;
  /** The last batch, if any, is to be given again. */
  failed(): void;
}

/** `reading`: open, and not to be written. `waiting`: for the next try. */
type DiskState = 'opening' | 'ready' | 'writing' | 'reading' | 'waiting' | 'closed';
type Failure = Omit<FromThread & { type: 'failed' }, 'type' | 'isOver'>;

export class HistoryDisk {
  readonly #options: { readonly dir: string; readonly keepMs: number; readonly log: Logger };
  readonly #host: DiskHost;
  readonly #problem: HistoryProblem;
  readonly #listeners: ((problem: string | null) => void)[] = [];
  #thread: HistoryThread | null = null;
  #state: DiskState = 'waiting';
  #busySince = performance.now();
  #retry: NodeJS.Timeout | null = null;
  #retryMs = RETRY_MS;
  #seed: Seed | null = null;
  #newFileAt = -Infinity;
  #bytes = 0;
  #kind = '';
  /** How the first opening ended; null while it is waited for. */
  #outcome: 'opened' | 'failed' | HistoryError | null = null;
  #waiting: (() => void)[] = [];

  constructor(options: { readonly dir: string; readonly keepMs: number; readonly log: Logger }, host: DiskHost) {
    this.#options = options;
    this.#host = host;
    this.#problem = new HistoryProblem(databaseFile(options.dir));
  }

  /** Whether it takes a batch now. */
  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** What the file takes of the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is wrong, for people; null where all is well. */
  get problem(): string | null {
    return this.#problem.text({ now: Date.now(), waiting: this.#host.waiting(), stuckMs: this.#busyMs });
  }

  onProblem(listener: (problem: string | null) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes the history for this process, and opens its file. Where that takes longer than `patienceMs`, or fails, it continues
   * in the background.
   * @throws HistoryError where another process has it, or the file is no history, or a later one's
   */
  async open(patienceMs: number): Promise<void> {
    this.#start(false);
    await this.until(() => this.#outcome !== null, patienceMs);
    if (this.#outcome instanceof HistoryError) throw this.#outcome;
    this.#outcome = 'opened';
  }

  write(batch: Batch): void {
    this.#become('writing');
    this.#thread?.send({ type: 'write', batch, now: Date.now() });
  }

  /** @throws HistoryError where there is no answer in time */
  ask<M extends keyof HistoryQuestions>(method: M, about: About<M>): Promise<Answer<M>> {
    if (this.#thread === null) return Promise.reject(unavailable('its file is not open'));
    if (this.#busyMs > STUCK_MS) return Promise.reject(unavailable('its disk does not answer'));
    return this.#thread.ask(method, about).catch((error: unknown) => {
      if (error instanceof HistoryError && error.code === 'unusable') {
        this.#problem.notice(`Something in the history could not be read: ${error.message}`, Date.now());
        this.checkHealth();
      }
      throw error;
    });
  }

  /** Logs a problem that began or ended. To be called now and then: a disk that does not answer emits nothing itself. */
  checkHealth(): void {
    const kind = this.#problem.kind({ now: Date.now(), stuckMs: this.#busyMs });
    if (kind === this.#kind) return;
    this.#kind = kind;
    const { problem } = this;
    if (problem === null) this.#options.log.info('the history is written again');
    else this.#options.log.error(problem);
    for (const listener of this.#listeners) listener(problem);
  }

  /** Waits for a condition, which is checked whenever the disk answers, for at most `patienceMs`. */
  async until(condition: () => boolean, patienceMs: number): Promise<void> {
    const patience = { isOver: false };
    const timer = setTimeout(() => {
      patience.isOver = true;
      this.#wake();
    }, patienceMs);
    while (!patience.isOver && !condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    const waiting = this.#host.waiting();
    if (waiting > 0)
      this.#options.log.error(`${String(waiting)} events could not be written to the history, and are lost`);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#state = 'closed';
    await this.#thread?.close(CLOSE_MS);
  }

  /** For how long the disk has not answered, in milliseconds; 0 where no answer is due. */
  get #busyMs(): number {
    return this.#state === 'writing' || this.#state === 'opening' ? performance.now() - this.#busySince : 0;
  }

  /** Starts the thread, which opens the file. @param isDamaged whether the file is to be set aside first */
  #start(isDamaged: boolean): void {
    const { dir, keepMs } = this.#options;
    let failure: Failure | null = null;
    const services = new Map<string, RestoredService>();
    const thread = new HistoryThread(
      { dir, access: 'write', keepMs, isDamaged, id: this.#host.id, seed: this.#seed },
      DEADLINE_MS,
      (message) => {
        if (message.type === 'services') {
          for (const [name, service] of JSON.parse(message.entries) as RestoredEntry[]) services.set(name, service);
        } else if (message.type === 'opened') this.#opened({ ...message.opened, services });
        else if (message.type === 'written') this.#written(message);
        else if (message.type === 'refused') failure = this.#refused(new HistoryError(message.code, message.message));
        else if (message.isOver) failure = message;
        else this.#failed(message, false);
        this.checkHealth();
        this.#wake();
      },
    );
    this.#thread = thread;
    this.#become('opening');
    // Not before it has ended: what it had open is closed only then.
    void thread.ended.then(() => {
      if (this.#thread === thread) this.#thread = null;
      if (failure !== null) this.#failed(failure, true);
      this.checkHealth();
      this.#wake();
    });
  }

  #opened(opened: Opened): void {
    const { aside, lockProblem, readOnly } = opened;
    this.#outcome ??= 'opened';
    this.#problem.setLock(lockProblem);
    if (aside !== null) {
      this.#problem.notice(`The history was damaged. It was set aside as ${aside}, and a new one begun.`, Date.now());
    }
    this.#thread?.unref();
    this.#become(readOnly === null ? 'ready' : 'reading');
    this.#host.opened(opened);
    if (readOnly === null) return;
    this.#problem.fail(readOnly.fault, readOnly.message, Date.now());
    this.#retryLater(() => {
      const thread = this.#thread;
      void thread?.close(CLOSE_MS).then(() => {
        if (this.#state !== 'closed') this.#start(false);
      });
    });
  }

  #written({ stored, bytes }: FromThread & { type: 'written' }): void {
    this.#retryMs = RETRY_MS;
    this.#become('ready');
    this.#bytes = bytes;
    this.#problem.works();
    this.#host.written(stored);
  }

  /** Returns what to try again; null for nothing. */
  #refused(error: HistoryError): Failure | null {
    const isFirst = this.#outcome === null;
    this.#outcome ??= error;
    // It was in use: what stands against it now may pass.
    if (!isFirst) return { fault: error.code === 'held' ? 'held' : 'other', message: error.message, seed: null };
    this.#problem.fail('other', error.message, Date.now());
    this.#become('closed');
    return null;
  }

  /** @param isOver whether the thread has ended */
  #failed({ fault, message, seed, stack }: Failure, isOver: boolean): void {
    // The watch goes on: a fault here must not end it.
    if (stack !== undefined)
      this.#options.log.error({ stack }, 'a fault of gapwatch itself in the history; please report it');
    this.#seed = seed ?? this.#seed;
    if (this.#state === 'closed') return;
    this.#become('waiting');
    const now = performance.now();
    const isRetriedAtOnce = (fault === 'gone' || fault === 'damaged') && now - this.#newFileAt > ACCIDENT_MS;
    this.#host.failed();
    if (fault === 'gone') {
      const what = 'The file of the history was taken away while it was written. A new one was begun.';
      this.#problem.notice(what, Date.now());
    }
    if (isRetriedAtOnce) {
      this.#newFileAt = now;
      this.#start(fault === 'damaged');
      return;
    }
    this.#outcome ??= 'failed';
    this.#problem.fail(fault, message, Date.now());
    this.#retryLater(() => {
      if (isOver) this.#start(fault === 'damaged');
      else this.#become('ready');
    });
  }

  #retryLater(retry: () => void): void {
    this.#retry = setTimeout(retry, this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  #become(state: DiskState): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.#busySince = performance.now();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

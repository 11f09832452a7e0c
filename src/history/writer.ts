/**
 * The writer's thread, as the main thread holds it: one batch at a time, started anew after each failure, ever more
 * slowly, and with a new file where the one that there is was damaged.
 */
import { Worker } from 'node:worker_threads';

import type { Batch } from './batch.ts';
import type { FileFault } from './database.ts';
import type { Stored } from './event-blocks.ts';
import type { HistoryFault } from './history-error.ts';
import type { Seed } from './ledger.ts';
import type { Expected } from './store.ts';
import type { FromWriter, ToWriter, WriterTask } from './writer-protocol.ts';

/** After a failure it is tried again after so long, doubled each time up to the other. */
const RETRY_MS = 1000;
const RETRY_MOST_MS = 5000;
/** A file that is damaged or gone sooner than this after the last one was no accident: the disk does it. */
const ANEW_MS = 10_000;
/** At the end it is waited for the disk for so long. */
const CLOSE_MS = 3000;

export type WriterFault = FileFault | 'gone';

/** Who is told. */
export interface WriterHost {
  /** Asked before a thread is started. */
  mayWrite(): boolean;
  /** Whose events come next; null for those of the file. */
  expected(): Expected | null;
  /** The file is open. @param aside where a damaged one is now; null where there was none */
  opened(stored: Stored, aside: string | null): void;
  /** The batch is on disk. @param bytes what the file takes of it */
  written(stored: Stored, bytes: number): void;
  /** What was to be written was not; it is to be given again. @param isRetriedAtOnce with another file */
  failed(fault: WriterFault, message: string, isRetriedAtOnce: boolean): void;
  /** The file can't be used at all; there will be no other try. */
  refused(code: HistoryFault, message: string): void;
}

type WriterState = 'opening' | 'ready' | 'writing' | 'waiting' | 'closed';

export class Writer {
  readonly #dir: string;
  readonly #keepMs: number;
  readonly #host: WriterHost;
  #worker: Worker | null = null;
  #state: WriterState = 'waiting';
  #busySince = performance.now();
  #retry: NodeJS.Timeout | null = null;
  #retryMs = RETRY_MS;
  #seed: Seed | null = null;
  #anewAt = -Infinity;

  constructor(dir: string, keepMs: number, host: WriterHost) {
    this.#dir = dir;
    this.#keepMs = keepMs;
    this.#host = host;
  }

  /** Whether it takes a batch now. */
  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** For how long the disk has not answered, in milliseconds; 0 where nothing is asked of it. */
  get busyMs(): number {
    return this.#state === 'writing' || this.#state === 'opening' ? performance.now() - this.#busySince : 0;
  }

  /** Starts the thread, which opens the file. @param isDamaged whether the file is to be set aside first */
  start(isDamaged = false): void {
    if (!this.#host.mayWrite()) {
      this.#fail({ type: 'failed', fault: 'busy', message: 'another process has it', seed: null });
      return;
    }
    const task: WriterTask = {
      dir: this.#dir,
      keepMs: this.#keepMs,
      expected: this.#host.expected(),
      isDamaged,
      seed: this.#seed,
    };
    const worker = new Worker(new URL('./writer-worker.js', import.meta.url), { workerData: task });
    this.#worker = worker;
    this.#become('opening');
    let failure: (FromWriter & { type: 'failed' }) | null = null;
    worker.on('message', (message: FromWriter) => {
      if (message.type === 'failed') failure = message;
      else if (message.type === 'opened' && task.expected === null && this.#host.expected() !== null) {
        // Nobody waited for it any more: it goes on from something else than the monitor does.
        failure = { type: 'failed', fault: 'busy', message: 'it was open too late', seed: null };
        void worker.terminate();
      } else this.#hear(message);
    });
    worker.on('error', (error) => {
      failure = { type: 'failed', fault: 'other', message: error.message, seed: this.#seed };
    });
    // Not before: what it had open is closed only then.
    worker.on('exit', () => {
      this.#worker = null;
      if (failure !== null) this.#fail(failure);
    });
  }

  /** Gives a batch, where it is ready. */
  write(batch: Batch, now: number): void {
    this.#become('writing');
    this.#order({ type: 'write', batch, now });
  }

  /** Somebody found that the file is damaged. */
  leave(message: string): void {
    this.#order({ type: 'leave', message });
  }

  /**
   * Ends the thread; the file is closed, unless the disk does not answer.
   * @param newest the number of the newest event that was told
   */
  async close(newest: number): Promise<void> {
    const worker = this.#worker;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#state = 'closed';
    if (worker === null) return;
    worker.ref();
    const gone = new Promise<void>((resolve) => worker.once('exit', resolve));
    this.#order({ type: 'close', newest });
    const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await gone;
    clearTimeout(timer);
  }

  #hear(message: Exclude<FromWriter, { type: 'failed' }>): void {
    if (message.type === 'refused') {
      this.#become('closed');
      this.#host.refused(message.code, message.message);
    } else if (message.type === 'opened') {
      // A process that has nothing else to do may end without it.
      this.#worker?.unref();
      this.#become('ready');
      this.#host.opened(message.stored, message.aside);
    } else if (message.type === 'written') {
      this.#retryMs = RETRY_MS;
      this.#become('ready');
      this.#host.written(message.stored, message.bytes);
    }
  }

  #fail({ fault, message, seed }: FromWriter & { type: 'failed' }): void {
    this.#seed = seed ?? this.#seed;
    if (this.#state === 'closed') return;
    this.#become('waiting');
    const now = performance.now();
    const isRetriedAtOnce = (fault === 'gone' || fault === 'damaged') && now - this.#anewAt > ANEW_MS;
    this.#host.failed(fault, message, isRetriedAtOnce);
    if (isRetriedAtOnce) {
      this.#anewAt = now;
      this.start(fault === 'damaged');
      return;
    }
    this.#retry = setTimeout(() => {
      this.start(fault === 'damaged');
    }, this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MOST_MS);
  }

  #become(state: WriterState): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.#busySince = performance.now();
  }

  #order(message: ToWriter): void {
    this.#worker?.postMessage(message);
  }
}

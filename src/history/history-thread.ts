/** The main thread's handle of the thread that owns the file (`history-worker.ts`): requests and answers, until that ends. */
import { Worker } from 'node:worker_threads';

import { HistoryError } from './history-error.ts';
import type { About, Answer, FromThread, HistoryQuestions, ThreadTask, ToThread } from './thread-messages.ts';

/** Questions that may wait at a time. */
const MOST = 500;

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: HistoryError) => void;
  readonly timer: NodeJS.Timeout | null;
}

type Report = Exclude<FromThread, { type: 'answer' | 'no-answer' }>;

export class HistoryThread {
  /** When it has ended, and nothing is open any more. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #deadlineMs: number;
  readonly #asked = new Map<number, Asked>();
  #count = 0;

  /**
   * @param deadlineMs how long a question may take; Infinity for one that is waited for
   * @param receive takes what it says without being asked
   */
  constructor(task: ThreadTask, deadlineMs: number, receive: (message: Report) => void) {
    this.#deadlineMs = deadlineMs;
    this.#worker = new Worker(new URL('./history-worker.js', import.meta.url), { workerData: task });
    this.#worker.on('message', (message: FromThread) => {
      if (message.type !== 'answer' && message.type !== 'no-answer') receive(message);
      else if (message.type === 'answer') this.#settle(message.id)?.resolve(message.answer);
      else this.#settle(message.id)?.reject(new HistoryError(message.code, message.message));
    });
    this.#worker.on('error', (error) => {
      const { message, stack } = error;
      receive({ type: 'failed', fault: 'other', message, seed: null, isOver: true, stack });
    });
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        for (const id of this.#asked.keys()) this.#settle(id)?.reject(unavailable('it was closed'));
        resolve();
      });
    });
  }

  /** @throws HistoryError where there is no answer in time */
  ask<M extends keyof HistoryQuestions>(method: M, about: About<M>): Promise<Answer<M>> {
    if (this.#asked.size >= MOST) return Promise.reject(unavailable('too many questions wait for it'));
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      const timer = Number.isFinite(this.#deadlineMs)
        ? setTimeout(() => {
            this.send({ type: 'drop', id });
            this.#settle(id)?.reject(unavailable('its disk does not answer'));
          }, this.#deadlineMs)
        : null;
      this.#asked.set(id, { resolve: resolve as Asked['resolve'], reject, timer });
      this.send({ type: 'ask', id, method, about });
    });
  }

  send(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** A process that has nothing else to do may end without it. */
  unref(): void {
    this.#worker.unref();
  }

  /** Closes the file, and ends. Where the disk does not answer within `patienceMs`, it ends without that. */
  async close(patienceMs: number): Promise<void> {
    this.#worker.ref();
    this.send({ type: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), patienceMs);
    await this.ended;
    clearTimeout(timer);
  }

  #settle(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    clearTimeout(asked?.timer ?? undefined);
    return asked;
  }
}

/** The error of a question that can't be answered at present. */
export function unavailable(why: string): HistoryError {
  return new HistoryError('unavailable', `The history can't be asked at present: ${why}.`);
}

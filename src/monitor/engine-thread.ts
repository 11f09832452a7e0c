/** The thread of an engine, as the main thread holds it: what it was sent, when it was last seen at work, and its end. */
import { Worker } from 'node:worker_threads';

import type { EngineCommand, EngineMessage, EngineReply, EngineStats, ServiceCheckpoint } from './engine-protocol.ts';

/** How long a thread may take to stop of itself. */
const STOP_MS = 2000;
/** Ticks that it may take to begin, with thousands of services on a busy machine; one that takes more is stuck. */
const TICKS_TO_BEGIN = 240;

/** Takes what a thread sends. */
export interface EngineThreadEvents {
  messages(messages: readonly EngineMessage[], checkpoints: readonly ServiceCheckpoint[]): void;
  stats(stats: EngineStats): void;
  /** It may not raise its own priority. */
  lowPriority(): void;
}

export class EngineThread {
  readonly #now: () => number;
  readonly #events: EngineThreadEvents;
  readonly #worker: Worker;
  /** Services that it was sent to remove, and may still emit messages of; in the order of the commands. */
  #leaving: readonly string[] = [];
  #heard = false;
  #hasBegun = false;
  #silentTicks = 0;
  /** When it last said that it is at work, in milliseconds since the epoch. */
  lastSeenAt: number;
  /** Whether it runs at a raised priority; null where that is not known or not possible. */
  isRaised: boolean | null = null;
  /** The figures that came last. */
  lastStats: Partial<EngineStats> = {};

  /**
   * Starts the thread.
   * @param now the present, in milliseconds since the epoch
   */
  constructor(followsSteps: boolean, now: () => number, events: EngineThreadEvents) {
    this.#now = now;
    this.#events = events;
    this.#worker = new Worker(new URL('./engine-worker.js', import.meta.url), { workerData: { followsSteps } });
    this.lastSeenAt = now();
    this.#worker.on('message', (message: EngineReply) => {
      this.#heard = true;
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      // A fault of the program: nothing true can be published any more.
      throw error;
    });
  }

  send(command: EngineCommand): void {
    if (command.type === 'remove') this.#leaving = [...this.#leaving, ...command.names];
    this.#worker.postMessage(command);
  }

  /**
   * Counts for how many ticks of the main thread nothing came from it, beyond those that it may take to begin; 0 where something did.
   * @param wasAway whether the main thread itself did not run meanwhile: then its silence says nothing
   */
  tick(wasAway: boolean): number {
    this.#silentTicks = this.#heard || wasAway ? 0 : this.#silentTicks + 1;
    this.#heard = false;
    return Math.max(0, this.#silentTicks - (this.#hasBegun ? 0 : TICKS_TO_BEGIN));
  }

  /** Ends it; what was observed is emitted before, unless it does not answer. Resolves within seconds, whatever it does. */
  async stop(): Promise<void> {
    // Not until the thread is gone: a name look-up that hangs holds that for many seconds.
    const stopped = new Promise<boolean>((resolve) => {
      this.#worker.on('message', ({ type }: EngineReply) => {
        if (type === 'stopped') resolve(true);
      });
      setTimeout(resolve, STOP_MS, false).unref();
    });
    this.send({ type: 'stop' });
    if (!(await stopped)) this.kill();
  }

  /** Ends it at once: nothing more is heard of it. */
  kill(): void {
    this.#worker.removeAllListeners('message');
    void this.#worker.terminate();
  }

  #receive(message: EngineReply): void {
    switch (message.type) {
      case 'messages': {
        // What is still emitted of a service that was removed must not be taken for one that has its name now.
        const isGone = (one: object): boolean => 'service' in one && this.#leaving.includes(one.service as string);
        this.lastSeenAt = this.#now();
        this.#events.messages(
          this.#leaving.length === 0 ? message.messages : message.messages.filter((one) => !isGone(one)),
          message.checkpoints.filter((one) => !isGone(one)),
        );
        return;
      }
      case 'stats':
        this.#hasBegun = true;
        this.lastStats = message.stats;
        this.lastSeenAt = message.at;
        this.#events.stats(message.stats);
        return;
      case 'priority':
        this.isRaised = message.isRaised;
        if (message.isRaised === false) this.#events.lowPriority();
        return;
      case 'removed':
        this.#leaving = this.#leaving.slice(message.names.length);
        return;
      case 'stopped':
    }
  }
}

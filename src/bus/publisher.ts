/**
 * Publishes what a monitor tells to the stream of a bus. It reads the monitor's own events by their numbers, at its own
 * pace: what can't be delivered waits there, so nothing grows here, and whatever Redis does, the monitor does not
 * notice. Monitors with the same vantage take turns: one speaks, the others stand by.
 */
import type { Logger } from 'pino';

import type { Message } from '../core/messages.ts';
import { showDuration } from '../core/format.ts';
import { SIGN_MS } from './constants.ts';
import type { BusLink } from './bus-connection.ts';
import { Pace } from './pace.ts';
import type { PublishedSource } from '../core/source.ts';
import { type Role, Speaker } from './speaker.ts';

/** Events wait this long for company. */
const COMPANY_MS = 25;
/** A connection is waited for so long before its absence is told. */
const FIRST_CONNECT_MS = 2000;
/** What waits when the monitor stops has this long to be delivered. */
const LAST_MS = 2000;

export class Publisher {
  readonly #link: BusLink;
  readonly #log: Logger;
  readonly #speaker: Speaker;
  readonly #pace = new Pace();
  readonly #unsubscribe: () => void;
  readonly #done: Promise<void>;
  #stopping = false;
  #problemSince = 0;
  #problem: string | null = null;

  /** Begins to publish. */
  constructor(monitor: PublishedSource, link: BusLink, log: Logger) {
    this.#link = link;
    this.#log = log;
    this.#speaker = new Speaker(monitor, link, log);
    this.#unsubscribe = monitor.subscribe({
      samples: false,
      take: (messages) => {
        this.#take(messages);
      },
    });
    this.#done = this.#run();
  }

  /** Why nothing is delivered at present, for people; null where all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  get role(): Role {
    return this.#speaker.role;
  }

  /** Events that wait for delivery. */
  get waiting(): number {
    return this.#speaker.waiting;
  }

  /** Ends it, after the monitor has stopped: what waits is delivered, if that is possible at once, and a goodbye. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping = true;
    this.#pace.hurry();
    const timer = setTimeout(() => {
      this.#link.close();
    }, LAST_MS);
    await this.#done;
    clearTimeout(timer);
    this.#link.close();
  }

  #take(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'hello') this.#speaker.hello(message);
      else if (message.type === 'status') this.#speaker.addStatus(message);
    }
    this.#pace.wakeIn(COMPANY_MS);
  }

  async #run(): Promise<void> {
    let failures = 0;
    await this.#link.ready(FIRST_CONNECT_MS);
    for (;;) {
      const last = this.#stopping;
      try {
        const more = await this.#speaker.round();
        failures = 0;
        this.#well();
        if (more) continue;
        if (last) {
          await this.#speaker.sayGoodbye();
          return;
        }
        await this.#pace.sleep(SIGN_MS);
      } catch (error) {
        if (last) return;
        this.#say(error instanceof Error ? error.message : String(error));
        failures += 1;
        await this.#pace.pause(failures, this.#link);
      }
    }
  }

  #say(problem: string): void {
    if (this.#problem === null) {
      this.#problemSince = performance.now();
      this.#log.warn({ bus: this.#link.where.shown, problem }, 'nothing is delivered to the bus; it waits');
    }
    this.#problem = problem;
  }

  #well(): void {
    if (this.#problem === null) return;
    this.#problem = null;
    const { waiting } = this;
    const after = showDuration(performance.now() - this.#problemSince);
    this.#log.info({ bus: this.#link.where.shown, after, waiting }, 'the bus takes events again');
  }
}

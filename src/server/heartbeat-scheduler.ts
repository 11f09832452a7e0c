/**
 * The heartbeats and pings of all clients, spread over the time between two of the monitor's heartbeats: thousands of
 * writes at once would delay an event.
 */
import type { Subscriber } from './subscriber.ts';

const TICK_MS = 50;
/** A round is done in this many ticks, well before the next one begins. */
const TICKS = 80;
/** With few clients it is done in one. */
const AT_LEAST = 100;
/** Clients are pinged once in this many rounds: with 5 s a round, a dead one is found in 20 to 40 s. */
const ASK_EVERY = 4;

export class HeartbeatScheduler {
  readonly #subscribers: ReadonlySet<Subscriber>;
  readonly #heartbeat: () => Buffer;
  #queue: Subscriber[] = [];
  #next = 0;
  #round = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param heartbeat the frame to send now */
  constructor(subscribers: ReadonlySet<Subscriber>, heartbeat: () => Buffer) {
    this.#subscribers = subscribers;
    this.#heartbeat = heartbeat;
  }

  /** Begins a round. What is left of the last one is done first. */
  begin(): void {
    this.#tick(Infinity);
    this.#queue = [...this.#subscribers];
    this.#next = 0;
    this.#round += 1;
    const chunk = Math.max(AT_LEAST, Math.ceil(this.#queue.length / TICKS));
    this.#tick(chunk);
    if (this.#next < this.#queue.length)
      this.#timer = setInterval(() => {
        this.#tick(chunk);
      }, TICK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#queue = [];
  }

  #tick(chunk: number): void {
    const heartbeat = this.#heartbeat();
    const asks = this.#round % ASK_EVERY === 0;
    const turn = this.#queue.slice(this.#next, this.#next + chunk);
    this.#next += turn.length;
    for (const subscriber of turn) if (this.#subscribers.has(subscriber)) subscriber.beat(heartbeat, asks);
    if (this.#next >= this.#queue.length) this.stop();
  }
}

/** The events that a client which comes back may have missed, in the order of their numbers. */
import type { Event } from './messages.ts';

/** Where events are kept. Their numbers have no hole, so a number tells what is missing. */
export interface EventLog {
  /** The number of the newest event; where there is none yet, of the one before it. */
  readonly newest: number;
  /** The number of the oldest event that is kept; `newest + 1` where none is. */
  readonly oldest: number;
  /** Keeps the next event: its number is `newest + 1`. */
  append(event: Event): void;
  /**
   * The events after a number, the oldest first; empty where there is none.
   * @param limit at most this many of them
   * @returns null where one of them is not kept any more, or where that number was never given
   */
  after(seq: number, limit: number): readonly Event[] | null;
}

/** Events kept without a history: a day of 20 services that restart every five minutes, some 15 MB with their frames. */
const KEPT = 20_000;

/** Keeps the newest events in memory. */
export class MemoryEventLog implements EventLog {
  readonly #kept: number;
  #events: Event[] = [];
  #newest: number;

  /** @param newest the number of the newest event that was given before this log began, 0 for none */
  constructor(newest: number, kept: number = KEPT) {
    this.#newest = newest;
    this.#kept = kept;
  }

  get newest(): number {
    return this.#newest;
  }

  get oldest(): number {
    return this.#newest - this.#events.length + 1;
  }

  append(event: Event): void {
    this.#newest = event.seq;
    this.#events.push(event);
    // Cut in large pieces: shifting at every event would cost the whole length each time.
    if (this.#events.length >= this.#kept * 1.25) this.#events = this.#events.slice(-this.#kept);
  }

  after(seq: number, limit: number): readonly Event[] | null {
    if (seq > this.#newest || seq < this.oldest - 1) return null;
    const from = seq - this.oldest + 1;
    return this.#events.slice(from, from + limit);
  }
}

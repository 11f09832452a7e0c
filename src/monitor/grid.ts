/**
 * The grid of one service: slots at `start + k * interval`, without end. Pure; times in timeline time, in milliseconds.
 *
 * A process that was away does not catch up: of the slots that have passed, the latest is used and the others are
 * counted as missed.
 */

/** Lateness that a healthy machine does not reach. */
const LEAST_MS = 50;

export interface DueSlots {
  /** Slots that passed unused before the one that is due now. */
  readonly missed: number;
  /** When the earliest of the passed slots was: what came after it was not observed. Null where nothing was lost. */
  readonly unobservedFrom: number | null;
  /** How late the slot that is used is, in milliseconds. */
  readonly lateMs: number;
}

export class Grid {
  readonly #start: number;
  readonly #intervalMs: number;
  #next = 0;

  /** @param start the time of the first slot */
  constructor(start: number, intervalMs: number) {
    this.#start = start;
    this.#intervalMs = intervalMs;
  }

  /** When the next slot is. */
  get next(): number {
    return this.#start + this.#next * this.#intervalMs;
  }

  /** Uses the latest slot that is due at `now`; call it when `next` has come. */
  take(now: number): DueSlots {
    const first = this.next;
    const latest = Math.max(this.#next, Math.floor((now - this.#start) / this.#intervalMs));
    const missed = latest - this.#next;
    this.#next = latest + 1;
    // Two probes are more than two intervals apart then: an outage of two intervals could hide between them.
    const isUnobserved = now - first > Math.max(LEAST_MS, this.#intervalMs);
    return {
      missed,
      unobservedFrom: isUnobserved ? first : null,
      lateMs: now - (this.#start + latest * this.#intervalMs),
    };
  }
}

/** The golden ratio's fraction: multiples of it modulo 1 stay evenly spread however many there are (three-distance theorem). */
const GOLDEN = 0.6180339887498949;

/** Where in its interval the `index`th service stands, in milliseconds, so that the services are spread over it. */
export function phaseOf(index: number, intervalMs: number): number {
  return ((index * GOLDEN) % 1) * intervalMs;
}

/** The most probes of one service that may be on their way at once. */
export function maxInFlight(timeoutMs: number, intervalMs: number): number {
  return Math.ceil(timeoutMs / intervalMs) + 1;
}

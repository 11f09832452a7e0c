/** Puts samples into the order in which their probes were sent, whatever the order in which they ended. */
import type { Sample } from './model.ts';

/**
 * A queue of the probes of one service that are on their way. A sample leaves it when all that were sent before it
 * have ended: at most one timeout after it was sent. It holds no more than the probes in flight.
 */
export class SettleQueue {
  readonly #settled: (sample: Sample, later: readonly (Sample | null)[]) => void;
  /** The samples from the oldest unended probe on; null while a probe is on its way. */
  readonly #waiting: (Sample | null)[] = [];
  #first = 0;

  /** @param settled called with each sample, in the order of sending, and with what waits behind it: null is a probe on its way */
  constructor(settled: (sample: Sample, later: readonly (Sample | null)[]) => void) {
    this.#settled = settled;
  }

  /** How many probes or samples wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** A probe is sent. Returns its ticket for `end`. */
  begin(): number {
    return this.#first + this.#waiting.push(null) - 1;
  }

  /** A probe has ended. */
  end(ticket: number, sample: Sample): void {
    this.#waiting[ticket - this.#first] = sample;
    while (this.#waiting.length > 0) {
      const head = this.#waiting[0];
      if (head === null || head === undefined) return;
      this.#waiting.shift();
      this.#first += 1;
      this.#settled(head, this.#waiting);
    }
  }
}

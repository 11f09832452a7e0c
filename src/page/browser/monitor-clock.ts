/** The monitor's clock, as its messages tell it: the reader's own may be wrong. Milliseconds since the epoch. */

/** Messages by which the clock is set. */
const KEPT = 6;

export class MonitorClock {
  #ahead: number[] = [];

  /** A message was sent at this time. It is the least late one that counts. */
  stamp(there: number): void {
    this.#ahead = [...this.#ahead, there - Date.now()].slice(-KEPT);
  }

  /** A new connection: either clock may have been set since. */
  reset(): void {
    this.#ahead = [];
  }

  now(): number {
    return Date.now() + (this.#ahead.length === 0 ? 0 : Math.max(...this.#ahead));
  }
}

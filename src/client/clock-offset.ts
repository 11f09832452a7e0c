/**
 * How far another machine's clock is from this one's: what the least delayed of its messages says, corrected by half of
 * the fastest round trip, as the way back can't be distinguished from the way there. Pure.
 */

/** Kept of each: with one in 5 s, about 2.5 minutes. */
const KEPT = 31;
/** With fewer messages than this, each may have been delayed: then the bound is all that was seen of delay. */
const ENOUGH = 5;

export interface ClockOffset {
  /** The other clock less this one, in milliseconds. */
  readonly offsetMs: number;
  /** The true offset is within this of it: half of the round trip, and how much the messages' delays scatter. */
  readonly uncertaintyMs: number;
}

export class OffsetMeter {
  #ahead: number[] = [];
  #roundTrips: number[] = [];

  /**
   * A message came with the time of the other clock.
   * @param there when it was sent, by the other clock
   * @param here when it came, by this clock
   */
  stamp(there: number, here: number): void {
    this.#ahead = [...this.#ahead, there - here].slice(-KEPT);
  }

  /** A ping was answered after this time. */
  roundTrip(tookMs: number): void {
    this.#roundTrips = [...this.#roundTrips, tookMs].slice(-KEPT);
  }

  /** Null before there is a message and a round trip. */
  offset(): ClockOffset | null {
    if (this.#ahead.length === 0 || this.#roundTrips.length === 0) return null;
    const way = Math.min(...this.#roundTrips) / 2;
    // A message that takes longer makes the other clock seem to be behind; nothing makes it seem to be ahead.
    const least = Math.max(...this.#ahead);
    if (this.#ahead.length < ENOUGH) {
      const spread = least - Math.min(...this.#ahead);
      return { offsetMs: least + way, uncertaintyMs: Math.max(...this.#roundTrips) + spread };
    }
    return { offsetMs: least + way, uncertaintyMs: way + least - median(this.#ahead) };
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/**
 * How far another machine's clock is from this one's: the median of what its messages say, corrected by half of the
 * fastest round trip, as the way back can't be told from the way there. Pure.
 */

/** Kept of each: with one in 5 s, about 2.5 minutes. */
const KEPT = 31;

export interface ClockOffset {
  /** The other clock less this one, in milliseconds. */
  readonly offsetMs: number;
  /** The true offset is within this of it: half of the round trip, and how much the measurements scatter. */
  readonly uncertaintyMs: number;
}

export class OffsetMeter {
  #ahead: number[] = [];
  #roundTrips: number[] = [];

  /**
   * A message came that says what time it is there.
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
    const middle = median(this.#ahead);
    const scatter = median(this.#ahead.map((each) => Math.abs(each - middle)));
    return { offsetMs: middle + way, uncertaintyMs: way + scatter };
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

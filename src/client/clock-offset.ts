/**
 * How far another machine's clock is from this one's: what the least delayed of its messages says, corrected by half of
 * the fastest round trip, as the way back can't be distinguished from the way there. Pure.
 */

/** Kept of each: with one in 5 s, about 2.5 minutes. */
const KEPT = 31;
/** With fewer messages than this, each may have been delayed: then the bound is all that was seen of delay. */
const ENOUGH = 5;
/** A clock that moves by more than this between two messages was set; less may be the delay of one on a starved machine. */
const STEP_MS = 2000;

export interface ClockOffset {
  /** The other clock less this one, in milliseconds. */
  readonly offsetMs: number;
  /** The true offset is within this of it: half of the round trip, and how much the messages' delays scatter. */
  readonly uncertaintyMs: number;
  /** By how much the other clock was set, where it was: the offset is not that of all that came. */
  readonly steppedMs?: number;
}

export class OffsetMeter {
  #ahead: number[] = [];
  #roundTrips: number[] = [];
  #stepped: number | null = null;

  /**
   * A message came with the time of the other clock.
   * @param there when it was sent, by the other clock
   * @param here when it came, by this clock
   */
  stamp(there: number, here: number): void {
    this.#ahead = [...this.#ahead, there - here].slice(-KEPT);
    this.#stepped ??= this.#stepAhead() ?? this.#stepBack(ENOUGH);
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
    // Behind, as a message that was held up also is: it is taken for a step until another one comes in time.
    const steppedMs = this.#stepped ?? this.#stepBack(1);
    const step = steppedMs === null ? {} : { steppedMs };
    if (this.#ahead.length < ENOUGH) {
      const spread = least - Math.min(...this.#ahead);
      return { offsetMs: least + way, uncertaintyMs: Math.max(...this.#roundTrips) + spread, ...step };
    }
    return { offsetMs: least + way, uncertaintyMs: way + least - median(this.#ahead), ...step };
  }

  /** How far the newest message is ahead of all before it, where no delay explains that. */
  #stepAhead(): number | null {
    const ms = (this.#ahead.at(-1) ?? 0) - Math.max(...this.#ahead.slice(0, -1));
    return Number.isFinite(ms) && ms > STEP_MS ? ms : null;
  }

  /** How far the newest messages, so many, are all behind one that came before them. */
  #stepBack(newest: number): number | null {
    const ms = Math.max(...this.#ahead.slice(-newest)) - Math.max(...this.#ahead.slice(0, -newest));
    return Number.isFinite(ms) && ms < -STEP_MS ? ms : null;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

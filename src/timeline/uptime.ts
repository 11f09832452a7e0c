/** Uptime over sliding windows, in bounded memory: sums of up and down time by minute, hour and day. Pure. */
import type { Uptime } from '../feed/messages.ts';
import type { State } from '../model.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Stretch {
  readonly state: State;
  readonly from: number;
}

const NO_SUMS = new Float64Array();
const NO_NUMBERS = new Int32Array();

/** A ring of buckets of one width. A bucket is used anew when its turn comes again. */
class Buckets {
  readonly #widthMs: number;
  readonly #count: number;
  // Made at the first use: of ten thousand services most never change their state.
  // Not of 32 bits: a day's sum would swallow stretches of a few milliseconds.
  #up = NO_SUMS;
  #down = NO_SUMS;
  /** Which bucket since the epoch stands in each place. */
  #number = NO_NUMBERS;

  constructor(widthMs: number, count: number) {
    this.#widthMs = widthMs;
    this.#count = count;
  }

  add(state: 'up' | 'down', from: number, to: number): void {
    const count = this.#count;
    if (this.#number.length === 0) {
      this.#up = new Float64Array(count);
      this.#down = new Float64Array(count);
      this.#number = new Int32Array(count).fill(-1);
    }
    const sums = state === 'up' ? this.#up : this.#down;
    const last = Math.floor(to / this.#widthMs);
    for (let n = Math.max(Math.floor(from / this.#widthMs), last - count + 1); n <= last; n++) {
      const place = n % count;
      if (this.#number[place] !== n) {
        this.#number[place] = n;
        this.#up[place] = 0;
        this.#down[place] = 0;
      }
      const begin = Math.max(from, n * this.#widthMs);
      const end = Math.min(to, (n + 1) * this.#widthMs);
      sums[place] = (sums[place] ?? 0) + Math.max(0, end - begin);
    }
  }

  /** Up / (up + down) over the window that ends at `now`, with a stretch that is not added; null where both are 0. */
  ratio(now: number, present: Stretch): number | null {
    const oldest = Math.floor(now / this.#widthMs) - this.#count + 1;
    const presentMs = Math.max(0, now - Math.max(present.from, oldest * this.#widthMs));
    let up = present.state === 'up' ? presentMs : 0;
    let down = present.state === 'down' ? presentMs : 0;
    this.#number.forEach((n, place) => {
      if (n < oldest) return;
      up += this.#up[place] ?? 0;
      down += this.#down[place] ?? 0;
    });
    return up + down === 0 ? null : up / (up + down);
  }
}

export class UptimeWindows {
  readonly #hour = new Buckets(MINUTE_MS, 60);
  readonly #day = new Buckets(HOUR_MS, 24);
  readonly #quarter = new Buckets(DAY_MS, 90);

  /** Adds a stretch of time in one state; times in milliseconds since the epoch. Unobserved and unknown time is in neither sum. */
  add(state: State, from: number, to: number): void {
    if ((state !== 'up' && state !== 'down') || to <= from) return;
    this.#hour.add(state, from, to);
    this.#day.add(state, from, to);
    this.#quarter.add(state, from, to);
  }

  /** @param present the state that lasts until now, and since when it was not added */
  uptime(now: number, present: Stretch): Uptime {
    return {
      '1h': this.#hour.ratio(now, present),
      '24h': this.#day.ratio(now, present),
      '90d': this.#quarter.ratio(now, present),
    };
  }
}

/** How long the good probes of one service took recently. Pure; bounded memory. Durations in milliseconds. */

/** Good probes whose median is "now". */
const RECENT = 9;
/** Columns of the longest sparkline. */
const BUCKETS = 60;
const BUCKET_MS = 1000;

/** What a bucket of a sparkline shows. */
export interface Bucket {
  /** The longest latency in it; null where no good probe was. */
  readonly ms: number | null;
  /** Whether a probe failed in it. */
  readonly failed: boolean;
}

export class Latency {
  readonly #bucketMs: number;
  readonly #longest = new Float32Array(BUCKETS);
  readonly #failed = new Uint8Array(BUCKETS);
  /** The number, since the epoch, of the newest bucket. */
  #head = -1;
  #recent: number[] = [];

  /** @param intervalMs from one probe's start to the next one's */
  constructor(intervalMs: number) {
    this.#bucketMs = Math.max(BUCKET_MS, intervalMs);
  }

  /** The median of the last good probes; null before the first. */
  get now(): number | null {
    return median(this.#recent);
  }

  /**
   * Takes a probe.
   * @param at when it was sent, in milliseconds since the epoch
   * @param ms how long it took; null where it failed
   */
  add(at: number, ms: number | null): void {
    const bucket = Math.floor(at / this.#bucketMs);
    if (bucket <= this.#head - BUCKETS) return;
    for (let empty = Math.max(this.#head + 1, bucket - BUCKETS + 1); empty <= bucket; empty++) {
      this.#longest[empty % BUCKETS] = -1;
      this.#failed[empty % BUCKETS] = 0;
    }
    this.#head = Math.max(this.#head, bucket);
    const place = bucket % BUCKETS;
    if (ms === null) {
      this.#failed[place] = 1;
      return;
    }
    this.#longest[place] = Math.max(this.#longest[place] ?? -1, ms);
    this.#recent.push(ms);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  /**
   * The last buckets, each of a second (or an interval, where that is longer), the newest last.
   * @param count 1 to 60
   * @param now milliseconds since the epoch
   */
  buckets(count: number, now: number): Bucket[] {
    // The bucket of the present moment is not complete yet: it would twitch at the right edge.
    const last = Math.floor(now / this.#bucketMs) - 1;
    return Array.from({ length: count }, (_, index) => {
      const bucket = last - count + 1 + index;
      if (this.#head < 0 || bucket > this.#head || bucket <= this.#head - BUCKETS) return { ms: null, failed: false };
      const ms = this.#longest[bucket % BUCKETS] ?? -1;
      return { ms: ms < 0 ? null : ms, failed: this.#failed[bucket % BUCKETS] === 1 };
    });
  }
}

/** The middle one; null of none. */
export function median(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

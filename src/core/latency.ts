/**
 * How long good answers take: counts in logarithmic buckets, of which quantiles follow to within 4 %. Pure; milliseconds.
 * What is counted is the time of the answer alone: see `answerMs` of a `Sample`.
 */

/** Buckets for each factor of ten. */
const PER_DECADE = 32;
const DECADES = 5;
/** The upper bound of the first bucket; what is faster is in it too. */
const LEAST_MS = 0.1;
/** Each bucket ends at `LEAST_MS * 10 ** (index / PER_DECADE)`; the last one has all that is slower than 10 s. */
export const LATENCY_BUCKETS = PER_DECADE * DECADES + 2;
const PER_LOG2 = PER_DECADE * Math.log10(2);

/** The bucket of a duration: from 0 to `LATENCY_BUCKETS - 1`. */
export function latencyBucket(ms: number): number {
  if (!(ms > LEAST_MS)) return 0;
  // What lies on an edge belongs below it, whatever the rounding is.
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(Math.log2(ms / LEAST_MS) * PER_LOG2 - 1e-9));
}

/** The upper bound of a bucket. */
function boundOf(bucket: number): number {
  return LEAST_MS * 10 ** (bucket / PER_DECADE);
}

/** How long good answers took. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The slowest, exactly. */
  readonly maxMs: number;
}

/**
 * What is known of the durations in a list of counts.
 * @param counts by bucket
 * @param maxMs the slowest
 * @returns null where nothing was counted
 */
function latencyOf(counts: ArrayLike<number>, maxMs: number): Latency | null {
  let total = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) total += counts[bucket] ?? 0;
  if (total === 0) return null;
  return { p50Ms: quantile(counts, total * 0.5, maxMs), p99Ms: quantile(counts, total * 0.99, maxMs), maxMs };
}

/** The geometric middle of the bucket of the answer with this rank; to three digits, as more are not known. */
function quantile(counts: ArrayLike<number>, rank: number, maxMs: number): number {
  let sum = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) {
    sum += counts[bucket] ?? 0;
    if (sum >= rank) return Math.min(maxMs, Number(boundOf(bucket - 0.5).toPrecision(3)));
  }
  return maxMs;
}

/**
 * How many took at most each of these bounds: for a cumulative histogram.
 * @param bounds in milliseconds, ascending; each is taken to the next edge of a bucket
 */
export function cumulative(counts: ArrayLike<number>, bounds: readonly number[]): number[] {
  let [bucket, sum] = [0, 0];
  return bounds.map((bound) => {
    for (const last = latencyBucket(bound); bucket <= last; bucket += 1) sum += counts[bucket] ?? 0;
    return sum;
  });
}

/** Counts in the memory of this thread. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(LATENCY_BUCKETS);
  #maxMs = 0;
  count = 0;

  /** A good answer took this long. */
  add(ms: number): void {
    const bucket = latencyBucket(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
    this.count += 1;
  }

  /** Null where there was none. */
  get latency(): Latency | null {
    return latencyOf(this.#counts, this.#maxMs);
  }
}

/** The last minute is counted in slices of it; one more than it has, as the present one has just begun. */
const SLICE_MS = 10_000;
const SLICES = 7;
/** Of each slice: which it is, the slowest answer, and the counts. */
const SLICE_FIELDS = 2 + LATENCY_BUCKETS;
/** How many numbers a `RecentLatency` takes. */
export const RECENT_FIELDS = SLICES * SLICE_FIELDS;

/** How long the good answers of the last minute took, in memory that may be shared between threads. */
export class RecentLatency {
  readonly #fields: Float64Array;

  /** @param fields `RECENT_FIELDS` of them */
  constructor(fields: Float64Array = new Float64Array(RECENT_FIELDS)) {
    this.#fields = fields;
  }

  /** A good answer took this long, and came at this time, by any clock. */
  add(ms: number, at: number): void {
    const fields = this.#fields;
    const number = Math.floor(at / SLICE_MS);
    const slice = (number % SLICES) * SLICE_FIELDS;
    if (fields[slice] !== number) {
      fields.fill(0, slice, slice + SLICE_FIELDS);
      fields[slice] = number;
    }
    fields[slice + 1] = Math.max(fields[slice + 1] ?? 0, ms);
    const place = slice + 2 + latencyBucket(ms);
    fields[place] = (fields[place] ?? 0) + 1;
  }

  /** The answers of the last 60 to 70 s; null where there was none. @param now by the same clock */
  lastMinute(now: number): Latency | null {
    const counts = new Float64Array(LATENCY_BUCKETS);
    const oldest = Math.floor(now / SLICE_MS) - SLICES;
    let maxMs = 0;
    for (let slice = 0; slice < RECENT_FIELDS; slice += SLICE_FIELDS) {
      const fields = this.#fields.subarray(slice, slice + SLICE_FIELDS);
      if ((fields[0] ?? 0) <= oldest) continue;
      maxMs = Math.max(maxMs, fields[1] ?? 0);
      for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1)
        counts[bucket] = (counts[bucket] ?? 0) + (fields[2 + bucket] ?? 0);
    }
    // To the microsecond: what lies below is noise.
    return latencyOf(counts, Math.round(maxMs * 1000) / 1000);
  }
}

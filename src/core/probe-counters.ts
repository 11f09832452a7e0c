/**
 * What the probes of one service found, counted: for `/metrics`. The engine's thread writes it, the main thread reads it
 * whenever it likes, in memory that both share: a probe costs a few stores and no message, however often it is sent and
 * whether or not a client reads them. What is read of the last probe may belong to two that ended one after the other.
 */
import { cumulative, LATENCY_BUCKETS, latencyBucket, RECENT_FIELDS, RecentLatency, type Latency } from './latency.ts';
import {
  answerMs,
  DOWN_REASONS,
  UNOBSERVED_REASONS,
  resultOf,
  type Phases,
  type Reason,
  type Result,
  type Sample,
} from './model.ts';

const REASONS: readonly Reason[] = [...DOWN_REASONS, ...UNOBSERVED_REASONS];
const RESULTS: readonly Result[] = ['up', 'down', 'unobserved'];
const INDEX = new Map<Reason | null, number>([
  [null, 0],
  ...REASONS.map((reason, i): [Reason, number] => [reason, i + 1]),
]);

/** Where in the memory the last probe is: its result (0 for none so far, otherwise an index from 1), then its durations. */
const LAST = INDEX.size;
/** Of the last probe too: the version of IP, the status of HTTP; and the end of the last certificate. 0 for none. */
const IP = LAST + 6;
const STATUS = LAST + 7;
const CERTIFICATE = LAST + 8;
/** Then all good answers: the sum of their durations, and the counts of their buckets. */
const SUM = LAST + 9;
const ALL = SUM + 1;
/** Then those of the last minute. */
const RECENT = ALL + LATENCY_BUCKETS;
const FIELDS = RECENT + RECENT_FIELDS;

export interface ProbeCount {
  readonly result: Result;
  /** Null exactly when the result is `up`. */
  readonly reason: Reason | null;
  readonly count: number;
}

/** The newest probe that ended. Durations in milliseconds. */
export interface LastProbe {
  readonly result: Result;
  readonly durationMs: number;
  readonly phases: Phases;
  /** The version of IP; 0 where it went over none. */
  readonly ip: number;
  /** The status of an HTTP reply; 0 where there was none. */
  readonly status: number;
  /** Until when the last certificate is valid, in milliseconds since the epoch; 0 where none was shown. */
  readonly certUntil: number;
}

export class ProbeCounters {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Float64Array;
  readonly #recent: RecentLatency;

  /** @param memory of another `ProbeCounters`, to share it; without it a new one, with nothing counted */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(FIELDS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Float64Array(memory);
    this.#recent = new RecentLatency(this.#fields.subarray(RECENT));
  }

  /** A probe has ended. */
  add(sample: Sample): void {
    const fields = this.#fields;
    const place = INDEX.get(sample.reason) ?? 0;
    fields[place] = (fields[place] ?? 0) + 1;
    fields[LAST] = RESULTS.indexOf(sample.result) + 1;
    fields[LAST + 1] = sample.endedAt - sample.sentAt;
    fields[LAST + 2] = sample.phases.dnsMs ?? NaN;
    fields[LAST + 3] = sample.phases.connectMs ?? NaN;
    fields[LAST + 4] = sample.phases.tlsMs ?? NaN;
    fields[LAST + 5] = sample.phases.replyMs ?? NaN;
    fields[IP] = sample.ip ?? 0;
    fields[STATUS] = sample.status ?? 0;
    // A kept connection shows it once.
    fields[CERTIFICATE] = sample.certUntil ?? fields[CERTIFICATE] ?? 0;
    if (sample.result === 'up') this.#answered(answerMs(sample), sample.endedAt);
  }

  #answered(ms: number, at: number): void {
    const fields = this.#fields;
    const bucket = latencyBucket(ms);
    fields[SUM] = (fields[SUM] ?? 0) + ms;
    fields[ALL + bucket] = (fields[ALL + bucket] ?? 0) + 1;
    this.#recent.add(ms, at);
  }

  /**
   * How long the good answers of the last 60 to 70 s took; null where there was none.
   * @param now timeline time
   */
  lastMinute(now: number): Latency | null {
    return this.#recent.lastMinute(now);
  }

  /**
   * All good answers since the service is watched: how many took at most each of these bounds, how many there were, and the sum of
   * their durations.
   */
  answers(boundsMs: readonly number[]): {
    readonly upTo: readonly number[];
    readonly count: number;
    readonly sumMs: number;
  } {
    const counts = this.#fields.subarray(ALL, ALL + LATENCY_BUCKETS);
    const upTo = cumulative(counts, boundsMs);
    return { upTo, count: counts.reduce((sum, one) => sum + one, 0), sumMs: this.#fields[SUM] ?? 0 };
  }

  /** How many probes ended in each way, since the service is watched; ways that none ended in are left out, but for `up`. */
  counts(): ProbeCount[] {
    const counts: ProbeCount[] = [];
    for (const [reason, place] of INDEX) {
      const count = this.#fields[place] ?? 0;
      if (count === 0 && reason !== null) continue;
      counts.push({ result: reason === null ? 'up' : resultOf(reason), reason, count });
    }
    return counts;
  }

  /** Null before the first probe has ended. */
  last(): LastProbe | null {
    const result = RESULTS[(this.#fields[LAST] ?? 0) - 1];
    if (result === undefined) return null;
    return {
      result,
      durationMs: this.#fields[LAST + 1] ?? 0,
      phases: {
        dnsMs: this.#duration(2),
        connectMs: this.#duration(3),
        tlsMs: this.#duration(4),
        replyMs: this.#duration(5),
      },
      ip: this.#fields[IP] ?? 0,
      status: this.#fields[STATUS] ?? 0,
      certUntil: this.#fields[CERTIFICATE] ?? 0,
    };
  }

  #duration(offset: number): number | null {
    const ms = this.#fields[LAST + offset] ?? NaN;
    return Number.isNaN(ms) ? null : ms;
  }
}

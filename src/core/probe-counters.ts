/**
 * What the probes of one service found, counted: for `/metrics`. The engine's thread writes it, the main thread reads it
 * whenever it likes, in memory that both share: a probe costs a few stores and no message, however often it is sent and
 * whether or not a client reads them. What is read of the last probe may belong to two that ended one after the other.
 */
import {
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
const FIELDS = LAST + 6;

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
}

export class ProbeCounters {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Float64Array;

  /** @param memory of another `ProbeCounters`, to share it; without it a new one, with nothing counted */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(FIELDS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Float64Array(memory);
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
    };
  }

  #duration(offset: number): number | null {
    const ms = this.#fields[LAST + offset] ?? NaN;
    return Number.isNaN(ms) ? null : ms;
  }
}

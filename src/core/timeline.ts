/**
 * From samples to the truth with its limits: states, transitions and gaps with their error bounds.
 *
 * A probe sent at `s` and answered at `e` with success shows that the service was up at some moment in [s, e]; one that
 * failed shows that it was down at some moment in [s, e]. Probes reach the service in the order in which they were sent.
 * So for a gap between the last good probe before it (s0, e0), its failed probes (s1, e1) … (s2, e2) and the first good
 * one after it (s3, e3):
 *
 * - it began in [s0, min e], where `min e` is the earliest end of its failed probes: `e1`, unless a later one failed
 *   sooner (a lost packet is noticed only at the deadline, a refusal at once);
 * - it ended in [s2, e3];
 * - so it lasted at most `e3 - s0` and at least `max(0, s2 - min e)`; the usual single figure is `s3 - s1`.
 *
 * Unobserved time inside or beside a gap widens the upper bound (s0 and e3 lie beyond it) and adds nothing to the lower
 * one. Each stretch of failed probes that is not interrupted by it counts for itself.
 *
 * Pure: no clock, no I/O. All times in timeline time, in milliseconds.
 */
import type { GapFacts, OpenGap, ReasonCount } from './messages.ts';
import type { Reason, Result, Sample, Service, State } from './model.ts';

/** A change of state. The service itself changed in [`notBefore`, `notAfter`]. */
export interface StateChange {
  readonly from: State;
  readonly to: State;
  readonly at: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly reason: Reason | null;
  readonly message: string | null;
}

/** What is known of a gap that has not ended. */
export type OpenGapFacts = Omit<OpenGap, 'type' | 'service'>;

/** Takes the changes. Called in the order of time. */
export interface TimelineSink {
  transition(change: StateChange): void;
  gap(gap: GapFacts): void;
}

/** Failed probes without unobserved time in between. */
interface Run {
  readonly from: number;
  firstEnd: number;
  lastSent: number;
}

/** What a timeline needs to resume where another one ended: plain data. */
export interface Checkpoint {
  readonly state: State;
  /** When the last good probe was sent; null where there was none. */
  readonly lastGoodSent: number | null;
  /** When the last probe that saw the service, up or down, was sent. */
  readonly lastSeenSent: number | null;
  readonly lastSeen: Result | null;
  /** The gap that is open; null where there is none. */
  readonly gap: GapCheckpoint | null;
}

export interface GapCheckpoint {
  readonly from: number;
  /** When the last good probe before it was sent; null where there was none. */
  readonly lastGoodSent: number | null;
  readonly failed: number;
  /** What is surely known of the stretches of failed probes that unobserved time has ended. */
  readonly downMs: number;
  readonly minMs: number;
  readonly downUntil: number;
  readonly reasons: readonly ReasonCount[];
  readonly run: Readonly<Run> | null;
}

/** An engine that is silent for longer is not at work. */
export const ENGINE_SILENCE_MS = 1000;

/**
 * The checkpoint that the timeline of a service that is up surely has, where none was saved.
 * @param since when the first good probe was sent
 * @param until a moment at which the engine had been at work within `ENGINE_SILENCE_MS`: when it was, all probes that
 *   had been sent one deadline and one interval earlier had ended
 */
export function checkpointOfUp(
  since: number,
  until: number,
  service: Pick<Service, 'timeoutMs' | 'intervalMs'>,
): Checkpoint {
  const sent = Math.max(since, until - ENGINE_SILENCE_MS - service.timeoutMs - service.intervalMs);
  return { state: 'up', lastGoodSent: sent, lastSeenSent: sent, lastSeen: 'up', gap: null };
}

/** A checkpoint with other labels for its times. */
export function relabelled(checkpoint: Checkpoint, label: (time: number) => number): Checkpoint {
  const maybe = (time: number | null): number | null => (time === null ? null : label(time));
  const { gap } = checkpoint;
  const run = gap?.run ?? null;
  return {
    ...checkpoint,
    lastGoodSent: maybe(checkpoint.lastGoodSent),
    lastSeenSent: maybe(checkpoint.lastSeenSent),
    gap: gap && {
      ...gap,
      from: label(gap.from),
      lastGoodSent: maybe(gap.lastGoodSent),
      downUntil: label(gap.downUntil),
      run: run && { from: label(run.from), firstEnd: label(run.firstEnd), lastSent: label(run.lastSent) },
    },
  };
}

interface GapSoFar {
  readonly from: number;
  /** When the last good probe before it was sent; null where there was none. */
  readonly lastGoodSent: number | null;
  readonly reasons: Map<Reason, number>;
  failed: number;
  /** Of the runs that unobserved time has ended. */
  downMs: number;
  minMs: number;
  downUntil: number;
  run: Run | null;
}

export class Timeline {
  readonly #sink: TimelineSink;
  #state: State = 'unknown';
  #lastGoodSent: number | null = null;
  /** When the last probe that saw the service, up or down, was sent. */
  #lastSeenSent: number | null = null;
  #lastSeen: Result | null = null;
  #gap: GapSoFar | null = null;

  constructor(sink: TimelineSink) {
    this.#sink = sink;
  }

  get state(): State {
    return this.#state;
  }

  /** What another timeline needs to resume from here. */
  get checkpoint(): Checkpoint {
    const gap = this.#gap;
    return {
      state: this.#state,
      lastGoodSent: this.#lastGoodSent,
      lastSeenSent: this.#lastSeenSent,
      lastSeen: this.#lastSeen,
      gap: gap && { ...gap, reasons: countsOf(gap.reasons), run: gap.run && { ...gap.run } },
    };
  }

  /**
   * Goes on where another timeline ended; the service was not probed since `until`. To be called before the first sample. That the
   * state is unobserved from then on is not emitted here: the monitor has emitted it.
   */
  resume(checkpoint: Checkpoint, until: number): void {
    this.#state = 'unobserved';
    this.#lastGoodSent = checkpoint.lastGoodSent;
    this.#lastSeenSent = checkpoint.lastSeenSent;
    this.#lastSeen = checkpoint.lastSeen;
    const { gap } = checkpoint;
    if (gap === null) return;
    const reasons = new Map(gap.reasons.map(({ reason, count }) => [reason, count]));
    this.#gap = { ...gap, reasons, run: gap.run && { ...gap.run } };
    endRun(this.#gap, until);
  }

  /** Takes the next settled sample. They come in the order in which they were sent. */
  add(sample: Sample): void {
    if (sample.result === 'up') this.#up(sample);
    else if (sample.result === 'down') this.#down(sample);
    else this.#unobserved(sample);
  }

  /** What is known at `now` of the gap that is open; null where there is none. */
  openGap(now: number): OpenGapFacts | null {
    const gap = this.#gap;
    if (gap === null) return null;
    const run = gap.run;
    return {
      from: gap.from,
      durationMs: gap.downMs + (run === null ? 0 : now - run.from),
      minMs: gap.minMs + (run === null ? 0 : surely(run)),
      failed: gap.failed,
      reasons: countsOf(gap.reasons),
    };
  }

  #up(sample: Sample): void {
    if (this.#state !== 'up') this.#change('up', sample);
    const gap = this.#gap;
    if (gap !== null) {
      this.#gap = null;
      endRun(gap, sample.sentAt);
      this.#sink.gap({
        from: gap.from,
        to: gap.downUntil,
        durationMs: gap.downMs,
        minMs: gap.minMs,
        maxMs: gap.lastGoodSent === null ? null : sample.endedAt - gap.lastGoodSent,
        failed: gap.failed,
        reasons: countsOf(gap.reasons),
      });
    }
    this.#lastGoodSent = sample.sentAt;
    this.#see('up', sample);
  }

  #down(sample: Sample): void {
    if (this.#state !== 'down') this.#change('down', sample);
    this.#gap ??= {
      from: sample.sentAt,
      lastGoodSent: this.#lastGoodSent,
      reasons: new Map(),
      failed: 0,
      downMs: 0,
      minMs: 0,
      downUntil: sample.sentAt,
      run: null,
    };
    const gap = this.#gap;
    gap.run ??= { from: sample.sentAt, firstEnd: sample.endedAt, lastSent: sample.sentAt };
    gap.run.firstEnd = Math.min(gap.run.firstEnd, sample.endedAt);
    gap.run.lastSent = sample.sentAt;
    gap.failed += 1;
    const reason = sample.reason ?? 'error';
    gap.reasons.set(reason, (gap.reasons.get(reason) ?? 0) + 1);
    this.#see('down', sample);
  }

  #unobserved(sample: Sample): void {
    if (this.#state === 'unobserved') return;
    // When the probing stopped is known exactly; what the service did then is not.
    const at = sample.sentAt;
    this.#emit({ to: 'unobserved', at, notBefore: at, notAfter: at, reason: sample.reason, message: sample.message });
    if (this.#gap !== null) endRun(this.#gap, at);
  }

  #change(to: Result, sample: Sample): void {
    // After unobserved time, the service itself may have changed at any moment since it was last seen, or not
    // at all: then the only change is that it is observed again.
    const same = this.#state === 'unobserved' && this.#lastSeen === to;
    this.#emit({
      to,
      at: sample.sentAt,
      notBefore: same ? sample.sentAt : (this.#lastSeenSent ?? sample.sentAt),
      notAfter: same ? sample.sentAt : sample.endedAt,
      reason: sample.reason,
      message: sample.message,
    });
  }

  #emit(change: Omit<StateChange, 'from'>): void {
    const from = this.#state;
    this.#state = change.to;
    this.#sink.transition({ from, ...change });
  }

  #see(result: Result, sample: Sample): void {
    this.#lastSeen = result;
    this.#lastSeenSent = sample.sentAt;
  }
}

/** The run surely lasted this long: from the first proof that the service was down to the last. */
function surely(run: Run): number {
  return Math.max(0, run.lastSent - run.firstEnd);
}

function endRun(gap: GapSoFar, at: number): void {
  if (gap.run === null) return;
  gap.downMs += at - gap.run.from;
  gap.minMs += surely(gap.run);
  gap.downUntil = at;
  gap.run = null;
}

function countsOf(reasons: ReadonlyMap<Reason, number>): GapFacts['reasons'] {
  return Array.from(reasons, ([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

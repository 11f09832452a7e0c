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
 * - so it lasted at most `e3 - s0` and at least `max(0, s2 - min e)`: `provenMinMs`.
 *
 * A silent probe ends only at its deadline, but is overdue long before (see `UsualDuration`). `minMs` reckons with that
 * moment instead of its end. It is an inference from the recent past, where `provenMinMs` is none.
 *
 * The single figure `durationMs` is the distance of the two estimated edges. The first failed probe is late by half the
 * distance to the probe before it, on average, and so is the first good one. Where both distances are the same (a grid) that is
 * `s3 - s1`. Where the end is probed more often than the beginning was, or a broken connection dates the beginning, it is not.
 *
 * The order of sending has one exception: what is lost on the way is sent again by the kernel, or waits in a queue, and reaches
 * the service late. A good answer that took far longer than usual, and is followed by failed probes that were sent before it
 * ended, shows that the service was up at some moment only, which may be after theirs: it breaks no gap, but what the failed probes
 * before it and after it prove is added up, without the time between them. The same holds for one that was not connected yet when a
 * probe that was sent later had failed, where connections to the service usually take far less: on a busy machine a packet of this
 * machine to itself waits for its turn.
 *
 * Its mirror image: a failed probe whose connection broke (it was reset, or closed while it was held) shows that the service was down
 * until its end at the latest, which may be after a good answer to a probe that was sent later: where the monitor is starved, it sees
 * both late. Such an answer ends no gap, unless it was sent after another failed probe of the gap had ended. Nothing is known of the
 * moment at which it came, so it interrupts the failed probes as unobserved time does. A refusal, or a reply that is not a good one,
 * says what the service was when it was asked, however late it came: one bad one of several servers is not down all the time. But
 * where its packet waited for its turn, a good answer to a probe that was sent later and connected before may be the earlier one.
 *
 * Unobserved time inside or beside a gap widens the upper bound (s0 and e3 lie beyond it) and adds nothing to the lower
 * one. Each stretch of failed probes that is not interrupted by it counts for itself.
 *
 * Pure: no clock, no I/O. All times in timeline time, in milliseconds.
 */
import { shortened } from './format.ts';
import {
  type Checkpoint,
  type GapCheckpoint,
  interrupted,
  leadOf,
  openGapAt,
  type OpenGapFacts,
  type Run,
} from './checkpoint.ts';
import type { GapFacts, ReasonCount } from './messages.ts';
import { isSilent, type Mutable, type Reason, type Result, type Sample, type State } from './model.ts';
import { UsualDuration } from './usual-duration.ts';

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

/** Takes the changes. Called in the order of time. */
export interface TimelineSink {
  transition(change: StateChange): void;
  gap(gap: GapFacts): void;
}

/** Characters of a message that are kept with a gap: enough for what a server says, and little in a feed of thousands. */
const MESSAGE = 160;
/** What breaks within this time, in milliseconds, breaks together. */
const SAME_BREAK_MS = 10;
/** A gap that is open. */
interface GapSoFar extends Mutable<Omit<GapCheckpoint, 'reasons' | 'run'>> {
  readonly reasons: Map<Reason, Mutable<ReasonCount>>;
  run: Run | null;
}

export class Timeline {
  readonly #sink: TimelineSink;
  readonly #usual = new UsualDuration();
  /** How long connections take to be open. */
  readonly #usualConnect = new UsualDuration();
  #state: State = 'unknown';
  #lastGoodSent: number | null = null;
  #lastGoodEnded: number | null = null;
  /** When the last probe that saw the service, up or down, was sent. */
  #lastSeenSent: number | null = null;
  #lastSeen: Result | null = null;
  #gap: GapSoFar | null = null;
  /** When the first of the failed probes of the gap had ended, ... */
  #failedSince = Infinity;
  /** ... the last of those whose connection broke, and when the last of those whose packet had waited had surely asked. */
  #brokenUntil = -Infinity;
  #askedUntil = -Infinity;
  #lastOverdueSent = -Infinity;
  /** When the last of the good answers had come that break no gap, or the last kept connection broke: the service was up before. */
  #upUntil = -Infinity;
  /** Good answers that took far longer than usual: a probe that was sent before their end may still contradict them. */
  #doubtful: Sample[] = [];

  constructor(sink: TimelineSink) {
    this.#sink = sink;
  }

  get state(): State {
    return this.#state;
  }

  /** After how long an answer of this service is overdue, in milliseconds; `Infinity` while no good one is known. */
  get overdueMs(): number {
    return this.#usual.overdueMs;
  }

  /** What another timeline needs to resume from here. */
  get checkpoint(): Checkpoint {
    const gap = this.#gap;
    return {
      state: this.#state,
      lastGoodSent: this.#lastGoodSent,
      lastGoodEnded: this.#lastGoodEnded,
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
    this.#lastGoodEnded = checkpoint.lastGoodEnded;
    this.#lastSeenSent = checkpoint.lastSeenSent;
    this.#lastSeen = checkpoint.lastSeen;
    const { gap } = checkpoint;
    if (gap === null) return;
    const reasons = new Map(gap.reasons.map((one) => [one.reason, { ...one }]));
    this.#gap = { ...gap, reasons, run: gap.run && { ...gap.run } };
    // What had failed until then was known before anything that is sent from now on.
    this.#failedSince = -Infinity;
    endRun(this.#gap, until);
  }

  /**
   * Takes the next settled sample. They come in the order in which they were sent.
   * @param later the probes that were sent after it: their samples, null for those that have not ended yet
   */
  add(sample: Sample, later: readonly (Sample | null)[] = []): void {
    // What was sent after its end contradicts no answer.
    if (sample.result === 'down') {
      const contradicted = this.#doubtful.filter(({ endedAt }) => endedAt > sample.sentAt);
      this.#doubtful = this.#doubtful.filter(({ endedAt }) => endedAt <= sample.sentAt);
      this.settle();
      for (const { endedAt } of contradicted) this.#upUntil = Math.max(this.#upUntil, endedAt);
      this.#down(sample);
      return;
    }
    while (this.#doubtful[0] !== undefined && this.#doubtful[0].endedAt <= sample.sentAt) this.#believe(1);
    if (sample.result === 'up') {
      this.#doubtful.push(sample);
      if (this.#isOvertaken(sample, later)) return;
      const isLate = later.length > 0 && this.#usual.isFarLonger(tookMs(sample));
      if (isLate && (this.#state === 'down' || this.#state === 'up')) return;
    }
    this.settle();
    if (sample.result === 'unobserved') this.#unobserved(sample);
  }

  /**
   * A probe that was sent then was given up when it was overdue: no proof, but the service had not come back by all appearance. Unless one
   * that was sent before it was answered, and is only waited with.
   */
  overdue(sentAt: number): void {
    if (this.#doubtful.length === 0) this.#lastOverdueSent = sentAt;
  }

  /** What was taken for good answers in the last `ms` was none: the service may have been down since then. */
  withdraw(ms: number): void {
    this.settle();
    const earlier = (time: number | null): number | null => (time === null ? null : time - ms);
    this.#lastGoodSent = earlier(this.#lastGoodSent);
    this.#lastGoodEnded = earlier(this.#lastGoodEnded);
    this.#lastSeenSent = earlier(this.#lastSeenSent);
  }

  /** No probe is on its way any more: what waits for one counts. */
  settle(): void {
    this.#believe(this.#doubtful.length);
  }

  /** What is known at `now` of the gap that is open; null where there is none. */
  openGap(now: number): OpenGapFacts | null {
    const gap = this.#gap;
    return gap && openGapAt({ ...gap, reasons: countsOf(gap.reasons) }, now);
  }

  /** The first doubtful answers are good ones. */
  #believe(count: number): void {
    let answered = Infinity;
    for (const sample of this.#doubtful)
      if (!this.#mayPrecedeGap(sample)) answered = Math.min(answered, sample.endedAt);
    for (const sample of this.#doubtful.splice(0, count)) this.#up(sample, answered);
  }

  /** Whether a probe that was sent later had failed before this one was connected: it may have reached the service first. */
  #isOvertaken(sample: Sample, later: readonly (Sample | null)[]): boolean {
    const connected = connectedAt(sample) ?? -Infinity;
    const hasFailed = (one: Sample | null): boolean =>
      one?.result === 'down' && one.phases.connectMs !== null && one.endedAt <= connected;
    return later.some(hasFailed) && this.#hasWaited(sample);
  }

  /** Whether the packet that asked for a connection waited for its turn. */
  #hasWaited({ phases: { connectMs } }: Sample): boolean {
    return connectMs !== null && this.#usualConnect.isLaterByATurn(connectMs);
  }

  /** Whether a good answer may have come before what the failed probes of the gap show. */
  #mayPrecedeGap(sample: Sample): boolean {
    const askedBy = connectedAt(sample) ?? sample.endedAt;
    return sample.sentAt < this.#failedSince && (sample.endedAt < this.#brokenUntil || askedBy < this.#askedUntil);
  }

  /** @param answered when the first of the answers that are known from this one on came */
  #up(sample: Sample, answered: number): void {
    if (this.#gap !== null && this.#mayPrecedeGap(sample)) {
      endRun(this.#gap, sample.sentAt);
      return;
    }
    // What waited for the end of a gap, or of a stall of ours, says nothing of how long answers usually take.
    if (this.#gap === null || !this.#usual.isFarLonger(tookMs(sample))) {
      this.#usual.add(tookMs(sample));
      if (sample.phases.connectMs !== null) this.#usualConnect.add(sample.phases.connectMs);
    }
    if (this.#state !== 'up') this.#change('up', sample);
    if (this.#gap !== null) this.#endGap(this.#gap, sample, answered);
    this.#gap = null;
    this.#lastGoodSent = sample.sentAt;
    this.#lastGoodEnded = Math.max(this.#lastGoodEnded ?? -Infinity, sample.endedAt);
    this.#see('up', sample);
  }

  #endGap(gap: GapSoFar, { sentAt }: Sample, answered: number): void {
    // The first good probe is late by half the distance to the failed one before it.
    const lateMs = gap.run === null ? 0 : (sentAt - Math.max(gap.run.lastSent, this.#lastOverdueSent)) / 2;
    const leadMs = leadOf(gap);
    endRun(gap, sentAt);
    this.#sink.gap({
      from: gap.from,
      to: gap.downUntil,
      durationMs: Math.max(gap.minMs, leadMs + gap.downMs - lateMs),
      minMs: gap.minMs,
      provenMinMs: gap.provenMinMs,
      maxMs: gap.lastGoodSent === null ? null : answered - gap.lastGoodSent,
      silenceMs: gap.lastGoodEnded === null ? null : Math.max(0, answered - gap.lastGoodEnded),
      failed: gap.failed,
      reasons: countsOf(gap.reasons),
    });
  }

  #down(sample: Sample): void {
    const failedBy = this.#failedBy(sample);
    const expectedAt = this.#state === 'up' ? this.#estimatedBegin(sample) : sample.sentAt;
    if (this.#state !== 'down') this.#change('down', sample);
    if (this.#gap === null) [this.#failedSince, this.#brokenUntil, this.#askedUntil] = [Infinity, -Infinity, -Infinity];
    this.#gap ??= {
      from: sample.sentAt,
      lastGoodSent: this.#lastGoodSent,
      lastGoodEnded: this.#lastGoodEnded,
      leadMs: sample.sentAt - expectedAt,
      reasons: new Map(),
      failed: 0,
      downMs: 0,
      minMs: 0,
      provenMinMs: 0,
      downUntil: sample.sentAt,
      run: null,
    };
    const gap = this.#gap;
    const { sentAt, endedAt } = sample;
    if (sample.wasKept === true) this.#upUntil = Math.max(this.#upUntil, endedAt);
    // It may have been up between the two: that proves no downtime.
    const { run } = gap;
    if (run !== null && Math.max(run.lastSent, run.firstOverdue) < this.#upUntil) endRun(gap, sentAt);
    gap.run ??= { from: sentAt, firstEnd: endedAt, firstOverdue: failedBy, lastSent: sentAt };
    gap.run.firstEnd = Math.min(gap.run.firstEnd, endedAt);
    gap.run.firstOverdue = Math.min(gap.run.firstOverdue, failedBy);
    gap.run.lastSent = sentAt;
    if (gap.run.from === gap.from) {
      // A held connection broke: that was its very beginning, and what was on its way broke with it.
      const { promptedAt = Infinity } = sample;
      if (promptedAt - gap.run.firstOverdue < SAME_BREAK_MS) gap.leadMs = gap.from - this.#notBeforeGood(promptedAt);
      // It had begun by then.
      gap.leadMs = Math.max(gap.leadMs, gap.from - gap.run.firstOverdue);
    }
    this.#failedSince = Math.min(this.#failedSince, endedAt);
    if (isBroken(sample)) this.#brokenUntil = Math.max(this.#brokenUntil, endedAt);
    else if (this.#hasWaited(sample)) this.#askedUntil = Math.max(this.#askedUntil, connectedAt(sample) ?? sentAt);
    gap.failed += 1;
    const { reason: given, message } = sample;
    const reason = given ?? 'error';
    const known = gap.reasons.get(reason);
    if (known === undefined) gap.reasons.set(reason, firstOf(reason, message));
    else known.count += 1;
    this.#see('down', sample);
  }

  /** By when a failed probe shows that the service had failed: a silent one when it is overdue. */
  #failedBy(sample: Sample): number {
    const { sentAt, endedAt, stalledMs = 0 } = sample;
    if (!isSilent(sample)) return endedAt;
    // Where this monitor was busy meanwhile, its question may have left it as much later.
    return Math.min(endedAt, sentAt + this.overdueMs + stalledMs);
  }

  /**
   * When a gap began, by the best estimate, whose first failed probe this is: half-way between the last good probe and it, and
   * not before the good answer came.
   */
  #estimatedBegin({ sentAt }: Sample): number {
    return this.#lastGoodSent === null ? sentAt : this.#notBeforeGood((this.#lastGoodSent + sentAt) / 2);
  }

  #notBeforeGood(time: number): number {
    return Math.max(time, this.#lastGoodEnded ?? -Infinity);
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

function isBroken(sample: Sample): boolean {
  const { reason } = sample;
  return !isSilent(sample) && (reason === 'reset' || reason === 'closed' || reason === 'tls');
}

/** When its connection was open, or refused; null where it was sent over one that was kept. */
function connectedAt({ sentAt, phases: { dnsMs, connectMs } }: Sample): number | null {
  return connectMs === null ? null : sentAt + (dnsMs ?? 0) + connectMs;
}

/** How long the answer took. */
function tookMs({ sentAt, endedAt, heldMs = 0 }: Sample): number {
  return endedAt - sentAt - heldMs;
}

function endRun(gap: GapSoFar, at: number): void {
  Object.assign(gap, interrupted(gap, at));
}

function firstOf(reason: Reason, message: string | null): Mutable<ReasonCount> {
  return { reason, count: 1, ...(message !== null && { message: shortened(message, MESSAGE) }) };
}

function countsOf(reasons: GapSoFar['reasons']): GapFacts['reasons'] {
  return Array.from(reasons.values(), (one) => ({ ...one })).sort((a, b) => b.count - a.count);
}

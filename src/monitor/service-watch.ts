/** Watches one service: its probes on their way, its timeline, and what is emitted of them. */
import type { GapFacts, Identity } from '../core/messages.ts';
import { answerMs, isSilent, type Sample, type UnobservedReason } from '../core/model.ts';
import { Attempt, type AttemptHost } from '../probe/attempt.ts';
import type { Failure } from '../probe/failure.ts';
import type { ProberEvents } from '../probe/connector.ts';
import type { Prober } from '../probe/prober.ts';
import { UNNOTICED_MS } from '../probe/tcp-connector.ts';
import type { Watched } from '../probe/spec.ts';
import { SettleQueue } from '../core/settle-queue.ts';
import { Status } from '../core/rise-and-fall.ts';
import { relabelled, type Checkpoint } from '../core/checkpoint.ts';
import { Timeline, type StateChange } from '../core/timeline.ts';
import type { Clock } from '../core/clock.ts';
import type { ProbeCounters } from '../core/probe-counters.ts';
import { maxInFlight } from './grid.ts';
import type { ServiceCheckpoint, EngineMessage } from './engine-protocol.ts';
import type { Sentinel } from './sentinel.ts';

/** What a watcher needs of its engine. */
export interface WatcherHost extends AttemptHost {
  readonly clock: Clock;
  /** Whether any reader takes every sample. */
  readonly samplesWanted: boolean;
  emit(message: EngineMessage): void;
  /** This watch's checkpoint has changed. */
  saveCheckpoint(watcher: Watcher): void;
  /** Whether the service is up is in doubt: calls `recheck` beside the grid for as long as `recheckAfterMs` gives a time. */
  recheck(watcher: Watcher): void;
  /** A kept connection to a target broke. */
  connectionLost(target: string, isDated: boolean): void;
}

/** Probes beside the grid that may be on their way at once. */
const RECHECKS_IN_FLIGHT = 8;
/** For this many rechecks after a connection broke the service is in doubt, whatever the first one finds. */
const RECHECKS_AFTER_LOSS = 5;
/**
 * A service that is silent may have a queue, which our questions fill. So they become rarer as the silence lasts: one for each such share
 * of it.
 */
const SILENCE_SHARE = 0.04;
/** A kept connection that breaks after we neglected it for longer, in milliseconds, was ended for that. */
const NEGLECT_MS = 50;
/** While it is not known whether a service bears the sentinel, a probe may take at most this share of its deadline. */
const TRIAL_SHARE = 0.25;
/** Why a probe was sent. */
type Circumstances = Pick<Sample, 'offGrid' | 'promptedAt'>;
const ON_GRID: Circumstances = {};
const NO_PHASES = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };

export class Watcher implements ProberEvents {
  readonly watched: Watched;
  readonly #host: WatcherHost;
  readonly #counters: ProbeCounters;
  readonly #settle: SettleQueue;
  readonly #timeline: Timeline;
  readonly #status: Status | null;
  /** In the order in which they were sent. An array: a set that is emptied again and again costs more than the probe's own books. */
  readonly #inFlight: Attempt[] = [];
  /** Those of them that were sent beside the grid. */
  readonly #offGrid = new Set<Attempt>();
  readonly #maxInFlight: number;
  #prober: Prober | null = null;
  #sentinel: Sentinel | null = null;
  /** Who answered, and in which role, and when the first and the newest probe that learnt it were sent. */
  readonly #known = new Map<
    'process' | NonNullable<Identity['what']>,
    { readonly id: string; readonly firstSentAt: number; readonly sentAt: number }
  >();
  /** A sample has told the newest that is known of the process. */
  #identifiedTold = true;
  #lastSent = -Infinity;
  /** What `stalledMs` was when the last question was sent that was answered well: the answer itself may have waited for this thread. */
  #stalledAtQuestion = 0;
  #lastPrompted = -Infinity;
  /** When the newest good and the newest failed of the probes that have ended were sent. */
  #goodSent = -Infinity;
  #failedSent = -Infinity;
  #isSilent = false;
  #inDoubtSince: number | null = null;
  #inDoubtUntil = -Infinity;
  /** The stretch of slow answers that goes on, in timeline time; null for none. */
  #slow: { from: number; to: number; slowestMs: number; count: number } | null = null;
  /** Writes that are gone, and the probes that were under way when that was found; null for none. */
  #lostWrites: { readonly at: number; count: number; readonly until: Set<Attempt> } | null = null;
  readonly #onOverdue = (): void => {
    this.#doubt();
  };
  #stopped = false;

  constructor(host: WatcherHost, watched: Watched, counters: ProbeCounters) {
    const { service } = watched;
    this.watched = watched;
    this.#host = host;
    this.#counters = counters;
    this.#maxInFlight = maxInFlight(service.timeoutMs, service.intervalMs);
    this.#settle = new SettleQueue((sample, later) => {
      this.#settled(sample, later);
    });
    this.#timeline = new Timeline({
      transition: (change) => {
        this.#emitTransition(change);
      },
      gap: (gap) => {
        this.#emitGap(gap);
      },
    });
    this.#status = service.rise === 1 && service.fall === 1 ? null : new Status(service.rise, service.fall);
  }

  /** Gives it what sends its probes; before that it does nothing. */
  use(prober: Prober, sentinel: Sentinel | null): void {
    this.#prober = prober;
    this.#sentinel = sentinel;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether it has a sentinel. */
  get isGuarded(): boolean {
    return this.#sentinel !== null;
  }

  /** Probes on their way. */
  get inFlight(): number {
    return this.#inFlight.length;
  }

  get isUp(): boolean {
    return this.#timeline.state === 'up';
  }

  get checkpoints(): ServiceCheckpoint {
    const { clock } = this.#host;
    const checkpoint = relabelled(this.#timeline.checkpoint, (time) => clock.epoch(time));
    return { service: this.watched.service.name, checkpoint };
  }

  /** Resumes from the checkpoint of another watch of the service, which ended at `until`. Times since the epoch. */
  resume(checkpoint: Checkpoint, until: number): void {
    const { clock } = this.#host;
    this.#timeline.resume(
      relabelled(checkpoint, (time) => clock.at(time)),
      clock.at(until),
    );
  }

  /** Sends the probe of a slot. Returns false where too many are on their way already: then nothing was sent. */
  probe(): boolean {
    if (this.#prober === null || this.#inFlight.length - this.#offGrid.size >= this.#maxInFlight) return false;
    this.#send(this.#prober, ON_GRID);
    return true;
  }

  /**
   * Sends a probe beside the grid, now that a held connection broke, unless one was sent for that within the interval.
   * @param isDated whether the peer broke it at this moment; false where it has been silent for a while
   */
  prompt(isDated: boolean): void {
    const { service } = this.watched;
    const now = this.#host.now();
    // Not in a circle with a peer that accepts and closes. What was on a kept connection is sent again anyway.
    if (now - this.#lastPrompted < service.intervalMs || (service.connection === 'kept' && this.#inFlight.length > 0))
      return;
    this.#lastPrompted = now;
    this.#inDoubtUntil = now + RECHECKS_AFTER_LOSS * (this.watched.recheckMs ?? 0);
    setImmediate(() => {
      if (this.#stopped || this.#prober === null) return;
      this.#send(this.#prober, { offGrid: true, ...(isDated && { promptedAt: now }) });
      this.#doubt();
    });
  }

  /** Sends a probe beside the grid where few enough are on their way. */
  recheck(): void {
    if (this.#prober === null) return;
    // Over a kept connection they would wait for each other.
    if (this.watched.service.connection === 'kept' && this.#inFlight.length > 0) return;
    for (const attempt of this.#offGrid) if (this.#isLate(attempt)) attempt.abort();
    if (this.#offGrid.size < RECHECKS_IN_FLIGHT) this.#send(this.#prober, { offGrid: true });
  }

  /** After how many milliseconds the next recheck is due; null where the service is not in doubt any more. */
  get recheckAfterMs(): number | null {
    const { recheckMs = null } = this.watched;
    const now = this.#host.now();
    const isInDoubt = this.#failedSent > this.#goodSent || now < this.#inDoubtUntil || this.#isOverdue();
    if (!isInDoubt || recheckMs === null) {
      this.#inDoubtSince = null;
      return null;
    }
    this.#inDoubtSince ??= now;
    const isSilent = this.#failedSent > this.#goodSent ? this.#isSilent : this.#isOverdue();
    return isSilent ? Math.max(recheckMs, (now - this.#inDoubtSince) * SILENCE_SHARE) : recheckMs;
  }

  #doubt(): void {
    if (this.recheckAfterMs !== null) this.#host.recheck(this);
  }

  /** Whether a probe that was sent after the newest good one has waited for longer than answers of the service take. */
  #isOverdue(): boolean {
    for (const attempt of this.#inFlight)
      if (attempt.sentAt > this.#goodSent && attempt.holdingSince === null) return this.#isLate(attempt);
    return false;
  }

  /** Timers may fire a little before their time. */
  #isLate({ ageMs, holdingSince }: Attempt): boolean {
    return holdingSince === null && ageMs > this.#timeline.overdueMs - 1;
  }

  #send(prober: Prober, circumstances: Circumstances): void {
    const { timeoutMs } = this.watched.service;
    const ticket = this.#settle.begin();
    const stalledMs = this.#host.stalledMs();
    const onEnd = (found: Sample): void => {
      this.#inFlight.splice(this.#inFlight.indexOf(attempt), 1);
      if (circumstances.offGrid === true) this.#offGrid.delete(attempt);
      const sample = circumstances === ON_GRID ? found : { ...found, ...circumstances };
      this.#ended(sample);
      if (sample.result === 'up') this.#stalledAtQuestion = Math.max(this.#stalledAtQuestion, stalledMs);
      this.#settle.end(ticket, sample);
      this.#emitLostWrites(attempt);
    };
    const overdue = { afterMs: this.#timeline.overdueMs, call: this.#onOverdue };
    const attempt: Attempt = new Attempt(this.#host, timeoutMs, onEnd, overdue);
    this.#lastSent = attempt.sentAt;
    this.#inFlight.push(attempt);
    if (circumstances.offGrid === true) this.#offGrid.add(attempt);
    if (this.#sentinel?.isOnTrial === true) this.#tryBeside(this.#sentinel, attempt);
    prober.start(attempt);
  }

  /**
   * A server that serves one connection at a time answers only once the sentinel's is closed. What it waits for this thread is no
   * sign of that: after a stall the timers run before the sockets are read.
   */
  #tryBeside(sentinel: Sentinel, attempt: Attempt, stalledBefore = this.#host.stalledMs()): void {
    const patienceMs = Math.min(this.#timeline.overdueMs, attempt.timeoutMs * TRIAL_SHARE);
    const leftMs = (): number => patienceMs - attempt.ageMs + this.#host.stalledMs() - stalledBefore;
    const look = (): void => {
      if (attempt.ended || attempt.holdingSince !== null || !sentinel.isOnTrial) return;
      // Timers may fire a little before their time.
      if (leftMs() > 1) this.#tryBeside(sentinel, attempt, stalledBefore);
      else sentinel.giveUp();
    };
    setTimeout(() => setImmediate(look), leftMs());
  }

  #ended(sample: Sample): void {
    if (sample.reason === 'stopped') return;
    const { sentAt, result } = sample;
    this.#counters.add(sample);
    if (this.#host.samplesWanted) this.#emitSample(sample);
    if (result === 'up') {
      if (sentAt > this.#failedSent && this.#failedSent > this.#goodSent) this.#sentinel?.recovered(this.#isSilent);
      this.#goodSent = Math.max(this.#goodSent, sentAt);
      if (answerMs(sample) <= this.#timeline.overdueMs) this.#sentinel?.answered(sentAt);
    } else if (result === 'down' && sentAt > this.#failedSent) {
      this.#failedSent = sentAt;
      this.#isSilent = isSilent(sample);
      this.#doubt();
    }
  }

  /** Gives up the probes on their way: what becomes of them says nothing of the service. */
  giveUp(failure: Failure): void {
    for (const attempt of [...this.#inFlight]) attempt.fail(failure);
  }

  /** The service was not probed from `from` until `to` (timeline time). Call it before the next probe is sent. */
  markUnobserved(from: number, to: number, reason: UnobservedReason, message: string): void {
    // Before the first answer nothing is known anyway: a start that is slow is no interruption.
    if (this.#timeline.state === 'unknown') return;
    const sentAt = Math.max(from, this.#lastSent);
    const sample: Sample = { sentAt, endedAt: to, result: 'unobserved', reason, message, phases: NO_PHASES };
    this.#settle.end(this.#settle.begin(), sample);
    this.#lastSent = sentAt;
  }

  /** Ends the watch: probes on their way are given up, what was observed is emitted, and the gap that is open. */
  stop(): void {
    this.#stopped = true;
    for (const attempt of [...this.#inFlight]) attempt.abort();
    this.#timeline.settle();
    this.#endSlow();
    this.#prober?.close();
    this.#sentinel?.close();
    if (!this.isUp) this.#host.saveCheckpoint(this);
    const now = this.#host.now();
    const open = this.#timeline.openGap(now);
    if (open === null) return;
    this.#host.emit({
      type: 'open-gap',
      service: this.watched.service.name,
      ...open,
      final: true,
      from: this.#host.clock.epoch(open.from),
      until: this.#host.clock.epoch(now),
      durationMs: round(open.durationMs),
      minMs: round(open.minMs),
      provenMinMs: round(open.provenMinMs ?? open.minMs),
    });
  }

  connectionLost(failure: Failure): void {
    if (this.#stopped) return;
    const { target, asks = true } = this.watched.service;
    const isDated = !isSilent(failure) && failure.reason !== 'unreachable';
    // A peer that went away without a word is noticed by the kernel alone, which asks for some seconds before it gives up.
    if (!asks && !isDated) this.#timeline.withdraw(UNNOTICED_MS);
    this.prompt(isDated);
    this.#host.connectionLost(target, isDated);
    // A peer loses patience with a client that is silent because this thread did not run.
    if (this.#host.stalledMs() - this.#stalledAtQuestion > NEGLECT_MS) return;
    this.#host.emit({
      type: 'connection-lost',
      service: this.watched.service.name,
      at: this.#host.clock.epoch(this.#host.now()),
      reason: failure.reason,
      message: failure.message,
    });
  }

  lostWrites(count: number): void {
    // Those that are under way may find more of the same loss.
    this.#lostWrites ??= { at: this.#host.now(), count: 0, until: new Set(this.#inFlight) };
    this.#lostWrites.count += count;
  }

  #emitLostWrites(ended: Attempt): void {
    if (this.#lostWrites === null) return;
    const { at, count, until } = this.#lostWrites;
    until.delete(ended);
    if (until.size > 0) return;
    this.#lostWrites = null;
    this.#host.emit({
      type: 'lost-writes',
      service: this.watched.service.name,
      at: this.#host.clock.epoch(at),
      count,
    });
  }

  identity(id: string, sentAt: number, what?: Identity['what']): void {
    const kind = what ?? 'process';
    const known = this.#known.get(kind);
    // An answer that comes late says who was there before.
    if (this.#stopped || (known !== undefined && sentAt < known.sentAt)) return;
    this.#known.set(kind, { id, firstSentAt: known?.firstSentAt ?? sentAt, sentAt });
    if (kind === 'process') this.#identifiedTold = false;
    if (known === undefined || known.id === id) return;
    const { clock } = this.#host;
    const [at, notBefore] = [clock.epoch(this.#host.now()), clock.epoch(known.sentAt)];
    const { name } = this.watched.service;
    this.#host.emit({ type: 'identity', service: name, at, notBefore, was: known.id, is: id, ...(what && { what }) });
  }

  #settled(sample: Sample, later: readonly (Sample | null)[]): void {
    // A probe that was given up says nothing, not even that the service was unobserved: but a recheck was overdue then.
    if (sample.reason === 'stopped') {
      if (sample.offGrid === true && !this.#stopped) this.#timeline.overdue(sample.sentAt);
      return;
    }
    this.#timeline.add(sample, later);
    this.#takeSlow(sample);
    const status = sample.offGrid === true ? null : (this.#status?.add(sample.result) ?? null);
    if (status === null) return;
    const at = this.#host.clock.epoch(sample.sentAt);
    this.#host.emit({ type: 'status', service: this.watched.service.name, at, status });
  }

  #takeSlow(sample: Sample): void {
    const { slowMs = null } = this.watched;
    if (slowMs === null) return;
    const tookMs = answerMs(sample);
    if (sample.result !== 'up' || tookMs <= slowMs) {
      this.#endSlow();
      return;
    }
    const { sentAt, endedAt } = sample;
    this.#slow ??= { from: sentAt, to: endedAt, slowestMs: tookMs, count: 0 };
    this.#slow.to = Math.max(this.#slow.to, endedAt);
    this.#slow.slowestMs = Math.max(this.#slow.slowestMs, tookMs);
    this.#slow.count += 1;
  }

  #endSlow(): void {
    if (this.#slow === null) return;
    const { from, to, slowestMs, count } = this.#slow;
    this.#slow = null;
    const { clock } = this.#host;
    this.#host.emit({
      type: 'slow',
      service: this.watched.service.name,
      from: clock.epoch(from),
      to: clock.epoch(to),
      slowestMs: round(slowestMs),
      count,
    });
  }

  #emitSample(sample: Sample): void {
    const { sentAt, endedAt, result, reason, message, phases } = sample;
    const { clock } = this.#host;
    const process = this.#identifiedTold ? undefined : this.#known.get('process');
    this.#identifiedTold = true;
    this.#host.emit({
      type: 'sample',
      service: this.watched.service.name,
      at: clock.epoch(sentAt),
      durationMs: round(endedAt - sentAt),
      ...(result === 'up' && { answerMs: round(answerMs(sample)) }),
      result,
      reason,
      message,
      phases: {
        dnsMs: roundOrNull(phases.dnsMs),
        connectMs: roundOrNull(phases.connectMs),
        tlsMs: roundOrNull(phases.tlsMs),
        replyMs: roundOrNull(phases.replyMs),
      },
      ...(process !== undefined && {
        identified: { from: clock.epoch(process.firstSentAt), to: clock.epoch(process.sentAt) },
      }),
    });
  }

  #emitTransition(change: StateChange): void {
    if (change.to !== 'up') this.#host.saveCheckpoint(this);
    const { clock } = this.#host;
    this.#host.emit({
      type: 'transition',
      service: this.watched.service.name,
      from: change.from,
      to: change.to,
      at: clock.epoch(change.at),
      notBefore: clock.epoch(change.notBefore),
      notAfter: clock.epoch(change.notAfter),
      reason: change.reason,
      message: change.message,
    });
  }

  #emitGap(gap: GapFacts): void {
    const { clock } = this.#host;
    this.#host.emit({
      type: 'gap',
      service: this.watched.service.name,
      from: clock.epoch(gap.from),
      to: clock.epoch(gap.to),
      durationMs: round(gap.durationMs),
      minMs: round(gap.minMs),
      provenMinMs: roundOrNull(gap.provenMinMs ?? null) ?? 0,
      maxMs: roundOrNull(gap.maxMs),
      silenceMs: roundOrNull(gap.silenceMs ?? null),
      failed: gap.failed,
      reasons: gap.reasons,
    });
  }
}

/** To the microsecond: what lies below is noise. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function roundOrNull(ms: number | null): number | null {
  return ms === null ? null : round(ms);
}

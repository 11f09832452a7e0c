/** Watches one service: its probes on their way, its timeline, and what is emitted of them. */
import type { GapFacts } from '../core/messages.ts';
import type { Sample, UnobservedReason } from '../core/model.ts';
import { Attempt, type AttemptHost } from '../probe/attempt.ts';
import type { Failure } from '../probe/failure.ts';
import type { ProberEvents } from '../probe/connector.ts';
import type { Prober } from '../probe/prober.ts';
import type { Watched } from '../probe/spec.ts';
import { SettleQueue } from '../core/settle-queue.ts';
import { Status } from '../core/rise-and-fall.ts';
import { relabelled, Timeline, type StateChange, type Checkpoint } from '../core/timeline.ts';
import type { Clock } from '../core/clock.ts';
import type { ProbeCounters } from '../core/probe-counters.ts';
import { maxInFlight } from './grid.ts';
import type { ServiceCheckpoint, EngineMessage } from './engine-protocol.ts';

/** What a watcher needs of its engine. */
export interface WatcherHost extends AttemptHost {
  readonly clock: Clock;
  /** Whether any reader wants every sample. */
  readonly samplesWanted: boolean;
  emit(message: EngineMessage): void;
  /** This watch's checkpoint has changed. */
  saveCheckpoint(watcher: Watcher): void;
}

/** A probe that ends this long after its deadline was left alone by this thread. */
const LEFT_ALONE_MS = 250;
const NO_PHASES = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };

export class Watcher implements ProberEvents {
  readonly watched: Watched;
  readonly #host: WatcherHost;
  readonly #counters: ProbeCounters;
  readonly #settle: SettleQueue;
  readonly #timeline: Timeline;
  readonly #status: Status | null;
  readonly #inFlight = new Set<Attempt>();
  readonly #maxInFlight: number;
  #prober: Prober | null = null;
  #identity: string | null = null;
  #lastSent = -Infinity;
  #lastUnplanned = -Infinity;
  #stopped = false;

  constructor(host: WatcherHost, watched: Watched, counters: ProbeCounters) {
    const { service } = watched;
    this.watched = watched;
    this.#host = host;
    this.#counters = counters;
    this.#maxInFlight = maxInFlight(service.timeoutMs, service.intervalMs);
    this.#settle = new SettleQueue((sample) => {
      this.#settled(sample);
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
  use(prober: Prober): void {
    this.#prober = prober;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Probes on their way. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  get isUp(): boolean {
    return this.#timeline.state === 'up';
  }

  get checkpoints(): ServiceCheckpoint {
    const { clock } = this.#host;
    const checkpoint = relabelled(this.#timeline.checkpoint, (time) => clock.epoch(time));
    return { service: this.watched.service.name, checkpoint };
  }

  /** Goes on from the checkpoint of another watch of the service, which ended at `until`. Times since the epoch. */
  resume(checkpoint: Checkpoint, until: number): void {
    const { clock } = this.#host;
    this.#timeline.resume(
      relabelled(checkpoint, (time) => clock.at(time)),
      clock.at(until),
    );
  }

  /** Sends a probe. Returns false where too many are on their way already: then nothing was sent. */
  probe(): boolean {
    if (this.#prober === null || this.#inFlight.size >= this.#maxInFlight) return false;
    const ticket = this.#settle.begin();
    const attempt: Attempt = new Attempt(this.#host, this.watched.service.timeoutMs, (found) => {
      this.#inFlight.delete(attempt);
      const sample = this.#believed(found);
      if (sample.reason !== 'stopped') this.#counters.add(sample);
      if (this.#host.samplesWanted) this.#emitSample(sample);
      this.#settle.end(ticket, sample);
    });
    this.#lastSent = attempt.sentAt;
    this.#inFlight.add(attempt);
    this.#prober.start(attempt);
    return true;
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
    this.#prober?.close();
    if (!this.isUp) this.#host.saveCheckpoint(this);
    const open = this.#timeline.openGap(this.#host.now());
    if (open === null) return;
    this.#host.emit({
      type: 'open-gap',
      service: this.watched.service.name,
      ...open,
      from: this.#host.clock.epoch(open.from),
      durationMs: round(open.durationMs),
      minMs: round(open.minMs),
    });
  }

  connectionLost(failure: Failure): void {
    if (this.#stopped) return;
    this.#host.emit({
      type: 'connection-lost',
      service: this.watched.service.name,
      at: this.#host.clock.epoch(this.#host.now()),
      reason: failure.reason,
      message: failure.message,
    });
    // At once, but not in a circle with a peer that accepts and closes: at most one probe beside the grid an interval.
    const now = this.#host.now();
    if (this.#inFlight.size > 0 || now - this.#lastUnplanned < this.watched.service.intervalMs) return;
    this.#lastUnplanned = now;
    setImmediate(() => {
      if (!this.#stopped && this.#inFlight.size === 0) this.probe();
    });
  }

  identity(id: string): void {
    const was = this.#identity;
    this.#identity = id;
    if (was === null || was === id || this.#stopped) return;
    const at = this.#host.clock.epoch(this.#host.now());
    this.#host.emit({ type: 'identity', service: this.watched.service.name, at, was, is: id });
  }

  /** A peer may well have lost patience with a probe that was left alone for longer than it might take. */
  #believed(sample: Sample): Sample {
    const beyondMs = sample.endedAt - sample.sentAt - this.watched.service.timeoutMs;
    if (sample.result !== 'down' || beyondMs <= LEFT_ALONE_MS) return sample;
    const message = `this monitor looked ${String(Math.round(beyondMs))} ms after the deadline: ${sample.message ?? ''}`;
    return { ...sample, result: 'unobserved', reason: 'stalled', message };
  }

  #settled(sample: Sample): void {
    // A probe that was given up at the end says nothing, not even that the service was unobserved.
    if (sample.reason === 'stopped') return;
    this.#timeline.add(sample);
    const status = this.#status?.add(sample.result) ?? null;
    if (status === null) return;
    const at = this.#host.clock.epoch(sample.sentAt);
    this.#host.emit({ type: 'status', service: this.watched.service.name, at, status });
  }

  #emitSample(sample: Sample): void {
    const { sentAt, endedAt, result, reason, message, phases } = sample;
    if (reason === 'stopped') return;
    this.#host.emit({
      type: 'sample',
      service: this.watched.service.name,
      at: this.#host.clock.epoch(sentAt),
      durationMs: round(endedAt - sentAt),
      result,
      reason,
      message,
      phases: {
        dnsMs: roundOrNull(phases.dnsMs),
        connectMs: roundOrNull(phases.connectMs),
        tlsMs: roundOrNull(phases.tlsMs),
        replyMs: roundOrNull(phases.replyMs),
      },
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
      maxMs: roundOrNull(gap.maxMs),
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

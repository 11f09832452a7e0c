/** One attempt at one address: its phases, its deadline and its single end. */
import { resultOf, type Mutable, type Reason, type Sample } from '../core/model.ts';
import { printable } from '../core/printable.ts';
import type { Failure, Phase } from './failure.ts';

/** What an attempt needs of the engine. */
export interface AttemptHost {
  /** Timeline time in milliseconds. */
  now(): number;
  /**
   * For how long in all this thread has been too busy to attend to its sockets, in milliseconds, up to now. An attempt
   * compares two readings: what a peer does that had to wait for this thread says nothing of it.
   */
  stalledMs(): number;
  /** A moment, in timeline time, before which no socket became ready that is reported only now. */
  lastFreeAt(): number;
}

/**
 * The kernel sends a SYN that was lost once more after a second (RFC 6298, 2.1): a connection that took longer was not
 * there when it was asked for, and may not hide that behind a slow success.
 */
const CONNECT_LIMIT_MS = 1000;
/** After a second and two more the kernel sends the third one. */
const THIRD_TRY_MS = 2900;
/** A connection is checked for its readiness, and so dated, to this many milliseconds. */
const DATED_MS = 100;
/** Above this share of the deadline, a question that left late makes a silence unbelievable. */
const LATE_SHARE = 0.25;
/** Above this, in milliseconds, a peer that ended the connection may well have lost patience with us. */
const PATIENCE_MS = 100;
/** What a peer does that has lost patience, or seems to do to a thread that sleeps. */
const IMPATIENT: ReadonlySet<Reason> = new Set([
  'closed',
  'reset',
  'protocol',
  'tls',
  'timeout-connect',
  'timeout-reply',
]);

export class Attempt {
  readonly sentAt: number;
  readonly timeoutMs: number;
  /** The address that is tried, once it is known: a probe goes to one, and says which. */
  address: string | null = null;
  /** Set by the prober: frees what the attempt holds. Called once, at its end or by `detach`; with null then, and where it succeeded. */
  release: ((failure: Failure | null) => void) | null = null;
  /** Set where the probe waits for this process itself: true means that the deadline says nothing of the service. */
  notBegun: (() => boolean) | null = null;
  /** Set by the prober once a reply has come that is not accepted so far: what the deadline then reports. */
  unaccepted: Failure | null = null;
  /** Set by the prober: what is still missing, as the deadline reports it; null for all of the reply. */
  missing: string | null = null;
  /** Set by the prober once the peer has answered in full: nothing is under way on the connection any more. */
  answered = false;
  /** Set by the prober when it begins to wait whether the peer keeps the connection: that is no time that an answer takes. */
  holdingSince: number | null = null;
  /** Set where its connection breaks: see `Sample`. */
  wasKept = false;
  /** Set by the prober: whether a failure would say nothing, at that moment. */
  isMoot: (() => boolean) | null = null;
  /** The status of an HTTP reply; null where there was none. */
  status: number | null = null;
  /** Until when the certificate that the server showed is valid, in milliseconds since the epoch; null where it showed none. */
  certUntil: number | null = null;
  /** Until when that certificate is as good as is asked for, in milliseconds since the epoch. */
  certGoodUntil = Infinity;
  /** The version of IP; null where nothing was connected to. */
  ip: 4 | 6 | null = null;
  /** After how long it ended well, in milliseconds; null before, and where it did not. */
  goodAfterMs: number | null = null;

  readonly #host: AttemptHost;
  readonly #onEnd: (sample: Sample) => void;
  readonly #stalledBefore: number;
  readonly #onOverdue: (() => void) | null;
  #timer: NodeJS.Timeout;
  #phase: Phase = 'connect';
  #phaseFrom: number;
  #askedBy: number;
  /** For how long the peer waited for this thread, up to the last thing that it had to do for the attempt. */
  #lostMs = 0;
  #dnsMs: number | null = null;
  #connectMs: number | null = null;
  #tlsMs: number | null = null;
  #replyMs: number | null = null;
  #ended = false;

  /**
   * Begins now.
   * @param timeoutMs the deadline over all phases
   * @param onEnd called once, with what was found
   * @param overdue what is called where it has not ended after so many milliseconds
   */
  constructor(
    host: AttemptHost,
    timeoutMs: number,
    onEnd: (sample: Sample) => void,
    overdue: { readonly afterMs: number; readonly call: () => void } | null = null,
  ) {
    this.#host = host;
    this.timeoutMs = timeoutMs;
    this.#onEnd = onEnd;
    this.sentAt = host.now();
    this.#phaseFrom = this.sentAt;
    this.#askedBy = this.sentAt;
    this.#stalledBefore = host.stalledMs();
    // One timer for both: most attempts end before either.
    this.#onOverdue = overdue !== null && overdue.afterMs < timeoutMs ? overdue.call : null;
    this.#timer =
      this.#onOverdue === null
        ? setTimeout(onDeadline, timeoutMs, this)
        : // Node keeps a list of timers for each duration: thousands of fractions would be as many lists, found by their digits.
          setTimeout(onOverdue, Math.ceil(overdue?.afterMs ?? 0), this);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** It is overdue: from now on it waits for its deadline. */
  overdue(): void {
    this.#timer = setTimeout(onDeadline, this.timeoutMs - this.ageMs, this);
    this.#onOverdue?.();
  }

  /** How long it has been under way, in milliseconds. */
  get ageMs(): number {
    return this.#host.now() - this.sentAt;
  }

  /** What this thread has to do in the present phase is done: not later than now the question was handed to the kernel. */
  asked(): void {
    this.#askedBy = this.#host.now();
    this.#lostMs = this.#stalledMs();
  }

  /** Begins a phase without booking the time before it: the first one, or the first of a second connection. */
  begin(phase: Phase, now = this.#host.now()): void {
    this.#phase = phase;
    this.#phaseFrom = now;
    this.#lostMs = this.#stalledMs();
  }

  /** Ends the present phase and begins the next. Ends the attempt where the phase shows that it had failed. */
  enter(phase: Phase): void {
    if (this.#ended) return;
    const now = this.#host.now();
    const took = now - this.#phaseFrom;
    if (this.#phase === 'connect' && took >= CONNECT_LIMIT_MS) {
      const after = `after ${String(Math.round(took))} ms`;
      // It may have been there before this thread looked, and been asked for later than it should.
      const surelyMs = this.#host.lastFreeAt() - this.#askedBy;
      if (surelyMs < CONNECT_LIMIT_MS - DATED_MS)
        this.fail({ reason: 'stalled', message: `this monitor was busy, and saw the connection only ${after}` });
      else
        this.fail({
          reason: 'timeout-connect',
          message: `connected only at the ${took < THIRD_TRY_MS ? 'second try' : 'third try or later'}, ${after}: a packet that asks for a connection (SYN) was lost${this.#where()}`,
        });
      return;
    }
    this.#book(now);
    this.begin(phase, now);
  }

  /** A question that has to be answered before this attempt can go on, as an attempt of its own. */
  part(timeoutMs: number, onEnd: (sample: Sample) => void): Attempt {
    return new Attempt(this.#host, timeoutMs, onEnd);
  }

  /** Frees what the attempt holds; it goes on elsewhere. */
  detach(): void {
    const release = this.release;
    this.release = null;
    release?.(null);
  }

  /** The service was up. */
  succeed(): void {
    this.#end(null);
  }

  /**
   * The service was not up. Where our own absence explains what was seen, that says nothing of it. What the peer said may be in
   * the message: it is made fit to be shown here, for all protocols.
   */
  fail({ reason, message, impatient, silent }: Failure): void {
    if (this.isMoot?.() === true) {
      this.abort();
      return;
    }
    const lateMs = this.#peerWaitedMs();
    const isOurs = lateMs > PATIENCE_MS && (impatient === true || IMPATIENT.has(reason));
    const words = printable(message);
    if (isOurs) this.#end(stalled(lateMs, words));
    else this.#end({ reason, message: words, ...(silent === true && { silent }) });
  }

  /** The engine stops, or the service is no longer watched: nothing was found. */
  abort(): void {
    this.#end({ reason: 'stopped', message: 'the probe was given up' });
  }

  /** Whether it has no connection yet. */
  get isConnecting(): boolean {
    return this.#phase === 'dns' || this.#phase === 'connect';
  }

  /** The deadline has passed and no answer was found, after a second check. */
  expire(): void {
    const lateMs = this.#peerWaitedMs();
    if (lateMs > this.timeoutMs * LATE_SHARE) {
      this.fail(stalled(lateMs, `no answer within ${String(this.timeoutMs)} ms`));
      return;
    }
    if (this.#phase === 'dns' && this.notBegun?.() === true) {
      this.fail({ reason: 'resources', message: 'the name look-up waited behind others that hang' });
      return;
    }
    const within = `within ${String(this.timeoutMs)} ms${this.#where()}`;
    if (this.#phase === 'dns') this.fail({ reason: 'dns', message: `no answer to the name look-up ${within}` });
    else if (this.#phase === 'connect') this.fail({ reason: 'timeout-connect', message: `no connection ${within}` });
    else if (this.#phase === 'tls')
      this.fail({ reason: 'tls', message: `TLS handshake not done ${within}`, silent: true });
    else if (this.unaccepted !== null) this.fail(this.unaccepted);
    else this.fail({ reason: 'timeout-reply', message: `${this.missing ?? 'connected, no full reply'} ${within}` });
  }

  #end(failure: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    const endedAt = this.#host.now();
    if (failure === null) this.goodAfterMs = endedAt - this.sentAt;
    // What comes then is a wait of ours, and no part of the reply.
    this.#book(this.holdingSince ?? endedAt);
    const release = this.release;
    this.release = null;
    release?.(failure);
    const stalledMs = this.#peerWaitedMs();
    const busyMs = this.holdingSince === null ? this.#stalledMs() : this.#lostMs;
    const { reason = null, message = null } = failure ?? {};
    // One shape, to which is added what few have: a literal with spreads takes as long as all else that ends a probe.
    const sample: Mutable<Sample> = {
      sentAt: this.sentAt,
      endedAt,
      result: reason === null ? 'up' : resultOf(reason),
      reason,
      message,
      phases: { dnsMs: this.#dnsMs, connectMs: this.#connectMs, tlsMs: this.#tlsMs, replyMs: this.#replyMs },
    };
    if (stalledMs > 0) sample.stalledMs = stalledMs;
    if (busyMs > 0) sample.busyMs = busyMs;
    if (this.holdingSince !== null) sample.heldMs = endedAt - this.holdingSince;
    if (this.wasKept) sample.wasKept = true;
    if (failure?.silent === true) sample.silent = true;
    if (this.status !== null) sample.status = this.status;
    if (this.certUntil !== null) sample.certUntil = this.certUntil;
    if (this.ip !== null) sample.ip = this.ip;
    this.#onEnd(sample);
  }

  /**
   * For how long the peer, or the way to it, waited for this thread. Once a question has left, it is the peer's turn: what it says
   * stays in the socket, and is read before a silence counts, however busy this thread is meanwhile.
   */
  #peerWaitedMs(): number {
    const isTheirTurn = this.#phase === 'connect' || (this.#phase === 'reply' && this.holdingSince === null);
    return isTheirTurn ? this.#lostMs : this.#stalledMs();
  }

  /** For how long this thread has been too busy since the attempt began. */
  #stalledMs(): number {
    return this.#host.stalledMs() - this.#stalledBefore;
  }

  #where(): string {
    return this.address === null ? '' : ` (${this.address})`;
  }

  #book(now: number): void {
    const took = now - this.#phaseFrom;
    // A redirect comes by each phase again: its times add up.
    if (this.#phase === 'connect') this.#connectMs = (this.#connectMs ?? 0) + took;
    else if (this.#phase === 'reply') this.#replyMs = (this.#replyMs ?? 0) + took;
    else if (this.#phase === 'tls') this.#tlsMs = (this.#tlsMs ?? 0) + took;
    else this.#dnsMs = (this.#dnsMs ?? 0) + took;
  }
}

/** @param seen what would otherwise be said of the service */
function stalled(ms: number, seen: string): Failure {
  return { reason: 'stalled', message: `this monitor was late by ${String(Math.round(ms))} ms: ${seen}` };
}

function onOverdue(attempt: Attempt): void {
  if (!attempt.ended) attempt.overdue();
}

/**
 * The second check of a deadline: after a stall of our own the timers run before the sockets are read, so an answer that is already
 * here would be called late. One turn of the loop reads it.
 */
function onDeadline(attempt: Attempt): void {
  setImmediate(expire, attempt);
}

function expire(attempt: Attempt): void {
  if (!attempt.ended) attempt.expire();
}

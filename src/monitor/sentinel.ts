/**
 * An idle connection that is held to a service whose probes each have one of their own: when the process dies, the kernel
 * breaks it at that moment, which no probe on a grid can see. It only says when to look: whether the service is down, the
 * probe decides that is sent then.
 *
 * It must not harm. A server that closes idle connections gets another one a minute later. A server that serves one connection at a
 * time keeps everybody waiting while this one is open: until a probe was answered beside it the sentinel is on trial, and a probe that
 * waits longer than usual ends it. As that may have had another cause (a server is slow after its start, a machine is busy), there
 * is another trial, but ever more rarely.
 */
import type { Socket } from 'node:net';

import { Attempt, type AttemptHost } from '../probe/attempt.ts';
import { type Dialler, KEEP_ALIVE_MS } from '../probe/dialler.ts';

/** A server that closes idle connections is not bothered more often. */
const PAUSE_MS = 60_000;
/** After a trial that failed; with each further one in a row it is twice as long, up to the longest. */
const TRIAL_PAUSE_MS = 600_000;
const LONGEST_PAUSE_MS = 24 * 3_600_000;

export class Sentinel {
  readonly #host: AttemptHost;
  readonly #dialler: Dialler;
  readonly #timeoutMs: number;
  readonly #onLoss: (isDated: boolean) => void;
  #attempt: Attempt | null = null;
  #socket: Socket | null = null;
  #openedAt = -Infinity;
  #notBefore = -Infinity;
  #isProven = false;
  #failedTrials = 0;

  /** @param onLoss called when the connection breaks, with whether the peer broke it just then: it may have been silent for a while */
  constructor(host: AttemptHost, dialler: Dialler, timeoutMs: number, onLoss: (isDated: boolean) => void) {
    this.#host = host;
    this.#dialler = dialler;
    this.#timeoutMs = timeoutMs;
    this.#onLoss = onLoss;
  }

  /** Whether no probe has been answered beside it yet. */
  get isOnTrial(): boolean {
    return this.#socket !== null && !this.#isProven;
  }

  /** A probe that was sent at a moment was answered well, within the usual time: opens the connection where there is none. */
  answered(sentAt: number): void {
    if (this.#socket !== null) {
      if (sentAt <= this.#openedAt) return;
      this.#isProven = true;
      this.#failedTrials = 0;
      return;
    }
    if (this.#attempt === null && this.#host.now() >= this.#notBefore) this.#open();
  }

  /**
   * The service was down, and is up again: what broke the connection was no dislike of idle ones.
   * @param wasSilent whether it was silent: then nobody may be at the other end of a connection that is open still, as where the host
   * was gone without a word
   */
  recovered(wasSilent: boolean): void {
    if (this.#failedTrials > 0) return;
    if (wasSilent) this.close();
    this.#notBefore = -Infinity;
  }

  /** The service does not seem to bear it. */
  giveUp(): void {
    this.close();
    this.#notBefore = this.#host.now() + Math.min(LONGEST_PAUSE_MS, TRIAL_PAUSE_MS * 2 ** this.#failedTrials);
    this.#failedTrials += 1;
  }

  close(): void {
    this.#attempt?.abort();
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): void {
    this.#notBefore = this.#host.now() + PAUSE_MS;
    const attempt = new Attempt(this.#host, this.#timeoutMs, () => {
      this.#attempt = null;
    });
    this.#attempt = attempt;
    this.#dialler.dial(attempt, (socket) => {
      attempt.release = null;
      this.#socket = socket;
      this.#openedAt = this.#host.now();
      this.#isProven = false;
      let isSilent = false;
      socket.once('error', ({ code }: NodeJS.ErrnoException) => {
        isSilent = code === 'ETIMEDOUT' || code === 'EHOSTUNREACH';
      });
      socket.once('close', () => {
        if (this.#socket !== socket) return;
        this.#socket = null;
        this.#onLoss(!isSilent);
      });
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      // A socket reports its end only where it is read.
      socket.once('end', () => socket.destroy());
      socket.resume();
      attempt.succeed();
    });
  }
}

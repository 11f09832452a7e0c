/** TCP: connected, and answered as expected or, where nothing is expected, still open after `hold`. */
import type { Socket } from 'node:net';

import type { Attempt } from './attempt.ts';
import { Dialler } from './dialler.ts';
import { closedFailure, failureOf } from './failure.ts';
import type { Connection, Connector, KeepEvents, ProberEvents } from './connector.ts';
import type { TcpSpec } from './spec.ts';
import { Expectation } from './tcp-expectation.ts';

/**
 * For so long after a kept connection was lost, one on which nothing is sent is not kept again, unless nothing listened meanwhile:
 * a server that shuts down may wait for each connection that says nothing. PostgreSQL does, for a minute (its
 * `authentication_timeout`), and could not be restarted sooner.
 */
const NOT_KEPT_MS = 60_000;

/** The kernel finds a peer that went away without a word after it had said nothing for a second, and to ten questions a second apart. */
const KEEP_ALIVE_AFTER_MS = 1000;
/** So long at most is not noticed over a connection on which nothing is sent, in milliseconds: with a second for the kernel's timers. */
export const UNNOTICED_MS = KEEP_ALIVE_AFTER_MS + 10_000 + 1000;

export class TcpConnector implements Connector {
  readonly #spec: TcpSpec;
  readonly #events: ProberEvents;
  readonly #dialler: Dialler;
  readonly #hold: Hold;
  /** When a kept connection was lost, by the monotonic clock; -Infinity where nothing has listened since. */
  #lostAt = -Infinity;

  constructor(spec: TcpSpec, events: ProberEvents) {
    this.#spec = spec;
    this.#events = events;
    this.#dialler = new Dialler(spec.endpoint);
    this.#hold = new Hold(spec.holdMs);
  }

  open(attempt: Attempt, keep: KeepEvents | null): void {
    this.#dialler.dial(attempt, (socket) => {
      this.#prove(attempt, socket, (replies) => {
        if (keep !== null) this.#keep(attempt, socket, replies, keep);
        attempt.answered = true;
        attempt.succeed();
      });
    });
    const { release } = attempt;
    attempt.release = (failure) => {
      // What listens next is another process.
      if (failure?.reason === 'refused') this.#lostAt = -Infinity;
      release?.(failure);
    };
  }

  /**
   * Asks of a connection that has just opened to answer as expected or, where nothing is expected, to stay open for a
   * while: a proxy with nothing behind it accepts, and closes a moment later. Ends the attempt where it does not.
   * @param onProof called once it did, with the reader of the connection's replies; null where nothing is expected
   */
  #prove(attempt: Attempt, socket: Socket, onProof: (replies: Expectation | null) => void): void {
    const { send, expect, holdMs } = this.#spec;
    if (send !== null) socket.write(send);
    if (expect !== null) {
      const replies = new Expectation(socket, this.#spec, expect, this.#events);
      replies.next(attempt, () => {
        onProof(replies);
      });
    } else if (holdMs > 0) {
      this.#hold.begin(attempt, socket, () => {
        onProof(null);
      });
    } else {
      onProof(null);
    }
  }

  #keep({ address }: Attempt, socket: Socket, replies: Expectation | null, keep: KeepEvents): void {
    if (this.#spec.send === null && performance.now() - this.#lostAt < NOT_KEPT_MS) {
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
    socket.setNoDelay(true);
    socket.resume();
    socket.on('error', (error) => {
      this.#lostAt = performance.now();
      keep.onClose(failureOf(error, 'reply', address));
    });
    socket.once('end', () => {
      this.#lostAt = performance.now();
      keep.onClose({ reason: 'closed', message: `the peer closed the kept connection (${address ?? ''})` });
    });
    keep.onOpen(connectionOver(socket, this.#spec.send, replies));
  }
}

function connectionOver(socket: Socket, send: string | null, replies: Expectation | null): Connection {
  return {
    send(attempt) {
      const onAnswer = (): void => {
        attempt.answered = true;
        attempt.succeed();
      };
      // Where nothing is sent nothing new will be said: that it is still open is all that can be asked.
      if (send !== null && replies !== null) replies.next(attempt, onAnswer);
      else onAnswer();
      if (send !== null) socket.write(send);
    },
    close() {
      socket.destroy();
    },
  };
}

/** A peer that closed late must stay open for this many times as long before it counts as up again. */
const CAUTION = 4;
/** By how much of the difference a newer time changes what is known. */
const NEWER_SHARE = 0.25;
/** What closes within so many milliseconds closes at one moment. */
const TOGETHER_MS = 5;
/** Nor longer than so many times what it must hold otherwise: nothing that is slower to close passes for one that is not there. */
const MOST_CAUTION = 10;
/** The share of the deadline, from where the connection opened, that may be waited. */
const HOLD_SHARE = 0.8;

/**
 * How long a peer of which nothing is expected must keep a connection open. Where it has just shown that it accepts and closes, it
 * must hold longer: on a busy machine it may only be late to close.
 */
class Hold {
  readonly #holdMs: number;
  /** Those that closed last, at one moment: when, how long the youngest of them took, and what was known before; null where one held since. */
  #last: { readonly at: number; readonly youngestMs: number; readonly before: number | null } | null = null;

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** @param onHeld called where the attempt has not ended until then */
  begin(attempt: Attempt, socket: Socket, onHeld: () => void): void {
    const { ageMs } = attempt;
    const isCautious = this.#closedAfterMs !== null;
    const since = attempt.sentAt + ageMs;
    attempt.holdingSince = since;
    // A socket reports its end only where it is read.
    socket.resume();
    socket.once('end', () => {
      attempt.fail(closedFailure(attempt.address, 0));
    });
    const free = attempt.release;
    const timer = setTimeout(
      () => {
        // A second check, as at the deadline: an end that is here already has to be read before the time counts.
        setImmediate(() => {
          if (attempt.ended) return;
          attempt.release = free;
          if (isCautious) this.#last = null;
          onHeld();
        });
      },
      isCautious ? this.#cautiousMs(attempt.timeoutMs - ageMs) : this.#holdMs,
    );
    attempt.release = (failure) => {
      clearTimeout(timer);
      if (failure?.reason === 'closed' || failure?.reason === 'reset') {
        const at = attempt.sentAt + attempt.ageMs;
        attempt.wasKept = at - since >= CAUTION * this.#holdMs;
        this.#closed(at - since, at);
      }
      free?.(failure);
    };
  }

  /** How long those took that closed since one held, in milliseconds, the newer the more they count; null where none did. */
  get #closedAfterMs(): number | null {
    if (this.#last === null) return null;
    const { youngestMs, before } = this.#last;
    return before === null ? youngestMs : before + NEWER_SHARE * (youngestMs - before);
  }

  /**
   * One that closes at the end of a good time must not count like all that close at once. Where the process dies, all close at one
   * moment, whatever their age; where each closes late, even the youngest of those that are seen together is as late.
   */
  #closed(afterMs: number, at: number): void {
    const last = this.#last;
    this.#last =
      last !== null && at - last.at < TOGETHER_MS
        ? { at, youngestMs: Math.min(afterMs, last.youngestMs), before: last.before }
        : { at, youngestMs: afterMs, before: this.#closedAfterMs };
  }

  #cautiousMs(leftMs: number): number {
    const longerMs = CAUTION * Math.max(this.#holdMs, this.#closedAfterMs ?? 0);
    return Math.max(this.#holdMs, Math.min(longerMs, MOST_CAUTION * this.#holdMs, leftMs * HOLD_SHARE));
  }
}

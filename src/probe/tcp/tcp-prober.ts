/** TCP: connected, and answered as expected or, where nothing is expected, still open after `hold`. */
import type { Socket } from 'node:net';

import type { Attempt } from '../attempt.ts';
import { Dialler } from '../connect.ts';
import { closedFailure, failureOf, type Failure } from '../failure.ts';
import type { Link, Linker } from '../kept.ts';
import type { Prober } from '../prober.ts';
import type { TcpSpec } from '../spec.ts';
import { Expectation } from './expectation.ts';

/** Opens a connection for each probe. */
export class TcpProber implements Prober {
  readonly #spec: TcpSpec;
  readonly #dialler: Dialler;

  constructor(spec: TcpSpec) {
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
  }

  start(attempt: Attempt): void {
    this.#dialler.dial(attempt, (socket) => {
      prove(attempt, socket, this.#spec, () => {
        attempt.succeed();
      });
    });
  }

  close(): void {
    // Nothing outlives its probe.
  }
}

/** Opens connections to keep. A connection is open once it has proved itself as in `TcpProber`. */
export class TcpLinker implements Linker {
  readonly #spec: TcpSpec;
  readonly #dialler: Dialler;

  constructor(spec: TcpSpec) {
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
  }

  open(opener: Attempt, opened: (link: Link) => void, lost: (failure: Failure) => void): void {
    const { send } = this.#spec;
    this.#dialler.dial(opener, (socket) => {
      // The kernel finds a peer that went away without a word, though slowly: after 11 s of unanswered keep-alives.
      socket.setKeepAlive(true, 1000);
      let expectation: Expectation | null = null;
      expectation = prove(opener, socket, this.#spec, () => {
        const address = opener.address;
        socket.on('error', (error) => {
          lost(failureOf(error, 'reply', address));
        });
        const closed = (): void => {
          lost({ reason: 'closed', message: `the peer closed the kept connection (${address ?? ''})` });
        };
        socket.once('end', closed);
        socket.once('close', closed);
        opened({
          send(attempt) {
            if (attempt === opener || send === null || expectation === null) {
              if (send !== null && attempt !== opener) socket.write(send);
              attempt.succeed(); // open until now, which is all that is asked
              return;
            }
            socket.write(send);
            expectation.next(attempt, () => {
              attempt.succeed();
            });
          },
          close() {
            socket.destroy();
          },
        });
      });
    });
  }
}

/**
 * Asks of a connection that has just opened to answer as expected or, where nothing is expected, to stay open for
 * `holdMs`: a proxy with nothing behind it accepts, and closes a moment later.
 * @returns the reader of the connection's replies; null where nothing is expected
 */
function prove(attempt: Attempt, socket: Socket, spec: TcpSpec, proven: () => void): Expectation | null {
  if (spec.send !== null) socket.write(spec.send);
  if (spec.expect !== null) {
    const expectation = new Expectation(socket, spec.expect);
    expectation.next(attempt, proven);
    return expectation;
  }
  if (spec.holdMs === 0) {
    proven();
    return null;
  }
  const closed = (): void => {
    attempt.fail(closedFailure(attempt.address));
  };
  socket.once('end', closed);
  socket.once('close', closed);
  socket.resume();
  const free = attempt.release;
  const timer = setTimeout(() => {
    socket.off('end', closed);
    socket.off('close', closed);
    attempt.release = free;
    proven();
  }, spec.holdMs);
  attempt.release = (reason) => {
    clearTimeout(timer);
    free?.(reason);
  };
  return null;
}

/** TCP: connected, and answered as expected or, where nothing is expected, still open after `hold`. */
import type { Socket } from 'node:net';

import type { Attempt } from './attempt.ts';
import { Dialler } from './dialler.ts';
import { closedFailure, failureOf } from './failure.ts';
import type { Connection, Connector, KeepEvents } from './connector.ts';
import type { TcpSpec } from './spec.ts';
import { Expectation } from './tcp-expectation.ts';

export class TcpConnector implements Connector {
  readonly #spec: TcpSpec;
  readonly #dialler: Dialler;

  constructor(spec: TcpSpec) {
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
  }

  open(attempt: Attempt, keep: KeepEvents | null): void {
    this.#dialler.dial(attempt, (socket) => {
      prove(attempt, socket, this.#spec, (replies) => {
        if (keep !== null) this.#keep(attempt, socket, replies, keep);
        attempt.answered = true;
        attempt.succeed();
      });
    });
  }

  #keep({ address }: Attempt, socket: Socket, replies: Expectation | null, keep: KeepEvents): void {
    // The kernel finds a peer that went away without a word, though slowly: after 11 s of unanswered keep-alives.
    socket.setKeepAlive(true, 1000);
    socket.setNoDelay(true);
    socket.resume();
    socket.on('error', (error) => {
      keep.onClose(failureOf(error, 'reply', address));
    });
    socket.once('end', () => {
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

/**
 * Asks of a connection that has just opened to answer as expected or, where nothing is expected, to stay open for
 * `holdMs`: a proxy with nothing behind it accepts, and closes a moment later. Ends the attempt where it does not.
 * @param onProof called once it did, with the reader of the connection's replies; null where nothing is expected
 */
function prove(attempt: Attempt, socket: Socket, spec: TcpSpec, onProof: (replies: Expectation | null) => void): void {
  if (spec.send !== null) socket.write(spec.send);
  if (spec.expect !== null) {
    const replies = new Expectation(socket, spec.expect, spec.send);
    replies.next(attempt, () => {
      onProof(replies);
    });
  } else if (spec.holdMs > 0) {
    hold(attempt, socket, spec.holdMs, onProof);
  } else {
    onProof(null);
  }
}

function hold(attempt: Attempt, socket: Socket, holdMs: number, onProof: (replies: null) => void): void {
  // A socket reports its end only where it is read.
  socket.resume();
  socket.once('end', () => {
    attempt.fail(closedFailure(attempt.address, 0));
  });
  const free = attempt.release;
  const timer = setTimeout(() => {
    // A second look, as at the deadline: an end that is here already has to be read before the time counts.
    setImmediate(() => {
      if (attempt.ended) return;
      attempt.release = free;
      onProof(null);
    });
  }, holdMs);
  attempt.release = (failure) => {
    clearTimeout(timer);
    free?.(failure);
  };
}

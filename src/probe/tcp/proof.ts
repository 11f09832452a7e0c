/** When a TCP connection counts as up: it answered as expected or, where nothing is expected, is still open after `hold`. */
import type { Socket } from 'node:net';

import type { Attempt } from '../attempt.ts';
import { closedFailure } from '../failure.ts';
import type { TcpSpec } from '../spec.ts';
import { Expectation } from './expectation.ts';

/**
 * Asks of a connection that has just opened to answer as expected or, where nothing is expected, to stay open for
 * `holdMs`: a proxy with nothing behind it accepts, and closes a moment later. Ends the attempt where it does not.
 * @param proven called once it did, with the reader of the connection's replies; null where nothing is expected
 */
export function prove(
  attempt: Attempt,
  socket: Socket,
  spec: TcpSpec,
  proven: (replies: Expectation | null) => void,
): void {
  if (spec.send !== null) socket.write(spec.send);
  if (spec.expect !== null) {
    const replies = new Expectation(socket, spec.expect, spec.send);
    replies.next(attempt, () => {
      proven(replies);
    });
  } else if (spec.holdMs > 0) {
    hold(attempt, socket, spec.holdMs, proven);
  } else {
    proven(null);
  }
}

function hold(attempt: Attempt, socket: Socket, holdMs: number, proven: (replies: null) => void): void {
  // A socket tells its end only to those who read it.
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
      proven(null);
    });
  }, holdMs);
  attempt.release = (failure) => {
    clearTimeout(timer);
    free?.(failure);
  };
}

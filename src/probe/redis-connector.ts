/** Redis: PING was answered by PONG, and the role is the one that is asked for. A kept connection carries one probe at a time. */
import type { Socket } from 'node:net';

import type { Attempt } from './attempt.ts';
import { Dialler } from './dialler.ts';
import { closedFailure, failureOf, type Failure } from './failure.ts';
import type { Connection, Connector, KeepEvents, ProberEvents } from './connector.ts';
import { RedisConnection } from './redis-connection.ts';
import type { RedisSpec } from './spec.ts';

/** The `run_id` and the role are asked for at most this often. */
const IDENTITY_MS = 1000;

export class RedisConnector implements Connector {
  readonly #spec: RedisSpec;
  readonly #dialler: Dialler;
  readonly #identity: IdentityQuestion;

  constructor(spec: RedisSpec, events: ProberEvents) {
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
    this.#identity = new IdentityQuestion(events);
  }

  open(attempt: Attempt, keep: KeepEvents | null): void {
    this.#dialler.dial(attempt, (socket) => {
      let cause: Failure | null = null;
      if (keep !== null) {
        socket.setNoDelay(true);
        socket.on('error', (error) => {
          cause = failureOf(error, 'reply', attempt.address);
        });
        socket.once('close', () => {
          const message = `the peer closed the kept connection (${attempt.address ?? ''})`;
          keep.onClose(cause ?? { reason: 'closed', message });
        });
      }
      socket.once('close', () => {
        attempt.fail(closedFailure(attempt.address, socket.bytesRead));
      });
      const onReady = (): void => {
        connection.probe(true, this.#identity.askedBy(attempt), (failure) => {
          attempt.answered = true;
          if (failure !== null) attempt.fail(failure);
          else {
            keep?.onOpen(probesOver(connection, socket));
            attempt.succeed();
          }
        });
        attempt.asked();
      };
      const onBroken = (failure: Failure): void => {
        cause = failure;
        attempt.fail(failure);
        if (keep !== null) socket.destroy();
      };
      const connection = new RedisConnection(this.#spec, socket, onReady, onBroken);
    });
  }
}

function probesOver(connection: RedisConnection, socket: Socket): Connection {
  return {
    send(attempt) {
      connection.probe(false, null, (failure) => {
        attempt.answered = true;
        if (failure === null) attempt.succeed();
        else attempt.fail(failure);
      });
    },
    close() {
      socket.destroy();
    },
  };
}

/** The `run_id` and the role: asked for with a new connection, until it has answered, and then not more than once a second. */
export class IdentityQuestion {
  readonly #events: ProberEvents;
  #answeredAt = -Infinity;

  constructor(events: ProberEvents) {
    this.#events = events;
  }

  /** What takes the answer where this attempt shall ask; null where it need not. */
  askedBy({ sentAt }: Pick<Attempt, 'sentAt'>): ((id: string, what?: 'role') => void) | null {
    if (sentAt - this.#answeredAt < IDENTITY_MS) return null;
    return (id, what) => {
      // Not when it is asked: a proxy that accepts for a server that is not there yet would use up the question.
      this.#answeredAt = Math.max(this.#answeredAt, sentAt);
      this.#events.identity(id, sentAt, what);
    };
  }
}

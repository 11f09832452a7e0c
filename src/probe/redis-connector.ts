/**
 * Redis: PING was answered by PONG, the role is the one that is asked for, and the write was acknowledged. A kept connection
 * carries one probe at a time.
 */
import type { Socket } from 'node:net';

import type { Identity } from '../core/messages.ts';
import type { Attempt } from './attempt.ts';
import { Dialler, KEEP_ALIVE_MS } from './dialler.ts';
import { closedFailure, failureOf, type Failure } from './failure.ts';
import type { Connection, Connector, KeepEvents, ProberEvents } from './connector.ts';
import { RedisConnection } from './redis-connection.ts';
import { MasterLookup } from './redis-sentinel.ts';
import { RedisWrite } from './redis-write.ts';
import type { RedisSpec } from './spec.ts';

/** The `run_id` and the role are asked for at most this often. */
const IDENTITY_MS = 1000;

export class RedisConnector implements Connector {
  readonly #spec: RedisSpec;
  readonly #dialler: Dialler;
  readonly #masters: MasterLookup | null;
  readonly #identity: IdentityQuestion;
  readonly #write: RedisWrite | null;

  constructor(spec: RedisSpec, events: ProberEvents) {
    const { write = null, sentinels = null } = spec;
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
    this.#masters = sentinels && new MasterLookup(spec.endpoint, sentinels, events);
    this.#identity = new IdentityQuestion(events);
    this.#write = write === null ? null : new RedisWrite(write, events);
  }

  open(attempt: Attempt, keep: KeepEvents | null): void {
    if (this.#masters === null) this.#open(attempt, this.#dialler, keep);
    else
      this.#masters.find(attempt, (dialler) => {
        this.#open(attempt, dialler, keep);
      });
  }

  #open(attempt: Attempt, dialler: Dialler, keep: KeepEvents | null): void {
    dialler.dial(attempt, (socket) => {
      let cause: Failure | null = null;
      if (keep !== null) {
        socket.setNoDelay(true);
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
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
        this.#probe(connection, attempt, true, (failure) => {
          if (failure !== null) attempt.fail(failure);
          else {
            keep?.onOpen(this.#probesOver(connection, socket, dialler, keep));
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
      const connection = new RedisConnection(socket, onReady, onBroken);
    });
  }

  #probe(
    connection: RedisConnection,
    attempt: Attempt,
    isFirst: boolean,
    onAnswer: (failure: Failure | null) => void,
  ): void {
    const questions = {
      signIn: isFirst ? this.#spec : null,
      role: this.#spec.role,
      write: this.#write,
      identity: this.#identity.askedBy(attempt, isFirst),
    };
    connection.probe(attempt, questions, (failure) => {
      // A reply that is still to come would be taken for one to the next probe.
      attempt.answered = connection.isIdle;
      onAnswer(failure);
    });
  }

  #probesOver(connection: RedisConnection, socket: Socket, dialler: Dialler, keep: KeepEvents): Connection {
    // The sentinels are asked for another master.
    const leave = (): void => {
      keep.onClose(null);
    };
    return {
      send: (attempt) => {
        this.#masters?.watch(attempt, dialler, leave);
        this.#probe(connection, attempt, false, (failure) => {
          if (failure === null) attempt.succeed();
          else attempt.fail(failure);
          if (failure !== null && this.#masters !== null) leave();
        });
      },
      close: () => {
        this.#masters?.endWatch();
        socket.destroy();
      },
    };
  }
}

/** The `run_id` and the role: asked for with new connections until the server has answered, and otherwise not more than once a second. */
export class IdentityQuestion {
  readonly #events: Pick<ProberEvents, 'identity'>;
  #answeredAt = -Infinity;
  #askedAt = -Infinity;

  constructor(events: Pick<ProberEvents, 'identity'>) {
    this.#events = events;
  }

  /**
   * What takes the answer where this attempt shall ask; null where it need not.
   * @param isFirst whether it is the first one on its connection: another would not be answered where the first was not
   */
  askedBy({ sentAt }: Pick<Attempt, 'sentAt'>, isFirst = true): ((id: string, what?: Identity['what']) => void) | null {
    if (sentAt - (isFirst ? this.#answeredAt : this.#askedAt) < IDENTITY_MS) return null;
    this.#askedAt = sentAt;
    return (id, what) => {
      // Not when it is asked: a proxy that accepts for a server that is not there yet would use up the question.
      this.#answeredAt = Math.max(this.#answeredAt, sentAt);
      this.#events.identity(id, sentAt, what);
    };
  }
}

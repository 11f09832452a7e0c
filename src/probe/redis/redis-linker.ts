/** Redis over one connection that is kept; probes on it overlap. */
import type { Socket } from 'node:net';

import type { Attempt } from '../attempt.ts';
import { Dialler } from '../connect.ts';
import { failureOf, type Failure } from '../failure.ts';
import type { Link, Linker } from '../kept.ts';
import type { ProberEvents } from '../prober.ts';
import type { RedisSpec } from '../spec.ts';
import { converse, type Conversation } from './conversation.ts';
import { Identity } from './identity.ts';

/** A connection is open once it has signed in and answered one probe well. */
export class RedisLinker implements Linker {
  readonly #spec: RedisSpec;
  readonly #dialler: Dialler;
  readonly #identity: Identity;

  constructor(spec: RedisSpec, events: ProberEvents) {
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
    this.#identity = new Identity(events);
  }

  open(opener: Attempt, opened: (link: Link) => void, lost: (failure: Failure) => void): void {
    this.#dialler.dial(opener, (socket) => {
      const address = opener.address ?? '';
      let cause: Failure = { reason: 'closed', message: `the peer closed the kept connection (${address})` };
      socket.setNoDelay(true);
      socket.on('error', (error) => {
        cause = failureOf(error, 'reply', address);
      });
      socket.once('close', () => {
        lost(cause);
      });
      const answered = (failure: Failure | null): void => {
        if (failure !== null) {
          opener.fail(failure);
          return;
        }
        opened(linkOver(conversation, socket));
        opener.succeed();
      };
      const broken = (failure: Failure): void => {
        cause = failure;
        opener.fail(failure);
        socket.destroy();
      };
      const conversation = converse(this.#spec, opener, socket, this.#identity, answered, broken);
    });
  }
}

function linkOver(conversation: Conversation, socket: Socket): Link {
  return {
    send(attempt) {
      conversation.probe(false, null, (failure) => {
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

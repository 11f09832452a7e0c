/** Redis: PING was answered by PONG, and the role is as told. */
import type { Attempt } from '../attempt.ts';
import { Dialler } from '../connect.ts';
import type { Failure } from '../failure.ts';
import type { Prober, ProberEvents } from '../prober.ts';
import type { RedisSpec } from '../spec.ts';
import { converse } from './conversation.ts';
import { Identity } from './identity.ts';

/** Opens a connection for each probe. */
export class RedisProber implements Prober {
  readonly #spec: RedisSpec;
  readonly #dialler: Dialler;
  readonly #identity: Identity;

  constructor(spec: RedisSpec, events: ProberEvents) {
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
    this.#identity = new Identity(events);
  }

  start(attempt: Attempt): void {
    this.#dialler.dial(attempt, (socket) => {
      const answered = (failure: Failure | null): void => {
        if (failure === null) attempt.succeed();
        else attempt.fail(failure);
      };
      const broken = (failure: Failure): void => {
        attempt.fail(failure);
      };
      converse(this.#spec, attempt, socket, this.#identity, answered, broken);
    });
  }

  close(): void {
    // Nothing outlives its probe.
  }
}

/** TCP: connected, and answered as expected or, where nothing is expected, still open after `hold`. */
import type { Attempt } from '../attempt.ts';
import { Dialler } from '../connect.ts';
import type { Prober } from '../prober.ts';
import type { TcpSpec } from '../spec.ts';
import { prove } from './proof.ts';

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
        attempt.answered = true;
        attempt.succeed();
      });
    });
  }

  close(): void {
    // Nothing outlives its probe.
  }
}

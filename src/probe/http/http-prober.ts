/** HTTP: the whole reply arrived, with an accepted status and body. */
import type { Dispatcher } from 'undici';

import type { Attempt } from '../attempt.ts';
import type { Dialler } from '../connect.ts';
import type { Prober } from '../prober.ts';
import type { HttpSpec } from '../spec.ts';
import { Exchange, type Asker, type Verdict } from './exchange.ts';
import { Line } from './line.ts';
import { conclude } from './redirects.ts';
import { diallerFor, firstTarget, requestTo, type Target } from './target.ts';

/** Clients that wait for the next probe; while the peer hangs there may be more, for the probes on their way. */
const IDLE = 4;

/** Opens a connection for each probe. */
export class HttpProber implements Prober, Asker {
  readonly #spec: HttpSpec;
  readonly #target: Target;
  readonly #request: Dispatcher.DispatchOptions;
  readonly #dialler: Dialler;
  readonly #idle: Line[] = [];

  constructor(spec: HttpSpec) {
    this.#spec = spec;
    this.#target = firstTarget(spec);
    this.#request = requestTo(this.#target);
    this.#dialler = diallerFor(this.#target, spec);
  }

  start(attempt: Attempt): void {
    this.#dialler.dial(attempt, (socket) => {
      const exchange = new Exchange(this.#spec, attempt, socket, this);
      (this.#idle.pop() ?? this.#newLine()).begin(socket, this.#request, exchange);
    });
  }

  judged(attempt: Attempt, verdict: Verdict): void {
    attempt.answered = verdict.whole;
    conclude(this.#spec, attempt, verdict, this.#target);
  }

  close(): void {
    // Nothing outlives its probe.
  }

  #newLine(): Line {
    const line = new Line(this.#target.url.origin, 0, () => {
      if (this.#idle.length < IDLE) this.#idle.push(line);
    });
    return line;
  }
}

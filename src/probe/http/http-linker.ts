/** HTTP over one connection that is kept; probes on it overlap (pipelining). */
import type { Socket } from 'node:net';

import type { Attempt } from '../attempt.ts';
import type { Dialler } from '../connect.ts';
import { type CodedError, type Failure } from '../failure.ts';
import type { Link, Linker } from '../kept.ts';
import type { HttpSpec } from '../spec.ts';
import { Exchange } from './exchange.ts';
import { explain } from './explain.ts';
import { Line } from './line.ts';
import { conclude } from './redirects.ts';
import { diallerFor, firstTarget, requestTo, type Target } from './target.ts';

/** More than are ever on their way. */
const PIPELINING = 100_000;

/** A connection is open once it has answered one request, and stays open as long as both sides keep it. */
export class HttpLinker implements Linker {
  readonly #spec: HttpSpec;
  readonly #target: Target;
  readonly #request: ReturnType<typeof requestTo>;
  readonly #dialler: Dialler;

  constructor(spec: HttpSpec) {
    this.#spec = spec;
    this.#target = firstTarget(spec);
    // undici would end a connection after HEAD.
    this.#request = { ...requestTo(this.#target), reset: false };
    this.#dialler = diallerFor(this.#target, spec);
  }

  open(opener: Attempt, opened: (link: Link) => void, lost: (failure: Failure | null) => void): void {
    this.#dialler.dial(opener, (socket) => {
      socket.setNoDelay(true);
      const line = new Line(this.#target.url.origin, PIPELINING);
      const ask = (attempt: Attempt, judged: (whole: boolean) => void): Exchange =>
        new Exchange(this.#spec, attempt, socket, (verdict) => {
          attempt.answered = true;
          judged(verdict.whole);
          conclude(this.#spec, attempt, verdict, this.#target);
        });
      const link: Link = {
        send: (attempt) => {
          const exchange = ask(attempt, (whole) => {
            // The rest of a reply that is too long to read would stand before the next one.
            if (!whole) socket.destroy();
          });
          line.send(this.#request, exchange);
        },
        close: () => {
          socket.destroy();
        },
      };
      const exchange = ask(opener, (whole) => {
        if (!whole) return;
        tellLoss(socket, opener, lost);
        opened(link);
      });
      line.begin(socket, this.#request, exchange);
    });
  }
}

/** Tells when and why an open connection ends. */
function tellLoss(socket: Socket, opener: Attempt, lost: (failure: Failure | null) => void): void {
  let cause: CodedError | null = null;
  socket.on('error', (error) => {
    cause = error;
  });
  socket.once('close', () => {
    // undici ends it where the server has said in its reply that it would.
    if (cause === null || cause.code === 'UND_ERR_INFO') lost(null);
    else if (socket.readableEnded) {
      lost({ reason: 'closed', message: `the peer closed the kept connection (${opener.address ?? ''})` });
    } else lost(explain(cause, opener, socket));
  });
}

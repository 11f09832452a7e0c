/** HTTP over one connection that is kept; probes on it overlap (pipelining). */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';

import type { Attempt } from '../attempt.ts';
import type { Dialler } from '../connect.ts';
import { type CodedError, type Failure } from '../failure.ts';
import type { Link, Linker } from '../kept.ts';
import type { HttpSpec } from '../spec.ts';
import { Exchange, type Asker, type Verdict } from './exchange.ts';
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
  readonly #request: Dispatcher.DispatchOptions;
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
      const link = new HttpLink(line, socket, this.#spec, this.#target, this.#request);
      const asker: Asker = {
        judged: (_, verdict) => {
          opener.answered = true;
          if (verdict.whole) {
            tellLoss(socket, opener, lost);
            opened(link);
          }
          conclude(this.#spec, opener, verdict, this.#target);
        },
      };
      line.begin(socket, this.#request, new Exchange(this.#spec, opener, socket, asker));
    });
  }
}

class HttpLink implements Link, Asker {
  readonly #line: Line;
  readonly #socket: Socket;
  readonly #spec: HttpSpec;
  readonly #target: Target;
  readonly #request: Dispatcher.DispatchOptions;

  constructor(line: Line, socket: Socket, spec: HttpSpec, target: Target, request: Dispatcher.DispatchOptions) {
    this.#line = line;
    this.#socket = socket;
    this.#spec = spec;
    this.#target = target;
    this.#request = request;
  }

  send(attempt: Attempt): void {
    this.#line.send(this.#request, new Exchange(this.#spec, attempt, this.#socket, this));
  }

  judged(attempt: Attempt, verdict: Verdict): void {
    attempt.answered = true;
    // The rest of a reply that is too long to read would stand before the next one.
    if (!verdict.whole) this.#socket.destroy();
    conclude(this.#spec, attempt, verdict, this.#target);
  }

  close(): void {
    this.#socket.destroy();
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

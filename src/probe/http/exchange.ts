/** One request on its way, and the judgement of its reply. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';

import type { Attempt } from '../attempt.ts';
import type { Failure } from '../failure.ts';
import type { HttpSpec } from '../spec.ts';
import { excerpt } from '../../core/excerpt.ts';
import { matchEnd, shownPattern } from '../pattern.ts';

/** Bytes of a body that are read. */
const BODY_LIMIT = 1_048_576;
/** Interim replies (1xx) that are read before the real one. */
const INTERIM_LIMIT = 100;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** How a reply was found. */
export interface Verdict {
  readonly status: number;
  /** Null where the reply is accepted. */
  readonly failure: Failure | null;
  /** Where the reply redirects to, if that is followed; what it says else does not count then. */
  readonly location: string | null;
  /** Whether the reply was read to its end. */
  readonly whole: boolean;
}

/** Who sends requests. */
export interface Asker {
  /** A reply is judged: to end the attempt, and the connection. Not called where the attempt has ended before. */
  judged(attempt: Attempt, verdict: Verdict): void;
}

/** What undici tells of one request. */
export class Exchange implements Dispatcher.DispatchHandler, Verdict {
  status = 0;
  failure: Failure | null = null;
  location: string | null = null;
  whole = false;
  readonly #spec: HttpSpec;
  readonly #attempt: Attempt;
  readonly #socket: Socket;
  readonly #asker: Asker;
  #interim = 0;
  #read = 0;
  #chunks: Buffer[] | null = null;

  constructor(spec: HttpSpec, attempt: Attempt, socket: Socket, asker: Asker) {
    this.#spec = spec;
    this.#attempt = attempt;
    this.#socket = socket;
    this.#asker = asker;
  }

  onRequestStart(): void {
    // Only by this method undici knows a handler of its present kind.
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders, text?: string): void {
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > INTERIM_LIMIT) {
        this.#attempt.fail({ reason: 'protocol', message: 'interim replies without end, and no real one' });
      }
      return;
    }
    this.status = status;
    if (this.#spec.follow > 0 && REDIRECTS.has(status) && headers.location !== undefined) {
      this.location = headers.location;
    } else if (!this.#spec.expectStatus.some(({ from, to }) => from <= status && status <= to)) {
      this.failure = { reason: 'status', message: statusLine(status, text ?? '') };
      this.#attempt.unaccepted = this.failure;
    } else if (this.#spec.expectBody !== null) {
      this.#chunks = [];
    }
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#attempt.ended) return;
    this.#read += chunk.length;
    this.#chunks?.push(chunk);
    if (this.#read > BODY_LIMIT) this.#judge();
  }

  onResponseEnd(): void {
    this.whole = true;
    this.#judge();
  }

  onResponseError(_: unknown, error: Error): void {
    // What breaks the connection, the socket tells itself. Without that, it is the request that undici does not take.
    if (this.#attempt.ended || this.#socket.destroyed) return;
    this.#attempt.fail({ reason: 'error', message: `the request can't be sent: ${error.message}` });
  }

  #judge(): void {
    if (this.#attempt.ended) return;
    this.failure ??= this.#bodyFailure();
    this.#asker.judged(this.#attempt, this);
  }

  #bodyFailure(): Failure | null {
    const pattern = this.#spec.expectBody;
    if (pattern === null || this.#chunks === null) return null;
    const body = Buffer.concat(this.#chunks).toString('utf8', 0, BODY_LIMIT);
    if (matchEnd(body, pattern) >= 0) return null;
    // The body itself is not shown: it may repeat a secret of the request.
    const read = this.#read > BODY_LIMIT ? `the first ${String(BODY_LIMIT)}` : String(this.#read);
    return { reason: 'body', message: `${shownPattern(pattern)} is not in the ${read} bytes of the body` };
  }
}

function statusLine(status: number, text: string): string {
  // The reason phrase is the peer's own.
  return text === '' ? String(status) : `${String(status)} ${excerpt(text).slice(1, -1)}`;
}

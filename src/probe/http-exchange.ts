/** One HTTP request on its way, whether its reply is accepted, and what the errors of its connection mean. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import type { Dispatcher } from 'undici';

import { excerpt } from '../core/format.ts';
import type { Attempt } from './attempt.ts';
import { closedFailure, failureOf, type CodedError, type Failure } from './failure.ts';
import { matchEnd, shownPattern, type HttpSpec } from './spec.ts';

/** Bytes of a body that are read. */
const BODY_LIMIT = 1_048_576;
/** Interim replies (1xx) that are read before the real one. */
const INTERIM_LIMIT = 100;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What was replied. */
export interface HttpReply {
  readonly status: number;
  /** Null where the reply is accepted. */
  readonly failure: Failure | null;
  /** Where the reply redirects to, if that is followed; what it says else does not count then. */
  readonly location: string | null;
  /** Whether the reply was read to its end. */
  readonly whole: boolean;
}

/** Takes what undici reads of one reply. */
export class HttpExchange implements Dispatcher.DispatchHandler, HttpReply {
  status = 0;
  failure: Failure | null = null;
  location: string | null = null;
  whole = false;
  readonly #spec: HttpSpec;
  readonly #attempt: Attempt;
  readonly #socket: Socket;
  readonly #onResponse: (reply: HttpReply) => void;
  #interim = 0;
  #read = 0;
  #chunks: Buffer[] | null = null;

  /** @param onResponse called once a reply is checked, to end the attempt; never where the attempt has ended before */
  constructor(spec: HttpSpec, attempt: Attempt, socket: Socket, onResponse: (reply: HttpReply) => void) {
    this.#spec = spec;
    this.#attempt = attempt;
    this.#socket = socket;
    this.#onResponse = onResponse;
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
      // 408 Request Timeout: the server waited for us (RFC 9110, 15.5.9).
      this.failure = { reason: 'status', message: statusLine(status, text ?? ''), impatient: status === 408 };
      this.#attempt.unaccepted = this.failure;
    } else if (this.#spec.expectBody !== null) {
      this.#chunks = [];
    }
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#attempt.ended) return;
    this.#read += chunk.length;
    this.#chunks?.push(chunk);
    if (this.#read > BODY_LIMIT) this.#respond();
  }

  onResponseEnd(): void {
    this.whole = true;
    this.#respond();
  }

  onResponseError(_: unknown, error: Error): void {
    // What breaks the connection, the socket reports itself. Without that, it is the request that undici does not take.
    if (this.#attempt.ended || this.#socket.destroyed) return;
    this.#attempt.fail({ reason: 'error', message: `the request can't be sent: ${error.message}` });
  }

  #respond(): void {
    if (this.#attempt.ended) return;
    this.failure ??= this.#bodyFailure();
    this.#onResponse(this);
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

/**
 * The failure of an HTTP connection. What undici finds wrong on the wire has codes of its own (`UND_ERR_…`) or, from its
 * parser, only a name.
 */
export function explain(error: CodedError, attempt: Pick<Attempt, 'phase' | 'address'>, socket: Socket): Failure {
  const code = typeof error.code === 'string' ? error.code : '';
  if (error.name !== 'HTTPParserError' && !code.startsWith('UND_ERR_')) {
    return failureOf(error, attempt.phase, attempt.address);
  }
  if (socket.readableEnded) return closedFailure(attempt.address, socket.bytesRead);
  const where = attempt.address === null ? '' : ` (${attempt.address})`;
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { reason: 'protocol', message: `the headers of the reply are too long${where}` };
  }
  return { reason: 'protocol', message: `not an HTTP reply: ${wording(error)}${where}` };
}

/** undici's text: of its parser's, what stands in brackets at the end. */
function wording({ message }: CodedError): string {
  const text = typeof message === 'string' ? message : '';
  return /\((.*)\)$/.exec(text)?.[1] ?? text;
}

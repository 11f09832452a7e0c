/** One HTTP request on its way, and whether its reply is accepted. */
import { excerpt } from '../core/format.ts';
import { linearGroup } from '../core/linear-match.ts';
import type { Attempt } from './attempt.ts';
import { closedFailure, type Failure } from './failure.ts';
import { bodyText } from './http-body.ts';
import { ReplyReader, type ReplyHead } from './http-reply.ts';
import { matchEnd, shownPattern, type HttpSpec } from './spec.ts';

/** Bytes of a body that are read. */
const BODY_LIMIT = 1_048_576;
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
  /** Who replied, where that is asked for and the reply says it; otherwise null. */
  identity(): string | null;
  /** Whether the connection can carry another request: the server keeps it, and sent no more than the reply. */
  readonly persistent: boolean;
}

/** Reads the reply to one request, and checks it. */
export class HttpExchange implements HttpReply {
  failure: Failure | null = null;
  location: string | null = null;
  readonly #spec: HttpSpec;
  readonly #attempt: Attempt;
  readonly #reader: ReplyReader;
  readonly #onResponse: (reply: HttpReply) => void;
  #head: ReplyHead | null = null;
  #bytes = 0;
  #read = 0;
  #chunks: Buffer[] | null = null;
  #answered = false;
  #surplus = false;

  /**
   * @param method that was asked
   * @param onResponse called once a reply is checked, to end the attempt; never where the connection breaks before
   */
  constructor(spec: HttpSpec, attempt: Attempt, method: string, onResponse: (reply: HttpReply) => void) {
    this.#spec = spec;
    this.#attempt = attempt;
    this.#onResponse = onResponse;
    const onHead = this.#takeHead.bind(this);
    this.#reader = new ReplyReader(method === 'HEAD', onHead, (chunk) => {
      this.#read += chunk.length;
      this.#chunks?.push(chunk);
    });
  }

  get status(): number {
    return this.#head?.status ?? 0;
  }

  get whole(): boolean {
    return this.#reader.done;
  }

  get persistent(): boolean {
    return this.whole && !this.#surplus && this.#head?.persistent === true;
  }

  identity(): string | null {
    const { identity = null } = this.#spec;
    if (identity === null || this.#head === null) return null;
    if ('header' in identity) return this.#head.headers.get(identity.header)?.[0] ?? null;
    const body = this.#body(this.#head);
    return 'text' in body ? linearGroup(body.text, identity.body) : null;
  }

  /** Takes the next bytes of the connection. @throws ReplyError */
  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#surplus = this.#reader.take(chunk) < chunk.length;
    if (this.whole || this.#read > BODY_LIMIT) this.#respond();
  }

  /** The peer has ended the connection. Returns what that means for the reply; null where it ends so. */
  end(): Failure | null {
    if (!this.#reader.end()) return closedFailure(this.#attempt.address, this.#bytes);
    this.#respond();
    return null;
  }

  /** The failure of a connection that broke meanwhile, with what was seen of the reply until then. */
  brokenBy({ reason, message }: Failure): Failure {
    if (this.#bytes === 0) return { reason, message };
    const seen = `after ${String(this.#bytes)} bytes of a reply that has not ended`;
    return { reason, message: `${message}, ${seen}` };
  }

  #takeHead(head: ReplyHead): void {
    this.#head = head;
    const { status, statusText, headers } = head;
    const location = headers.get('location')?.[0] ?? '';
    if (this.#spec.follow > 0 && REDIRECTS.has(status) && location !== '') {
      if (new Set(headers.get('location')).size === 1) this.location = location;
      else this.failure = { reason: 'status', message: `${String(status)}: redirected to two places at once` };
    } else if (!this.#spec.expectStatus.some(({ from, to }) => from <= status && status <= to)) {
      // 408 Request Timeout: the server waited for us (RFC 9110, 15.5.9).
      this.failure = { reason: 'status', message: excerpt(statusText).slice(1, -1), impatient: status === 408 };
    }
    const { expectBody, identity = null } = this.#spec;
    const isRead = expectBody !== null && this.failure === null && this.location === null;
    if (isRead || (identity !== null && 'body' in identity)) this.#chunks = [];
    this.#attempt.unaccepted = this.failure;
  }

  #respond(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.failure ??= this.#bodyFailure();
    this.#onResponse(this);
  }

  #body({ headers }: ReplyHead): ReturnType<typeof bodyText> {
    return bodyText(headers, Buffer.concat(this.#chunks ?? []).subarray(0, BODY_LIMIT));
  }

  #bodyFailure(): Failure | null {
    const pattern = this.#spec.expectBody;
    if (pattern === null || this.location !== null || this.#chunks === null || this.#head === null) return null;
    const body = this.#body(this.#head);
    if ('problem' in body) return { reason: 'body', message: body.problem };
    if (matchEnd(body.text, pattern) >= 0) return null;
    // The body itself is not shown: it may repeat a secret of the request.
    const read = this.#read > BODY_LIMIT ? `the first ${String(BODY_LIMIT)}` : String(this.#read);
    return { reason: 'body', message: `${shownPattern(pattern)} is not in the ${read} bytes of the body` };
  }
}

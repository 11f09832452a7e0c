/** What a peer is expected to say. */
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

import { excerpt } from '../core/format.ts';
import { linearGroup } from '../core/linear-match.ts';
import type { Attempt } from './attempt.ts';
import { identityOf, type ProberEvents } from './connector.ts';
import { closedFailure, type Failure } from './failure.ts';
import { matchEnd, redact, shownPattern, type TcpSpec } from './spec.ts';

/** Characters that are read for one expectation. */
const LIMIT = 65_536;

interface Waiting {
  readonly attempt: Attempt;
  readonly met: () => void;
}

/** Reads a connection and meets the expectations of the attempts on it, one after the other. */
export class Expectation {
  readonly #expect: NonNullable<TcpSpec['expect']>;
  readonly #send: string | null;
  readonly #identity: RegExp | null;
  readonly #events: Pick<ProberEvents, 'identity'>;
  readonly #decoder = new StringDecoder('utf8');
  readonly #waiting: Waiting[] = [];
  #text = '';

  /** What is sent may be a secret: it is not shown where the peer repeats it. */
  constructor(
    socket: Socket,
    { send, identity = null }: TcpSpec,
    expect: NonNullable<TcpSpec['expect']>,
    events: Pick<ProberEvents, 'identity'>,
  ) {
    this.#expect = expect;
    this.#send = send;
    this.#identity = identity;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    socket.once('end', () => {
      for (const { attempt } of this.#waiting.splice(0)) {
        attempt.fail(attempt.unaccepted ?? closedFailure(attempt.address, 0));
      }
    });
  }

  /**
   * Waits until the peer has said what is expected; what it says after that is the next attempt's.
   * @param met called once it has, unless the attempt has ended before
   */
  next(attempt: Attempt, met: () => void): void {
    // What the peer said while no attempt waited is no answer.
    if (this.#head() === undefined) this.#text = '';
    this.#waiting.push({ attempt, met });
  }

  #read(chunk: Buffer): void {
    this.#text += this.#decoder.write(chunk);
    this.#match();
    if (this.#text.length <= LIMIT) return;
    this.#text = '';
    this.#head()?.attempt.fail(this.#mismatch(`not found in the first ${String(LIMIT)} characters`));
  }

  #match(): void {
    for (let head = this.#head(); head !== undefined && this.#text !== ''; head = this.#head()) {
      const end = matchEnd(this.#text, this.#expect);
      if (end < 0) {
        const got = this.#send === null ? this.#text : redact(this.#text, this.#send);
        head.attempt.unaccepted = this.#mismatch(`got ${excerpt(got)}`);
        return;
      }
      const id = this.#identity === null ? null : linearGroup(this.#text, this.#identity);
      if (id !== null) this.#events.identity(identityOf(id), head.attempt.sentAt);
      this.#text = this.#text.slice(end);
      this.#waiting.shift();
      head.met();
    }
  }

  #head(): Waiting | undefined {
    while (this.#waiting[0]?.attempt.ended === true) this.#waiting.shift();
    return this.#waiting[0];
  }

  #mismatch(what: string): Failure {
    return { reason: 'body', message: `expected ${shownPattern(this.#expect)}, ${what}` };
  }
}

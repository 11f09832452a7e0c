/** What a peer is expected to say. */
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

import type { Attempt } from '../attempt.ts';
import { closedFailure, type Failure } from '../failure.ts';
import type { Pattern } from '../spec.ts';
import { excerpt, matchEnd, shownPattern } from '../text.ts';

/** Characters that are read for one expectation. */
const LIMIT = 65_536;

interface Waiting {
  readonly attempt: Attempt;
  readonly met: () => void;
}

/** Reads a connection and meets the expectations of the attempts on it, one after the other. */
export class Expectation {
  readonly #pattern: Pattern;
  readonly #decoder = new StringDecoder('utf8');
  readonly #waiting: Waiting[] = [];
  #text = '';

  constructor(socket: Socket, pattern: Pattern) {
    this.#pattern = pattern;
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    const ended = (): void => {
      this.#end();
    };
    socket.once('end', ended);
    socket.once('close', ended);
  }

  /** Waits until the peer has said what is expected; what it says after that is the next attempt's. */
  next(attempt: Attempt, met: () => void): void {
    this.#waiting.push({ attempt, met });
    this.#match();
  }

  #read(chunk: Buffer): void {
    this.#text += this.#decoder.write(chunk);
    this.#match();
    const head = this.#head();
    if (this.#text.length <= LIMIT) return;
    head?.attempt.fail(this.#refusal(`not found in the first ${String(LIMIT)} characters`));
    this.#text = '';
  }

  #match(): void {
    for (let head = this.#head(); head !== undefined && this.#text !== ''; head = this.#head()) {
      const end = matchEnd(this.#text, this.#pattern);
      if (end < 0) {
        head.attempt.unaccepted = this.#refusal(`got ${excerpt(this.#text)}`);
        return;
      }
      this.#text = this.#text.slice(end);
      this.#waiting.shift();
      head.met();
    }
  }

  #head(): Waiting | undefined {
    while (this.#waiting[0]?.attempt.ended === true) this.#waiting.shift();
    return this.#waiting[0];
  }

  #end(): void {
    for (const { attempt } of this.#waiting.splice(0)) {
      attempt.fail(attempt.unaccepted ?? closedFailure(attempt.address));
    }
  }

  #refusal(what: string): Failure {
    return { reason: 'body', message: `expected ${shownPattern(this.#pattern)}, ${what}` };
  }
}

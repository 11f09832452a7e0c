/** TCP over one connection that is kept: open until now or, where an answer is expected, answered as expected again. */
import type { Socket } from 'node:net';

import type { Attempt } from '../attempt.ts';
import { Dialler } from '../connect.ts';
import { failureOf, type Failure } from '../failure.ts';
import type { Link, Linker } from '../kept.ts';
import type { TcpSpec } from '../spec.ts';
import type { Expectation } from './expectation.ts';
import { prove } from './proof.ts';

/** A connection is open once it has proved itself as one of `TcpProber` does. */
export class TcpLinker implements Linker {
  readonly #spec: TcpSpec;
  readonly #dialler: Dialler;

  constructor(spec: TcpSpec) {
    this.#spec = spec;
    this.#dialler = new Dialler(spec.endpoint);
  }

  open(opener: Attempt, opened: (link: Link) => void, lost: (failure: Failure) => void): void {
    this.#dialler.dial(opener, (socket) => {
      prove(opener, socket, this.#spec, (replies) => {
        const address = opener.address ?? '';
        // The kernel finds a peer that went away without a word, though slowly: after 11 s of unanswered keep-alives.
        socket.setKeepAlive(true, 1000);
        socket.setNoDelay(true);
        socket.resume();
        socket.on('error', (error) => {
          lost(failureOf(error, 'reply', address));
        });
        socket.once('end', () => {
          lost({ reason: 'closed', message: `the peer closed the kept connection (${address})` });
        });
        opened(new TcpLink(socket, this.#spec.send, replies));
        opener.answered = true;
        opener.succeed();
      });
    });
  }
}

class TcpLink implements Link {
  readonly #socket: Socket;
  readonly #send: string | null;
  readonly #replies: Expectation | null;

  constructor(socket: Socket, send: string | null, replies: Expectation | null) {
    this.#socket = socket;
    this.#send = send;
    this.#replies = replies;
  }

  send(attempt: Attempt): void {
    const answered = (): void => {
      attempt.answered = true;
      attempt.succeed();
    };
    // Where nothing is sent nothing new will be said: that it is still open is all that can be asked.
    if (this.#send !== null && this.#replies !== null) this.#replies.next(attempt, answered);
    else answered();
    if (this.#send !== null) this.#socket.write(this.#send);
  }

  close(): void {
    this.#socket.destroy();
  }
}

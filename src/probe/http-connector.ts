/**
 * HTTP: the whole reply arrived, with an accepted status and body. One request at a time is on a connection; its reply is read
 * by `http-reply.ts`.
 */
import type { Socket } from 'node:net';

import { excerpt } from '../core/format.ts';
import type { Attempt } from './attempt.ts';
import { identityOf, type Connector, type KeepEvents, type ProberEvents } from './connector.ts';
import { type Dialler, KEEP_ALIVE_MS } from './dialler.ts';
import { failureOf, type Failure } from './failure.ts';
import { HttpExchange, type HttpReply } from './http-exchange.ts';
import { ReplyError } from './http-reply.ts';
import { diallerFor, firstTarget, redirected, requestTo, type HttpTarget } from './http-target.ts';
import type { HttpSpec } from './spec.ts';

export class HttpConnector implements Connector {
  readonly #spec: HttpSpec;
  readonly #events: ProberEvents;
  readonly #target: HttpTarget;
  readonly #dialler: Dialler;
  readonly #requests: { readonly once: Buffer | Failure; readonly kept: Buffer | Failure };

  constructor(spec: HttpSpec, events: ProberEvents) {
    this.#spec = spec;
    this.#events = events;
    this.#target = firstTarget(spec);
    this.#dialler = diallerFor(this.#target, spec);
    this.#requests = { once: requestTo(this.#target, false), kept: requestTo(this.#target, true) };
  }

  open(attempt: Attempt, keep: KeepEvents | null): void {
    if (keep === null) this.#ask(attempt, this.#dialler, this.#requests.once, this.#target, 0);
    else this.#openKept(attempt, keep);
  }

  /** Asks over a connection for this request alone. @param hops redirects that were followed before */
  #ask(attempt: Attempt, dialler: Dialler, request: Buffer | Failure, target: HttpTarget, hops: number): void {
    dialler.dial(attempt, (socket) => {
      let isAnswered = false;
      const exchange = new HttpExchange(this.#spec, attempt, target.method, (reply) => {
        isAnswered = true;
        attempt.answered = reply.whole;
        this.#finish(attempt, reply, target, hops);
      });
      const connection = new HttpConnection(socket, attempt.address, (failure) => {
        // A redirect goes on over another connection.
        if (failure !== null && !isAnswered) attempt.fail(attempt.unaccepted ?? failure);
      });
      if (Buffer.isBuffer(request)) connection.send(request, exchange);
      else attempt.fail(request);
    });
  }

  /** A connection is open once it has answered one request, and stays open as long as both sides keep it. */
  #openKept(first: Attempt, keep: KeepEvents): void {
    this.#dialler.dial(first, (socket) => {
      const request = this.#requests.kept;
      if (!Buffer.isBuffer(request)) {
        first.fail(request);
        return;
      }
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      let isOpen = false;
      const http = new HttpConnection(socket, first.address, (failure) => {
        if (isOpen) keep.onClose(failure);
        else if (failure !== null) first.fail(first.unaccepted ?? failure);
      });
      const connection = {
        send: (attempt: Attempt): void => {
          const exchange = new HttpExchange(this.#spec, attempt, this.#target.method, (reply) => {
            // The server closes an idle connection by a reply that nothing has asked for, and this request crossed it.
            if (reply.status === 408 && !reply.persistent && attempt !== first) {
              attempt.unaccepted = null;
              http.end({ reason: 'closed', message: 'the peer closed the kept connection: it waited too long (408)' });
              return;
            }
            attempt.answered = true;
            // The server ends it, or the rest of a reply that is too long to read would stand before the next one.
            const isSpent = !reply.persistent;
            if (reply.persistent && !isOpen) {
              isOpen = true;
              keep.onOpen(connection);
            }
            this.#finish(attempt, reply, this.#target, 0);
            if (isSpent) http.end(null);
          });
          http.send(request, exchange);
        },
        close(): void {
          socket.destroy();
        },
      };
      connection.send(first);
    });
  }

  /**
   * Ends an attempt by what was replied or, where that is a redirect to follow, goes on to where it leads: over a connection
   * of its own, under the deadline of the attempt.
   * @param from what was asked
   * @param hops redirects that were followed before
   */
  #finish(attempt: Attempt, reply: HttpReply, from: HttpTarget, hops: number): void {
    const { status, failure, location } = reply;
    const { follow } = this.#spec;
    if (attempt.ended) return;
    attempt.status = status;
    if (location === null) {
      const id = reply.identity();
      if (id !== null) this.#events.identity(identityOf(id), attempt.sentAt);
      if (failure === null) attempt.succeed();
      else attempt.fail(failure);
      return;
    }
    if (hops === follow) {
      attempt.fail({ reason: 'status', message: `${String(status)}: more than ${String(follow)} redirects` });
      return;
    }
    const target = redirected(from, status, location);
    if ('reason' in target) {
      attempt.fail(target);
      return;
    }
    attempt.detach();
    attempt.answered = false;
    attempt.enter('connect');
    this.#ask(attempt, diallerFor(target, this.#spec), requestTo(target, false), target, hops + 1);
  }
}

/** An open connection on which at most one request is under way. */
class HttpConnection {
  readonly #socket: Socket;
  readonly #onEnd: (failure: Failure | null) => void;
  #exchange: HttpExchange | null = null;
  #hasAnswered = false;
  #ended = false;

  /**
   * @param address of the peer, for messages
   * @param onEnd called once, when the connection has ended, with why; with null where nothing is wrong with that
   */
  constructor(socket: Socket, address: string | null, onEnd: (failure: Failure | null) => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    const where = address === null ? '' : ` (${address})`;
    socket.on('data', (chunk: Buffer) => {
      const exchange = this.#exchange;
      if (this.#ended) return;
      try {
        if (exchange === null) {
          const message = `sent ${excerpt(chunk.toString('latin1', 0, 80))}, which was not asked for${where}`;
          this.end({ reason: 'protocol', message });
          return;
        }
        exchange.take(chunk);
        if (!exchange.whole || this.#exchange !== exchange) return;
        this.#exchange = null;
        this.#hasAnswered = true;
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error;
        this.end({ reason: 'protocol', message: `not an HTTP reply: ${error.message}${where}` });
      }
    });
    socket.once('end', () => {
      const failure = this.#exchange?.end();
      const closed: Failure = { reason: 'closed', message: `the peer closed the kept connection${where}` };
      const isIdle = failure === undefined || (failure?.reason === 'closed' && this.#hasAnswered);
      this.end(isIdle ? closed : failure);
    });
    // The dialler does not know what was read, and would fail an attempt that goes on elsewhere.
    socket.removeAllListeners('error');
    socket.on('error', (error) => {
      const failure = failureOf(error, 'reply', address);
      this.end(this.#exchange?.brokenBy(failure) ?? failure);
    });
  }

  /** Sends a request. Its exchange is given the reply. */
  send(request: Buffer, exchange: HttpExchange): void {
    this.#exchange = exchange;
    this.#socket.write(request);
  }

  /** Ends it: it carries no further request. */
  end(failure: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(failure);
    this.#socket.destroy();
  }
}

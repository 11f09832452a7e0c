/** HTTP: the whole reply arrived, with an accepted status and body. Probes on a kept connection overlap (pipelining). */
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';

import type { Attempt } from './attempt.ts';
import type { Dialler } from './dialler.ts';
import type { CodedError, Failure } from './failure.ts';
import { explain, HttpExchange, type HttpReply } from './http-exchange.ts';
import { diallerFor, firstTarget, redirected, requestTo, type HttpTarget } from './http-target.ts';
import type { Connector, KeepEvents } from './connector.ts';
import type { HttpSpec } from './spec.ts';

/** The longest delay of a timer. */
const NEVER_MS = 2 ** 31 - 1;
/** Requests on one connection: more than are ever on their way. */
const PIPELINING = 100_000;
/** Clients that wait for the next probe; while the peer hangs there may be more, for the probes on their way. */
const IDLE = 4;

export class HttpConnector implements Connector {
  readonly #spec: HttpSpec;
  readonly #target: HttpTarget;
  readonly #request: Dispatcher.DispatchOptions;
  readonly #dialler: Dialler;
  readonly #idle: HttpClient[] = [];

  constructor(spec: HttpSpec) {
    this.#spec = spec;
    this.#target = firstTarget(spec);
    this.#request = requestTo(this.#target);
    this.#dialler = diallerFor(this.#target, spec);
  }

  open(attempt: Attempt, keep: KeepEvents | null): void {
    this.#dialler.dial(attempt, (socket) => {
      if (keep !== null) {
        this.#openKept(attempt, socket, keep);
        return;
      }
      const exchange = new HttpExchange(this.#spec, attempt, socket, (reply) => {
        attempt.answered = reply.whole;
        this.#finish(attempt, reply, this.#target, 0);
      });
      (this.#idle.pop() ?? this.#newClient()).begin(socket, this.#request, exchange);
    });
  }

  /** A connection is open once it has answered one request, and stays open as long as both sides keep it. */
  #openKept(opener: Attempt, socket: Socket, keep: KeepEvents): void {
    socket.setNoDelay(true);
    const client = new HttpClient(this.#target.url.origin, PIPELINING);
    // undici would end a connection after HEAD.
    const request = { ...this.#request, reset: false };
    const exchangeFor = (attempt: Attempt, onWhole: (isWhole: boolean) => void): HttpExchange =>
      new HttpExchange(this.#spec, attempt, socket, (reply) => {
        attempt.answered = true;
        onWhole(reply.whole);
        this.#finish(attempt, reply, this.#target, 0);
      });
    const connection = {
      send(attempt: Attempt): void {
        const exchange = exchangeFor(attempt, (isWhole) => {
          // The rest of a reply that is too long to read would stand before the next one.
          if (!isWhole) socket.destroy();
        });
        client.send(request, exchange);
      },
      close(): void {
        socket.destroy();
      },
    };
    const exchange = exchangeFor(opener, (isWhole) => {
      if (!isWhole) return;
      reportClose(socket, opener, keep);
      keep.onOpen(connection);
    });
    client.begin(socket, request, exchange);
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
    if (location === null) {
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
    attempt.leave();
    attempt.answered = false;
    attempt.enter('connect');
    diallerFor(target, this.#spec).dial(attempt, (socket) => {
      const exchange = new HttpExchange(this.#spec, attempt, socket, (next) => {
        attempt.answered = next.whole;
        this.#finish(attempt, next, target, hops + 1);
      });
      new HttpClient(target.url.origin, 0).begin(socket, requestTo(target), exchange);
    });
  }

  #newClient(): HttpClient {
    const client = new HttpClient(this.#target.url.origin, 0, () => {
      if (this.#idle.length < IDLE) this.#idle.push(client);
    });
    return client;
  }
}

/** Reports when and why an open connection ends. */
function reportClose(socket: Socket, { address, phase }: Attempt, keep: KeepEvents): void {
  let cause: CodedError | null = null;
  socket.on('error', (error) => {
    cause = error;
  });
  socket.once('close', () => {
    const closed: Failure = { reason: 'closed', message: `the peer closed the kept connection (${address ?? ''})` };
    // undici ends it where the server has said in its reply that it would.
    if (cause === null || cause.code === 'UND_ERR_INFO') keep.onClose(null);
    else keep.onClose(socket.readableEnded ? closed : explain(cause, { address, phase }, socket));
  });
}

/** An undici client over a connection that it is given: it opens none, repeats nothing, and has no timers. */
class HttpClient {
  readonly #client: Client;
  #socket: Socket | null = null;

  /**
   * @param origin of the requests, such as `http://127.0.0.1:8080`
   * @param pipelining requests that may be under way at once; 0 ends the connection after one
   * @param onFree called each time a connection of it has ended, when it can take the next
   */
  constructor(origin: string, pipelining: number, onFree: (() => void) | null = null) {
    this.#client = new Client(origin, {
      pipelining,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: NEVER_MS,
      keepAliveMaxTimeout: NEVER_MS,
      // A server's hint is answered by waiting for its close: the probes shall see how long it really keeps it.
      keepAliveTimeoutThreshold: -NEVER_MS,
      connect: (_options, callback) => {
        const socket = this.#socket;
        this.#socket = null;
        // undici does not go on when it is given a connection before this function has returned.
        queueMicrotask(() => {
          if (socket === null) callback(new Error('the connection has ended'), null);
          else callback(null, socket);
        });
      },
    });
    if (onFree !== null) this.#client.on('disconnect', onFree);
  }

  /** Takes a connection that has just opened, and sends a request over it. */
  begin(socket: Socket, request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#socket = socket;
    this.send(request, handler);
  }

  /** Sends one more request over it. */
  send(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(request, handler);
  }
}

/** An undici client over a connection that it is given: it opens none, repeats nothing, and has no timers. */
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';

/** The longest delay of a timer. */
const NEVER_MS = 2 ** 31 - 1;

export class Line {
  readonly #client: Client;
  #socket: Socket | null = null;

  /**
   * @param origin of the requests, such as `http://127.0.0.1:8080`
   * @param pipelining requests that may be under way at once; 0 ends the connection after one
   * @param freed called each time a connection of it has ended, when it can take the next
   */
  constructor(origin: string, pipelining: number, freed: (() => void) | null = null) {
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
    if (freed !== null) this.#client.on('disconnect', freed);
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

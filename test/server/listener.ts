/** A client of a feed that keeps all that it receives. It knows nothing of the program but the websocket. */
import { type ClientOptions, WebSocket } from 'ws';

import { Waitable } from '../support/wait-for.ts';

/** A message, as it comes. */
export type Received = Record<string, unknown> & { type: string };

/** Code and reason of the end of a connection. */
interface End {
  readonly code: number;
  readonly reason: string;
}

export class Listener extends Waitable {
  readonly ws: WebSocket;
  readonly received: Received[] = [];
  readonly closed: Promise<End>;
  #end: End | null = null;

  constructor(url: string, options: ClientOptions = {}) {
    super();
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.ws.on('message', (data: Buffer) => {
      this.received.push(JSON.parse(data.toString()) as Received);
      this.changed();
    });
    this.ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => {
        this.#end = { code, reason: reason.toString() };
        resolve(this.#end);
        this.changed();
      });
    });
  }

  /** Connects, and waits for the hello. */
  static async open(url: string, options: ClientOptions = {}): Promise<Listener> {
    const listener = new Listener(url, options);
    await listener.first('hello');
    return listener;
  }

  /**
   * The first message that fits, received already or to come.
   * @throws Error where the connection ends before
   */
  async find(fits: (message: Received) => boolean): Promise<Received> {
    let found: Received | undefined;
    let from = 0;
    await this.waitFor(() => {
      found = this.received.slice(from).find(fits);
      from = this.received.length;
      if (found === undefined && this.#end !== null)
        throw new Error(`closed with ${String(this.#end.code)} ${this.#end.reason} before ${fits.toString()}`);
      return found !== undefined;
    }, fits.toString());
    return found!;
  }

  first(type: string): Promise<Received> {
    return this.find((message) => message.type === type);
  }

  /** The numbers of the events, in the order in which they came. */
  get seqs(): number[] {
    return this.received
      .filter(({ type }) => type !== 'hello' && type !== 'heartbeat')
      .flatMap(({ seq }) => (typeof seq === 'number' ? [seq] : []));
  }

  async close(): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    this.ws.terminate();
    await this.closed;
  }
}

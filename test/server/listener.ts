/** A client of a feed that keeps all that it hears. It knows nothing of the program but the websocket. */
import { type ClientOptions, WebSocket } from 'ws';

/** A message, as it comes. */
export type Heard = Record<string, unknown> & { type: string };

export class Listener {
  readonly ws: WebSocket;
  readonly heard: Heard[] = [];
  #waiting: (() => void)[] = [];
  /** Code and reason of the end. */
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, options: ClientOptions = {}) {
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.ws.on('message', (data: Buffer) => {
      this.heard.push(JSON.parse(data.toString()) as Heard);
      this.#wake();
    });
    this.ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  /** Connects, and waits for the hello. */
  static async open(url: string, options: ClientOptions = {}): Promise<Listener> {
    const listener = new Listener(url, options);
    await listener.first('hello');
    return listener;
  }

  /** The first message that fits, heard already or to come. Fails when the connection ends before. */
  async find(fits: (message: Heard) => boolean): Promise<Heard> {
    for (let from = 0; ;) {
      const found = this.heard.slice(from).find(fits);
      if (found !== undefined) return found;
      from = this.heard.length;
      if (this.ws.readyState === WebSocket.CLOSED) {
        const { code, reason } = await this.closed;
        throw new Error(`closed with ${String(code)} ${reason} before that came`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  first(type: string): Promise<Heard> {
    return this.find((message) => message.type === type);
  }

  /** The numbers of the events, in the order in which they came. */
  get seqs(): number[] {
    return this.heard
      .filter(({ type }) => type !== 'hello' && type !== 'heartbeat')
      .flatMap(({ seq }) => (typeof seq === 'number' ? [seq] : []));
  }

  async close(): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    this.ws.terminate();
    await this.closed;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

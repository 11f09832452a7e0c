/** A real HTTP server that takes what hooks send, and answers as a test says. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Waitable } from './wait-for.ts';

export interface Delivery {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HookBody {
  readonly text: string;
  readonly content: string;
  readonly monitor: string;
  readonly vantage: string;
  readonly event: { readonly type: string; readonly seq: number; readonly service?: string; readonly to?: string };
}

export class HookReceiver extends Waitable {
  /** All that came, whatever was answered. */
  readonly deliveries: Delivery[] = [];
  /** Those that were answered well. */
  readonly taken: Delivery[] = [];
  /** What it answers: a status; null hangs. A function answers itself. */
  answer: number | null | ((response: ServerResponse) => void) = 204;
  readonly #server: Server;

  private constructor(server: Server) {
    super();
    this.#server = server;
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const delivery = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
        this.deliveries.push(delivery);
        if (typeof this.answer === 'function') this.answer(response);
        else if (this.answer !== null) {
          if (this.answer < 300) this.taken.push(delivery);
          response.writeHead(this.answer).end('ok');
        }
        this.changed();
      });
    });
  }

  static async start(): Promise<HookReceiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HookReceiver(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}/hook`;
  }

  /** What was taken, as it was meant. */
  get bodies(): HookBody[] {
    return this.taken.map(({ body }) => JSON.parse(body) as HookBody);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** One service whose outages are staged: it behaves well until it is told to fall, and again once it is told to rise. */
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Clock } from '../../src/core/clock.ts';
import { answerRedis } from './fake-redis.ts';
import type { Edge, OutageKind, TrueOutage } from './outage-kinds.ts';
import type { Target } from './services.ts';

const clock = new Clock();
const now = (): number => clock.epoch(clock.now());

async function edge(act: () => Promise<void>): Promise<Edge> {
  const before = now();
  await act();
  return { before, after: now() };
}

export interface Staging {
  readonly outage: OutageKind;
  readonly kind: Target['kind'];
  readonly host: string;
  /** What a TCP service says to everybody who connects, such as `220 ready`; empty for one that waits to be asked. */
  readonly greeting: string;
}

export class StagedService {
  readonly staging: Staging;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #down = false;
  port = 0;

  constructor(staging: Staging) {
    this.staging = staging;
    this.#server =
      staging.kind !== 'http'
        ? createServer((socket) => {
            this.#serve(socket);
          })
        : createHttpServer({ keepAliveTimeout: 0 }, (_, response) => {
            this.#answer(response);
          });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get target(): Target {
    return { kind: this.staging.kind, host: this.staging.host, port: this.port };
  }

  /** Listens on a free port; the next time on the same one. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen({ port: this.port, host: this.staging.host, backlog: 1024 }, resolve);
    });
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** One outage of about this length, and when it truly was. */
  async outage(lengthMs: number): Promise<TrueOutage> {
    const from = await edge(() => this.fall());
    await sleep(lengthMs);
    return { from, to: await edge(() => this.rise()) };
  }

  async fall(): Promise<void> {
    this.#down = true;
    await Promise.resolve();
    // Behind a proxy that goes on, the process dies all the same: what was open is closed.
    if (this.staging.outage === 'closed') for (const socket of this.#sockets) socket.end();
    if (this.staging.outage !== 'refused') return;
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async rise(): Promise<void> {
    this.#down = false;
    if (this.staging.outage === 'refused') await this.listen();
  }

  #serve(socket: Socket): void {
    if (this.#down && this.staging.outage === 'closed') {
      socket.end();
      return;
    }
    if (this.staging.greeting !== '') socket.write(this.staging.greeting);
    socket.on('data', (data) => {
      if (this.staging.kind === 'redis') answerRedis(socket, data.toString('latin1'), this.#down);
    });
  }

  #answer(response: ServerResponse): void {
    if (!this.#down) response.end('well');
    else if (this.staging.outage === 'status 503') response.writeHead(503).end('starting');
    else if (this.staging.outage === 'cut off') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    }
    // silent: no answer, not even after the outage
  }
}

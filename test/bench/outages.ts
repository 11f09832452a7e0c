/**
 * Services with outages of known times, in a process of its own: `node outages.js SERVICES OUTAGES`. Sends the services
 * and, when all is over, what was true. An edge is known to lie between two readings of the clock around the act that
 * makes it.
 */
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Clock } from '../../src/engine/clock.ts';
import type { Target } from './services.ts';
import { answerRedis } from './fake-redis.ts';
import { type Edge, OUTAGE_KINDS, type OutageKind, type Staged, type TrueOutage, type Truth } from './outage-kinds.ts';

const SHORTEST_MS = 20;
const LONGEST_MS = 1000;
const UP_MS = 250;

const clock = new Clock();
const now = (): number => clock.epoch(clock.now());

/** Every kind of service can be refused; the other outages belong to one kind each. */
function kindOf(outage: OutageKind, turn: number): Target['kind'] {
  if (outage === 'refused') return (['tcp', 'http', 'redis'] as const)[turn % 3] ?? 'tcp';
  if (outage === 'closed') return 'tcp';
  return outage === 'loading' ? 'redis' : 'http';
}

class StagedService {
  readonly outage: OutageKind;
  readonly kind: Target['kind'];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #down = false;
  port = 0;

  constructor(outage: OutageKind, kind: Target['kind']) {
    this.outage = outage;
    this.kind = kind;
    this.#server =
      kind !== 'http'
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

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen({ port: this.port, host: '127.0.0.1', backlog: 1024 }, resolve);
    });
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async fall(): Promise<void> {
    this.#down = true;
    if (this.outage !== 'refused') return;
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await Promise.resolve();
  }

  async rise(): Promise<void> {
    this.#down = false;
    if (this.outage === 'refused') await this.listen();
  }

  #serve(socket: Socket): void {
    if (this.#down && this.outage === 'closed') {
      socket.end();
      return;
    }
    socket.on('data', (data) => {
      if (this.kind === 'redis') answerRedis(socket, data.toString('latin1'), this.#down);
    });
  }

  #answer(response: ServerResponse): void {
    if (!this.#down) response.end('well');
    else if (this.outage === 'status 503') response.writeHead(503).end('starting');
    else if (this.outage === 'cut off') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    }
    // silent: no answer, not even after the outage
  }
}

async function edge(act: () => Promise<void>): Promise<Edge> {
  const before = now();
  await act();
  return { before, after: now() };
}

/** Evenly spread over the logarithm: as many short ones as long ones. */
function length(): number {
  return SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** Math.random();
}

async function play(service: StagedService, outages: number): Promise<TrueOutage[]> {
  const truth: TrueOutage[] = [];
  await sleep(1000);
  for (let n = 0; n < outages; n++) {
    await sleep(UP_MS + Math.random() * UP_MS);
    const from = await edge(() => service.fall());
    await sleep(length());
    truth.push({ from, to: await edge(() => service.rise()) });
  }
  return truth;
}

const [services = 0, outages = 0] = process.argv.slice(2).map(Number);
const staged = Array.from({ length: services }, (_, index) => {
  const outage = OUTAGE_KINDS[index % OUTAGE_KINDS.length] ?? 'refused';
  const kind = kindOf(outage, Math.floor(index / OUTAGE_KINDS.length));
  return { name: `${outage} ${String(index)}`, service: new StagedService(outage, kind) };
});
for (const { service } of staged) await service.listen();
process.on('disconnect', () => process.exit(0));
process.send?.(
  staged.map(({ name, service: { outage, kind, port } }): Staged => {
    return { name, outage, target: { kind, host: '127.0.0.1', port } };
  }),
);
process.once('message', () => {
  void Promise.all(staged.map(async ({ name, service }) => [name, await play(service, outages)] as const)).then(
    (truth) => process.send?.(Object.fromEntries(truth) satisfies Truth),
  );
});

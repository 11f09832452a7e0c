/** Real services of tests, on ports of 127.0.0.1 that they keep while they go away and come back. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { Service } from '../../src/core/model.ts';
import type { ProbeSpec, Watched } from '../../src/probe/spec.ts';
import { tcpSpec } from '../support/probing.ts';
import { reset, type Behaviour } from '../support/servers.ts';

/** What a backend does with a connection where a test does not say: it stays open. */
const stay: Behaviour = (socket) => {
  socket.resume();
};

const started: Backend[] = [];

/** Ends all backends of a file; for `after`. */
export function endBackends(): void {
  for (const backend of started.splice(0)) backend.down();
}

export class Backend {
  readonly port: number;
  readonly open = new Set<Socket>();
  behave: Behaviour;
  accepted = 0;
  #server: Server;

  private constructor(server: Server, behave: Behaviour) {
    this.behave = behave;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#serve();
  }

  static async start(behave: Behaviour = stay): Promise<Backend> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const backend = new Backend(server, behave);
    started.push(backend);
    return backend;
  }

  /** Listens no more, from somewhere within this call on; connections that are open stay. */
  deafen(): void {
    this.#server.close();
  }

  /** Goes away, with all connections. */
  down(): void {
    this.deafen();
    this.cut();
  }

  /** Resolves with the next connection that is accepted. */
  async nextConnection(): Promise<Socket> {
    const [socket] = (await once(this.#server, 'connection')) as [Socket];
    return socket;
  }

  /** Resets all connections. */
  cut(): void {
    for (const socket of this.open) reset(socket);
  }

  /** Listens again on the same port, from somewhere within this call on. */
  async up(): Promise<void> {
    this.#server = createServer();
    this.#serve();
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** A TCP service there. */
  watched(name: string, over: Partial<Service> = {}, probe: ProbeSpec = tcpSpec(this.port, { holdMs: 0 })): Watched {
    return watched(name, probe, over);
  }

  #serve(): void {
    this.#server.on('connection', (socket) => {
      this.accepted += 1;
      this.open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.open.delete(socket));
      this.behave(socket);
    });
  }
}

/** A service to watch, every 20 ms where a test does not say. */
export function watched(name: string, probe: ProbeSpec, over: Partial<Service> = {}): Watched {
  const service: Service = {
    name,
    kind: probe.kind,
    target: `${probe.kind}://test`,
    connection: 'new',
    group: null,
    intervalMs: 20,
    timeoutMs: 1000,
    rise: 1,
    fall: 1,
    ...over,
  };
  return { service, probe };
}

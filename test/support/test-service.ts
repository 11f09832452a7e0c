/** Real TCP services of tests, on ports of 127.0.0.1 that they keep while they go away and come back. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { Service } from '../../src/core/model.ts';
import type { FeedSource } from '../../src/core/source.ts';
import type { ProbeSpec, Watched } from '../../src/probe/spec.ts';
import { service } from './builders.ts';
import { childScript, endChild, startChild } from './children.ts';
import { tcpSpec } from './probing.ts';
import { nextMessage } from './recording.ts';
import { reset, silent, type Behaviour } from './servers.ts';

const started: TestService[] = [];

const children: ChildProcess[] = [];

/** Ends all services of a file; for `after`. */
export async function endServices(): Promise<void> {
  for (const each of started.splice(0)) each.down();
  await Promise.all(children.splice(0).map(endChild));
}

export class TestService {
  readonly name: string;
  readonly port: number;
  readonly open = new Set<Socket>();
  behave: Behaviour;
  accepted = 0;
  /** Read by behaviours that can be silent for a while. */
  isSilent = false;
  #server: Server;

  private constructor(name: string, server: Server, behave: Behaviour) {
    this.name = name;
    this.behave = behave;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#serve();
  }

  /** Starts one on a free port; connections stay open where the test does not say what it does with them. */
  static async start(behave: Behaviour = silent, name = 'web'): Promise<TestService> {
    const server = createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(server, 'listening');
    const begun = new TestService(name, server, behave);
    started.push(begun);
    return begun;
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

  /** Down until a monitor that watches it under its name has seen that, and up until the monitor has seen the gap. */
  async flap(monitor: Pick<FeedSource, 'subscribe'>): Promise<void> {
    // Where this process stalls it is unobserved at first, and up again before it was seen down there would be no gap.
    const fell = nextMessage(
      monitor,
      (one) => one.type === 'transition' && one.service === this.name && one.to === 'down',
    );
    this.down();
    await fell;
    const rose = nextMessage(monitor, (one) => one.type === 'gap' && one.service === this.name);
    await this.up();
    await rose;
  }

  /** How to watch it. */
  watched(
    name = this.name,
    over: Partial<Service> = {},
    probe: ProbeSpec = tcpSpec(this.port, { holdMs: 0 }),
  ): Watched {
    return watched(name, probe, { target: `${probe.kind}://127.0.0.1:${String(this.port)}`, ...over });
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
  return {
    service: service(name, { kind: probe.kind, target: `${probe.kind}://test`, intervalMs: 20, ...over }),
    probe,
  };
}

/** A service in a process of its own, which a command can restart or end by a signal. */
export interface SignalledService {
  readonly port: number;
  /** SIGUSR2 sends it away for a while, SIGKILL for good. */
  readonly pid: number;
}

/** Starts a TCP server on a free port. @param awayMs how long it is away at SIGUSR2 */
export async function startSignalledService(awayMs = 300): Promise<SignalledService> {
  let port = 0;
  const child = await startChild(process.execPath, [childScript('signalled-service'), String(awayMs)], (line) => {
    port = Number(line);
    return true;
  });
  children.push(child);
  return { port, pid: child.pid ?? 0 };
}

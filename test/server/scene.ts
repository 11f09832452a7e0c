/** A real monitor that watches real TCP services on loopback, and its feed. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { pino } from 'pino';

import type { Message } from '../../src/core/messages.ts';
import { History } from '../../src/history/history.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { FeedServer, type FeedServerOptions } from '../../src/server/feed-server.ts';
import type { PageAssets } from '../../src/server/page-files.ts';

export const TOKEN = 'a-token-for-tests-0123456789';

/** A TCP service that can be taken down and brought up again on its port. */
export class Service {
  readonly name: string;
  readonly port: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | null;

  private constructor(name: string, server: Server) {
    this.name = name;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#serve(server);
  }

  static async start(name: string): Promise<Service> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Service(name, server);
  }

  async down(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async up(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer();
    this.#server = server;
    this.#serve(server);
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** Down long enough for some probes. */
  async flap(monitor: Monitor): Promise<void> {
    const fell = told(monitor, (message) => message.type === 'transition' && message.to === 'down');
    await this.down();
    await fell;
    const rose = told(monitor, (message) => message.type === 'gap' && message.service === this.name);
    await this.up();
    await rose;
  }

  watched(intervalMs: number, options: { rise?: number; fall?: number } = {}): Watched {
    return {
      service: {
        name: this.name,
        kind: 'tcp',
        target: `tcp://127.0.0.1:${String(this.port)}`,
        connection: 'new',
        group: 'back',
        intervalMs,
        timeoutMs: 500,
        rise: options.rise ?? 1,
        fall: options.fall ?? 1,
      },
      probe: {
        kind: 'tcp',
        endpoint: { host: '127.0.0.1', port: this.port, family: null, tls: null },
        holdMs: 0,
        send: null,
        expect: null,
      },
    };
  }

  #serve(server: Server): void {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.resume();
    });
  }
}

/** Resolves with the next message of a monitor that fits. */
export function told(
  monitor: Pick<Monitor, 'subscribe'>,
  fits: (message: Message) => boolean,
  samples = false,
): Promise<Message> {
  return new Promise((resolve) => {
    const end = monitor.subscribe({
      samples,
      take: (messages) => {
        const found = messages.find((message) => message.type !== 'hello' && fits(message));
        if (found === undefined) return;
        resolve(found);
        // Not while the monitor goes through its readers.
        setImmediate(end);
      },
    });
  });
}

export interface SceneOptions {
  readonly names?: readonly string[];
  readonly intervalMs?: number;
  readonly vantage?: string;
  readonly rise?: number;
  readonly fall?: number;
  /** Services that are there already; they stay when the scene ends. */
  readonly services?: readonly Service[];
  /** The folder of a history, which the scene goes on from. */
  readonly data?: string;
  readonly feed?: Partial<Omit<FeedServerOptions, 'monitor'>>;
}

const PAGE: PageAssets = new Map([
  [
    '/',
    { type: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html><title>page</title>'), etag: '"page-1"' },
  ],
  ['/page.js', { type: 'text/javascript; charset=utf-8', body: Buffer.from('void 0;\n'.repeat(100)), etag: '"js-1"' }],
]);

export interface Scene {
  readonly monitor: Monitor;
  readonly feed: FeedServer;
  readonly services: readonly Service[];
  /** `http://127.0.0.1:PORT` */
  readonly http: string;
  /** `ws://127.0.0.1:PORT/feed` */
  readonly ws: string;
  /** What was logged, as text. */
  readonly logged: () => string;
  stopMonitor(): Promise<void>;
  end(): Promise<void>;
}

/** Starts services, a monitor and its feed; every service has had its first answer. */
export async function scene(options: SceneOptions = {}): Promise<Scene> {
  const own = await Promise.all(
    (options.services === undefined ? (options.names ?? ['web', 'api']) : []).map((name) => Service.start(name)),
  );
  const services = options.services ?? own;
  const watched = services.map((service) =>
    service.watched(options.intervalMs ?? 25, { rise: options.rise ?? 1, fall: options.fall ?? 1 }),
  );
  let logged = '';
  const log = pino({ level: 'trace' }, { write: (line: string) => (logged += line) });
  const history =
    options.data === undefined ? null : await History.open({ dir: options.data, keepMs: 90 * 86_400_000, log });
  const identity = { vantage: options.vantage ?? 'here', version: '0.0.0' };
  const monitor = new Monitor({ ...identity, watched: [], workers: 1, ...(history && { restored: history.restored }) });
  history?.record(monitor);
  monitor.apply(watched);
  const feed = await FeedServer.start({
    listen: { host: '127.0.0.1', port: 0 },
    token: null,
    public: false,
    page: PAGE,
    log,
    ...options.feed,
    monitor,
    archive: history ?? options.feed?.archive ?? null,
  });
  await until(monitor, () =>
    [...monitor.board.services.values()].every(({ state }) => state === 'up' || state === 'down'),
  );
  const { port } = feed.address;
  let stopped: Promise<void> | null = null;
  const stopMonitor = (): Promise<void> => (stopped ??= monitor.stop());
  return {
    monitor,
    stopMonitor,
    feed,
    services,
    http: `http://127.0.0.1:${String(port)}`,
    ws: `ws://127.0.0.1:${String(port)}/feed`,
    logged: () => logged,
    end: async () => {
      await feed.close();
      await stopMonitor();
      await history?.close();
      await Promise.all(own.map((service) => service.down()));
    },
  };
}

/** Waits until something is so; looks at every message of the monitor. */
export async function until(monitor: Monitor, so: () => boolean): Promise<void> {
  while (!so()) await told(monitor, () => true, true);
}

/** A test in a scene of its own, which ends with it. */
export function inScene(options: SceneOptions, test: (at: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const at = await scene(options);
    try {
      await test(at);
    } finally {
      await at.end();
    }
  };
}

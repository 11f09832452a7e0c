/** A real monitor that watches real TCP services on loopback, and its feed. */
import { pino } from 'pino';

import type { FeedSource } from '../../src/core/source.ts';
import { History } from '../../src/history/history.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { FeedServer, type FeedServerOptions } from '../../src/server/feed-server.ts';
import type { PageAssets } from '../../src/server/page-files.ts';
import { nextMessage } from '../support/recording.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { TestService } from '../support/test-service.ts';

export const TOKEN = 'a-token-for-tests-0123456789';

export interface SceneOptions {
  readonly names?: readonly string[];
  readonly intervalMs?: number;
  readonly vantage?: string;
  readonly rise?: number;
  readonly fall?: number;
  /** Services that are there already; they stay when the scene ends. */
  readonly services?: readonly TestService[];
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
  readonly services: readonly TestService[];
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
    (options.services === undefined ? (options.names ?? ['web', 'api']) : []).map((name) =>
      TestService.start(undefined, name),
    ),
  );
  const services = options.services ?? own;
  const { intervalMs = 25, rise = 1, fall = 1 } = options;
  const watched = services.map((service) =>
    service.watched(service.name, { group: 'back', intervalMs, timeoutMs: 500, rise, fall }),
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
  const isKnown = (): boolean =>
    [...monitor.board.services.values()].every(({ state }) => state === 'up' || state === 'down');
  while (!isKnown()) await nextMessage(monitor, () => true, true);
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
      for (const service of own) service.down();
    },
  };
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

/** A monitor of damped services that says what a test wants, and counts its events from 1. */
export function scripted(names: readonly string[] = ['web']): ScriptedMonitor {
  return new ScriptedMonitor({ names, info: { fall: 2 }, counts: true });
}

/** Serves a source, on a free port where the options do not say which. */
export async function served(
  source: FeedSource,
  options: Partial<Omit<FeedServerOptions, 'monitor'>> = {},
): Promise<{ feed: FeedServer; ws: string }> {
  const usual = { listen: { host: '127.0.0.1', port: 0 }, token: null, public: false, page: new Map<never, never>() };
  const feed = await FeedServer.start({ ...usual, log: pino({ enabled: false }), ...options, monitor: source });
  return { feed, ws: `ws://127.0.0.1:${String(feed.address.port)}/feed` };
}

/** Monitors with scripted events, their publishers, hubs and viewers, around a real Redis. */
import { pino } from 'pino';

import { type BusAddress, BusConnection } from '../../src/bus/bus-connection.ts';
import { Hub } from '../../src/bus/hub.ts';
import { Publisher } from '../../src/bus/publisher.ts';
import { busUrl } from '../../src/config/bus-url.ts';
import { MemoryEventLog } from '../../src/core/event-log.ts';
import { FeedServer } from '../../src/server/feed-server.ts';
import { Listener } from '../server/listener.ts';
import { RedisServer } from '../support/redis.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

const LOG = pino({ enabled: false });

/** A monitor whose events come from a test. @param events what an earlier run has left */
export function scripted(
  vantage: string,
  names: readonly string[] = ['web'],
  id = `monitor-of-${vantage}`,
  events = new MemoryEventLog(0),
): ScriptedMonitor {
  return new ScriptedMonitor({ names, events, identity: { id, vantage } });
}

export function addressOf(url: string): BusAddress {
  const parsed = busUrl(url);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.value;
}

export function publish(monitor: ScriptedMonitor, url: string, stream = 'gapwatch', log = LOG): Publisher {
  return new Publisher(monitor, new BusConnection(addressOf(url), stream), log);
}

/** A publisher that can be cut off, as if its machine had gone. */
export function mortal(
  monitor: ScriptedMonitor,
  url: string,
  stream: string,
): { publisher: Publisher; die: () => void } {
  const connection = new BusConnection(addressOf(url), stream);
  const publisher = new Publisher(monitor, connection, LOG);
  return {
    publisher,
    die: () => {
      connection.close();
    },
  };
}

/** A log that can be read. */
export function readableLog(): { log: typeof LOG; logged: () => string } {
  let logged = '';
  const log = pino({ level: 'trace' }, { write: (line: string) => (logged += line) });
  return { log, logged: () => logged };
}

export interface ServedHub {
  readonly hub: Hub;
  readonly feed: FeedServer;
  readonly http: string;
  readonly ws: string;
  /** What the hub logged. */
  readonly logged: () => string;
  end(): Promise<void>;
}

/** @param commands the connection by which the hub asks, where a test has one of its own */
export async function serveHub(
  url: string,
  port = 0,
  stream = 'gapwatch',
  commands = new BusConnection(addressOf(url), stream),
): Promise<ServedHub> {
  const { log, logged } = readableLog();
  const connections = { commands, waiting: new BusConnection(addressOf(url), stream) };
  const hub = new Hub({ connections, name: stream, version: '0.0.0', log });
  await hub.ready(30_000);
  const listen = { host: '127.0.0.1', port };
  const feed = await FeedServer.start({
    ...{ listen, token: null, public: false, monitor: hub, archive: null },
    ...{ page: new Map<never, never>(), log: LOG },
  });
  return {
    hub,
    feed,
    http: feed.address.url,
    ws: `${feed.address.url.replace('http', 'ws')}/feed`,
    logged,
    end: async () => {
      await feed.close();
      await hub.close();
    },
  };
}

/** What a test on a Redis of its own begins; it ends with the test, the last first. */
export interface OnRedis {
  readonly redis: RedisServer;
  readonly publish: (monitor: ScriptedMonitor, log?: typeof LOG) => Publisher;
  readonly serveHub: () => Promise<ServedHub>;
  readonly listen: (url: string) => Promise<Listener>;
}

/** A test on a Redis of its own. @param args more settings of the Redis */
export function onRedis(test: (at: OnRedis) => Promise<void>, args: readonly string[] = []): () => Promise<void> {
  return async () => {
    const redis = await RedisServer.start(args);
    const ends = [() => redis.close()];
    const ending = <T>(begun: T, end: () => Promise<void>): T => {
      ends.unshift(end);
      return begun;
    };
    try {
      await test({
        redis,
        publish: (monitor, log) => {
          const publisher = publish(monitor, redis.url, 'gapwatch', log);
          return ending(publisher, () => publisher.stop());
        },
        serveHub: async () => {
          const at = await serveHub(redis.url);
          return ending(at, () => at.end());
        },
        listen: async (url) => {
          const listener = await Listener.open(url);
          return ending(listener, () => listener.close());
        },
      });
    } finally {
      for (const end of ends) await end();
    }
  };
}

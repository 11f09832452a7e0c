/** The floor of the cost: the bare calls of each library in their best shape, without deadline, timeline or anything else. */
import { Socket } from 'node:net';

import { Redis } from 'ioredis';
import { Client, type Dispatcher } from 'undici';

import type { Connection } from '../../src/core/model.ts';
import type { Target } from './services.ts';

/** One call, not waited for. */
export type Bare = () => void;

/** One bare call for each target. Kept connections are open when this resolves. */
export async function bareCalls(connection: Connection, targets: readonly Target[]): Promise<Bare[]> {
  const make = connection === 'new' ? bareNew : bareKept;
  return Promise.all(targets.map(make));
}

const nothing = (): void => undefined;

/** The smallest handler that reads a reply to its end. */
const HANDLER: Dispatcher.DispatchHandler = {
  onRequestStart: nothing,
  onResponseStart: nothing,
  onResponseData: nothing,
  onResponseEnd: nothing,
  onResponseError: nothing,
};
const REQUEST = { path: '/', method: 'GET' } as const;

const REDIS = {
  lazyConnect: true,
  retryStrategy: null,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableReadyCheck: false,
  protocol: 2,
  disableClientInfo: true,
  disconnectTimeout: 0,
} as const;

async function bareNew({ kind, host, port }: Target): Promise<Bare> {
  await Promise.resolve();
  if (kind === 'tcp') {
    return () => {
      const socket = new Socket().connect({ host, port });
      socket.on('error', nothing);
      socket.once('connect', () => socket.destroy());
    };
  }
  if (kind === 'http') {
    const client = new Client(`http://${host}:${String(port)}`, {
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_options, callback) => {
        const socket = new Socket().connect({ host, port });
        socket.on('error', nothing);
        socket.once('connect', () => {
          callback(null, socket);
        });
      },
    });
    return () => {
      client.dispatch(REQUEST, HANDLER);
    };
  }
  return () => {
    const redis = new Redis({ ...REDIS, host, port });
    redis.on('error', nothing);
    redis
      .connect()
      .then(() => redis.ping())
      .then(() => {
        redis.disconnect();
      })
      .catch(nothing);
  };
}

async function bareKept({ kind, host, port }: Target): Promise<Bare> {
  if (kind === 'tcp') {
    const socket = new Socket().connect({ host, port });
    socket.on('error', nothing);
    socket.on('data', nothing);
    await new Promise((resolve) => socket.once('connect', resolve));
    return () => socket.write('x');
  }
  if (kind === 'http') {
    const client = new Client(`http://${host}:${String(port)}`, { pipelining: 1, keepAliveTimeout: 600_000 });
    return () => {
      client.dispatch(REQUEST, HANDLER);
    };
  }
  const redis = new Redis({ ...REDIS, host, port });
  redis.on('error', nothing);
  await redis.connect();
  return () => {
    redis.ping().catch(nothing);
  };
}

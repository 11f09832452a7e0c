/** Makes the monitor that a command asks for, with its history and its feed, and nothing watched yet. */
import type { Logger } from 'pino';

import type { Config } from '../config/load-config.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { FeedServer } from '../server/feed-server.ts';
import type { History } from '../history/history.ts';
import { idleMonitor } from './configuration.ts';
import { serveFeed } from './serve-feed.ts';
import type { MonitorArguments } from './options.ts';

export interface Beginning {
  readonly args: Pick<MonitorArguments, 'listen' | 'workers'>;
  readonly config: Pick<Config, 'vantage' | 'feed'>;
  /** What is gone on from, and written to; null for none. Closed where the rest fails. */
  readonly history: History | null;
  readonly log: Logger;
  /** What is said where only the default address is taken: then there is no feed. Without it that is an error too. */
  readonly goOn?: (why: string) => void;
}

/** @throws ConfigError, FeedError: then nothing is left behind */
export async function begin(beginning: Beginning): Promise<{ monitor: Monitor; feed: FeedServer | null }> {
  const { args, config, history, log, goOn } = beginning;
  let monitor: Monitor | null = null;
  try {
    monitor = idleMonitor(config.vantage, args.workers, history?.restored);
    history?.record(monitor);
    const request = { option: args.listen, settings: config.feed, archive: history, log, ...(goOn && { goOn }) };
    return { monitor, feed: await serveFeed(monitor, request) };
  } catch (error) {
    await monitor?.stop();
    await history?.close();
    throw error;
  }
}

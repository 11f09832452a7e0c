/** What SIGHUP does: the configuration is read again. */
import { isDeepStrictEqual } from 'node:util';

import { ConfigError } from '../config/config-error.ts';
import type { Config, HubConfig } from '../config/load-config.ts';
import { countServices } from '../core/format.ts';
import { FeedError } from '../server/feed-error.ts';
import { hangups } from './hangups.ts';
import type { ServedFeed } from './serve-feed.ts';
import type { RunningMonitor } from './with-monitor.ts';

/** Takes what came of a reload, for people. */
type Say = (text: string, isFault: boolean) => void;

/** Settings that can't change while the process runs, by their names. */
type Fixed<Settings> = Readonly<Record<string, (config: Settings) => unknown>>;

const FIXED_OF_HUB: Fixed<HubConfig> = { bus: ({ bus }) => bus };

const FIXED: Fixed<Config> = {
  vantage: ({ vantage }) => vantage,
  ...FIXED_OF_HUB,
  'history.dir': ({ history }) => history.dir,
  'history.keep': ({ history }) => history.keepMs,
};

/**
 * Reads a monitor's configuration again: services, feed, hooks and heartbeat change at once.
 * @param started the configuration that the process was started with
 */
export function reload(
  { monitor, feed, hooks, heartbeats }: Pick<RunningMonitor, 'monitor' | 'feed' | 'hooks' | 'heartbeats'>,
  started: Config,
  load: () => Promise<Config>,
  say: Say,
): Promise<void> {
  return reading(say, async () => {
    const config = await load();
    if (hangups.isClosed) return;
    const ofFeed = await feed.change(config.feed);
    hooks.apply(config.hooks);
    heartbeats.apply(config.heartbeat);
    monitor.applyNotes(config.maintenance);
    monitor.apply(config.watched);
    say(
      `Read the configuration again: ${countServices(config.watched.map(({ service }) => service.name))}.${ofFeed}${rest(FIXED, started, config)}`,
      false,
    );
  });
}

/** Reads a hub's configuration again: the feed changes at once. */
export function reloadHub(
  feed: ServedFeed,
  started: HubConfig,
  load: () => Promise<HubConfig>,
  say: Say,
): Promise<void> {
  return reading(say, async () => {
    const config = await load();
    if (hangups.isClosed) return;
    const ofFeed = await feed.change(config.feed);
    say(`Read the configuration again.${ofFeed}${rest(FIXED_OF_HUB, started, config)}`, false);
  });
}

async function reading(say: Say, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof FeedError)) throw error;
    say(`${error.message}\nNothing was changed.`, true);
  }
}

/** What of a configuration waits for a restart, as a sentence; empty where nothing does. */
function rest<Settings>(fixed: Fixed<Settings>, before: Settings, after: Settings): string {
  const names = Object.entries(fixed).flatMap(([name, of]) => (isDeepStrictEqual(of(before), of(after)) ? [] : [name]));
  return names.length === 0 ? '' : ` Changed, but only after a restart: ${names.join(', ')}.`;
}

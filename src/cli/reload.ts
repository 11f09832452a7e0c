/** What SIGHUP does: the configuration is read again. */
import { isDeepStrictEqual } from 'node:util';

import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/load-config.ts';
import { count } from '../core/format.ts';
import { FeedError } from '../server/feed-server.ts';
import type { RunningMonitor } from './with-monitor.ts';

/**
 * What is done with a configuration that was read again: services, token and `public` change at once.
 * @param started the configuration that the process was started with
 * @param say takes what came of it, for people
 */
export async function reload(
  { monitor, feed }: Pick<RunningMonitor, 'monitor' | 'feed'>,
  started: Config,
  load: () => Promise<Config>,
  say: (text: string, isFault: boolean) => void,
): Promise<void> {
  try {
    const config = await load();
    feed?.changeAccess(config.feed);
    monitor.apply(config.watched);
    const restart = needingRestart(started, config);
    const rest = restart.length === 0 ? '' : ` Changed, but only after a restart: ${restart.join(', ')}.`;
    say(`Read the configuration again: ${count(config.watched.length, 'service')}.${rest}`, false);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof FeedError)) throw error;
    say(`${error.message}\nNothing was changed.`, true);
  }
}

/** The settings that differ and can't change while the process runs. */
function needingRestart(before: Config, after: Config): string[] {
  const settings: readonly (readonly [name: string, of: (config: Config) => unknown])[] = [
    ['vantage', ({ vantage }) => vantage],
    ['feed.listen', ({ feed }) => feed.listen],
    ['history.dir', ({ history }) => history.dir],
    ['history.keep', ({ history }) => history.keepMs],
    ['bus', ({ bus }) => bus],
  ];
  return settings.flatMap(([name, of]) => (isDeepStrictEqual(of(before), of(after)) ? [] : [name]));
}

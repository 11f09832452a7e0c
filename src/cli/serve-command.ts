/** `gapwatch serve`: the daemon. No dashboard; a structured log on stderr, the feed, the status page, the metrics. */
import { destination, type Logger, pino } from 'pino';

import type { Config } from '../config/load-config.ts';
import type { Reader } from '../core/source.ts';
import type { Message } from '../core/messages.ts';
import { begin } from './begin.ts';
import { busOf, publishTo } from './publish-to-bus.ts';
import { configOf, rereadAtHangup } from './configuration.ts';
import { openHistory } from './open-history.ts';
import { parseDuration, type MonitorArguments, type Targets } from './options.ts';
import { exitCodeOf, untilEnded } from './ending.ts';

const DEFAULT_INTERVAL_MS = 1000;

/** Serves until a signal or `--for` ends it. Returns the exit code. */
export async function serve(args: MonitorArguments & Targets): Promise<number> {
  const load = (): Promise<Config> => configOf(args, DEFAULT_INTERVAL_MS);
  const config = await load();
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  const formatters = { level: (level: string) => ({ level }) };
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination(2));
  const bus = busOf(args.bus, config.bus);
  const history = await openHistory({ option: args.data, settings: config.history, usual: true, log });
  const { monitor, feed } = await begin({ args, config, history, log });
  monitor.apply(config.watched);
  const publisher = await publishTo(monitor, bus, config.bus.stream, log);
  log.info({ vantage: config.vantage, services: config.watched.length, feed: feed?.address.url ?? 'off' }, 'started');
  const unsubscribe = monitor.subscribe(logReader(log));
  const endReread = rereadAtHangup(monitor, load, (text, isFault) => {
    log[isFault ? 'error' : 'info'](text);
  });
  const ending = await untilEnded({ forMs, hangup: false, others: [] });
  endReread();
  log.info({ why: ending }, 'stopping');
  await monitor.stop();
  unsubscribe();
  await publisher?.stop();
  await history?.close();
  await feed?.close();
  return exitCodeOf(ending);
}

/** Events as log lines. */
function logReader(log: Logger): Reader {
  let overloaded = false;
  return {
    samples: false,
    take(messages: readonly Message[]): void {
      for (const message of messages) {
        if (message.type === 'heartbeat') {
          // Said when it begins and when it ends, not every five seconds.
          if (message.overloaded !== overloaded) {
            overloaded = message.overloaded;
            const { probes, missed, lateMs } = message;
            if (overloaded) log.warn({ probes, missed, lateMs }, 'overloaded: this monitor misses slots of its grid');
            else log.info('no longer overloaded');
          }
        } else if (message.type !== 'hello' && message.type !== 'sample') {
          const { type, ...rest } = message;
          const isBad = message.type === 'connection-lost' || (message.type === 'transition' && message.to === 'down');
          log[isBad ? 'warn' : 'info'](rest, type);
        }
      }
    },
  };
}

/** `gapwatch serve`: the daemon. No dashboard; a structured log on stderr, the feed, the status page, the metrics. */
import type { Logger } from 'pino';

import type { Config } from '../config/load-config.ts';
import { showGrain } from '../core/format.ts';
import type { Message } from '../core/messages.ts';
import type { Reader } from '../core/source.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { LinesFormat } from '../terminal/lines-format.ts';
import { exitCodeOf, untilEnded } from './ending.ts';
import { daemonLog } from './log.ts';
import { parseDuration, type DaemonLogArguments, type MonitorArguments, type Targets } from './options.ts';
import { hangups } from './hangups.ts';
import { notifySystemd } from './systemd-notify.ts';
import { reload } from './reload.ts';
import { opening } from './watch-command.ts';
import { configOf } from './config-of.ts';
import { withMonitor } from './with-monitor.ts';

const DEFAULT_INTERVAL_MS = 1000;
/** A thread that was not heard of for longer is not at work, as systemd is notified of it. In milliseconds. */
const SILENT_MS = 10_000;

/** Serves until a signal or `--for` ends it. Returns the exit code. */
export async function serve(args: MonitorArguments & DaemonLogArguments & Targets): Promise<number> {
  const load = (): Promise<Config> => configOf(args, DEFAULT_INTERVAL_MS);
  const config = await load();
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  const { log, isText } = daemonLog(args['log-level'], args['log-format']);
  return withMonitor({ args, config, log, keepsHistory: true }, async (running) => {
    const { monitor, feed } = running;
    const address = feed.url === null ? 'No status page: the feed is off.' : `Status page: ${feed.url}/`;
    const started = { vantage: config.vantage, services: config.watched.length, feed: feed.url ?? 'off' };
    log.info(isText ? { line: `${address}\n${opening(config, null)}` } : started, 'started');
    const intervalMs = config.watched.reduce((most, { service }) => Math.max(most, service.intervalMs), 0);
    const grain = showGrain(intervalMs);
    const said = `no gap means: none${grain}; a shorter interval (-i) shows more`;
    if (grain !== '') log.info(isText ? {} : { intervalMs }, said);
    const unsubscribe = monitor.subscribe(logReader(log, isText ? new LinesFormat(false) : null));
    hangups.handle(() =>
      reload(running, config, load, (text, isFault) => {
        log[isFault ? 'error' : 'info'](text);
      }),
    );
    const notifyEnd = notifySystemd(process.env, () => isAtWork(monitor), log);
    const ending = await untilEnded({ forMs, hangup: false, others: [] });
    hangups.close();
    notifyEnd();
    log.info({ why: ending }, 'stopping');
    await monitor.stop();
    unsubscribe();
    return exitCodeOf(ending);
  });
}

/** Whether every thread that probes does so. */
function isAtWork({ problem, diagnostics }: Pick<Monitor, 'problem' | 'diagnostics'>): boolean {
  return (
    problem === null && diagnostics.every(({ sent, silentForMs }) => sent !== undefined && silentForMs < SILENT_MS)
  );
}

/**
 * Events as log lines.
 * @param lines how they are written for people; null for their fields
 */
function logReader(log: Logger, lines: LinesFormat | null): Reader {
  let overloaded = false;
  return {
    samples: false,
    take(messages: readonly Message[]): void {
      for (const message of messages) {
        const line = message.type === 'heartbeat' ? null : (lines?.line(message) ?? null);
        if (message.type === 'heartbeat') {
          // Said when it begins and when it ends, not every five seconds.
          if (message.overloaded !== overloaded) {
            overloaded = message.overloaded;
            const { probes, missed, lateMs } = message;
            if (overloaded) log.warn({ probes, missed, lateMs }, 'overloaded: this monitor misses slots of its grid');
            else log.info('no longer overloaded');
          }
        } else if (message.type !== 'hello' && message.type !== 'sample' && (lines === null || line !== null)) {
          const { type, ...rest } = message;
          const isBad =
            message.type === 'connection-lost' ||
            message.type === 'lost-writes' ||
            (message.type === 'transition' && message.to === 'down');
          log[isBad ? 'warn' : 'info'](line === null ? rest : { line }, type);
        }
      }
    },
  };
}

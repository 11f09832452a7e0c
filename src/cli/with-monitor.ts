/** Starts a monitor with its history, its feed and its place on a bus, and ends all of them, whatever happens. */
import { resolve } from 'node:path';

import type { Logger } from 'pino';

import type { BusAddress } from '../bus/bus-connection.ts';
import type { Publisher } from '../bus/publisher.ts';
import { BUS_URL_FORMS, busUrl, shownBusUrl } from '../config/bus-url.ts';
import { commandLinePlace, invalid } from '../config/config-error.ts';
import type { Config, HubConfig } from '../config/load-config.ts';
import { allUpTo, type RestoredState } from '../core/archive.ts';
import { safeExcerpt } from '../core/shown-url.ts';
import { VERSION } from '../core/version.ts';
import { defaultDataDir, NO_HOME } from '../history/data-dir.ts';
import type { Heartbeats } from '../hooks/heartbeat.ts';
import type { Hooks } from '../hooks/hooks.ts';
import { History } from '../history/history.ts';
import { HistoryError } from '../history/history-error.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { dumpAtSignal } from './log.ts';
import type { MonitorArguments } from './options.ts';
import type { ServedFeed } from './serve-feed.ts';

const MOST_WORKERS = 64;
const LOW_PRIORITY =
  'the probes run at normal priority: where this machine is busy, time may be unobserved. Allow it by CAP_SYS_NICE, or LimitNICE=-15 in the unit';

export interface MonitorRequest {
  readonly args: Pick<MonitorArguments, 'listen' | 'workers' | 'data'> & Partial<Pick<MonitorArguments, 'bus'>>;
  readonly config: Omit<Config, 'file'>;
  readonly log: Logger;
  /** Whether there is a history where neither option nor file says. */
  readonly keepsHistory: boolean;
  /** Whether times follow a wall clock that is set meanwhile; true where it is left out. */
  readonly followsSteps?: boolean;
  /** Takes why there is no feed where only the default address is in use. Without it that is an error. */
  readonly onNoFeed?: (why: string) => void;
}

export interface RunningMonitor {
  readonly monitor: Monitor;
  readonly feed: ServedFeed;
  readonly hooks: Hooks;
  readonly heartbeats: Heartbeats;
  readonly history: History | null;
  readonly publisher: Publisher | null;
}

/**
 * Runs a body beside a monitor that watches what the configuration names. The body may stop the monitor itself, to have the
 * last of its messages.
 * @throws ConfigError, FeedError, HistoryError: then nothing is left behind
 */
export async function withMonitor<T>(
  request: MonitorRequest,
  body: (running: RunningMonitor) => Promise<T>,
): Promise<T> {
  const { args, config, log, followsSteps = true, onNoFeed } = request;
  const bus = busOf(args.bus, config.bus);
  const workers = Number(args.workers);
  if (!Number.isInteger(workers) || workers < 1 || workers > MOST_WORKERS) {
    const shown = Number.isNaN(workers) ? safeExcerpt(args.workers) : args.workers;
    const message = `${shown} is not a number of threads; a whole number from 1 to ${String(MOST_WORKERS)}`;
    throw invalid([{ ...commandLinePlace('--workers'), message }]);
  }
  // Half of the program is loaded while the history's thread starts, and reads what months have left.
  const [history, { Monitor }, { ServedFeed }, { Hooks }, { Heartbeats }] = await Promise.all([
    openHistory(request),
    import('../monitor/monitor.ts'),
    import('./serve-feed.ts'),
    import('../hooks/hooks.ts'),
    import('../hooks/heartbeat.ts'),
  ]);
  const restored = history === null ? {} : { restored: restoredNow(history.restored) };
  const { vantage } = config;
  let saidLowPriority = false;
  const onLowPriority = (): void => {
    if (saidLowPriority) return;
    saidLowPriority = true;
    log.info(LOW_PRIORITY);
  };
  const onReplaced = (services: number): void => {
    log.error({ services }, 'a thread that probes did not answer for seconds; another one has taken its place');
  };
  const options = { vantage, version: VERSION, watched: [], workers, followsSteps, onLowPriority, onReplaced };
  const monitor = new Monitor({ ...options, ...restored });
  let feed: ServedFeed | null = null;
  let hooks: Hooks | null = null;
  const heartbeats = new Heartbeats(() => isWell(monitor, history), log);
  let publisher: Publisher | null = null;
  let endDumps: (() => void) | null = null;
  try {
    history?.record(monitor);
    history?.onLate((services, notes) => {
      monitor.adopt(allUpTo(services, Date.now()), notes);
    });
    const served = await ServedFeed.start(monitor, {
      ...{ option: args.listen, settings: config.feed, archive: history, hooks: () => hooks?.figures ?? [], log },
      ...(onNoFeed && { goOn: onNoFeed }),
    });
    feed = served;
    // Before the first event, and after what may fail.
    hooks = new Hooks(monitor, history, log);
    hooks.apply(config.hooks);
    monitor.applyNotes(config.maintenance);
    monitor.apply(config.watched);
    if (bus !== null) {
      const [{ BusConnection }, { Publisher }] = await Promise.all([
        import('../bus/bus-connection.ts'),
        import('../bus/publisher.ts'),
      ]);
      publisher = new Publisher(monitor, new BusConnection(bus, config.bus.stream), log);
    }
    endDumps = dumpAtSignal(log, () => ({
      engines: monitor.diagnostics,
      seq: monitor.events.newest,
      feed: served.figures,
      history: history === null ? null : { ...history.figures, problem: history.problem },
      bus: publisher && { as: publisher.vantage, caughtUp: publisher.isCaughtUp, problem: publisher.problem },
      memory: process.memoryUsage.rss(),
    }));
    heartbeats.apply(config.heartbeat);
    return await body({ monitor, feed: served, hooks, heartbeats, history, publisher });
  } finally {
    endDumps?.();
    heartbeats.close();
    await monitor.stop();
    await Promise.all([publisher?.stop(), hooks?.close()]);
    await history?.close();
    await feed?.close();
  }
}

/** Whether all services are probed, and what was observed is kept where it should be. */
function isWell(monitor: Monitor, history: History | null): boolean {
  return monitor.problem === null && (history?.problem ?? null) === null;
}

/** The only place where times of another run come in: the clock may be behind them. */
function restoredNow({ services, ...rest }: RestoredState): RestoredState {
  return { ...rest, services: allUpTo(services, Date.now()) };
}

/**
 * The history that the command line or the configuration asks for; null where none is wanted, or the default folder can't be
 * used: watching without a history is better than not watching.
 * @throws HistoryError where another process has it, or the folder that was named can't be used
 */
async function openHistory({ args, config, log, keepsHistory }: MonitorRequest): Promise<History | null> {
  const { dir: configured, keepMs } = config.history;
  const named = args.data ?? (keepsHistory ? configured : 'off');
  const dir = named ?? defaultDataDir(process.env);
  if (dir === null) log.error(`${NO_HOME}. Nothing is kept.`);
  if (dir === null || dir === 'off') return null;
  try {
    return await History.open({ dir: resolve(dir), keepMs, log });
  } catch (error) {
    if (named !== null || !(error instanceof HistoryError) || error.code !== 'unusable') throw error;
    log.error(`${error.message} Nothing is kept.`);
    return null;
  }
}

/**
 * Where the bus is; null where none is named.
 * @param option `--bus` as typed
 * @throws ConfigError
 */
export function busOf(option: string | undefined, settings: HubConfig['bus']): BusAddress | null {
  if (option === undefined) return settings.where;
  const parsed = busUrl(option);
  if ('value' in parsed) return parsed.value;
  throw invalid([
    { ...commandLinePlace('--bus'), message: `${shownBusUrl(option)}: ${parsed.problem}; ${BUS_URL_FORMS}` },
  ]);
}

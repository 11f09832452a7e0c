/** `gapwatch watch`: watches services, and shows what happens. */
import { pino } from 'pino';

import { durationText } from '../core/duration.ts';
import type { Config } from '../config/load-config.ts';
import { count } from '../core/format.ts';
import { summary } from '../terminal/lines-format.ts';
import { begin } from './begin.ts';
import { busOf, publishTo } from './publish-to-bus.ts';
import { configOf, rereadAtHangup } from './configuration.ts';
import { openHistory } from './open-history.ts';
import { LocalSource } from './local-source.ts';
import { parseDuration, type MonitorArguments, type ShowArguments, type Targets } from './options.ts';
import { exitCodeOf, untilEnded } from './ending.ts';
import { show } from './show.ts';

const DEFAULT_INTERVAL_MS = 100;
/** More of them would push the first events off the screen. */
const NAMED = 8;

type WatchArguments = MonitorArguments & ShowArguments;

/** Watches what the command line and the configuration file name. Returns the exit code. */
export async function watch(args: WatchArguments & Targets): Promise<number> {
  const load = (): Promise<Config> => configOf(args, DEFAULT_INTERVAL_MS);
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  return watchConfig({ ...args, forMs }, await load(), { reload: load });
}

/** What is watched how is in the configuration. */
interface WatchManner extends ShowArguments, Pick<MonitorArguments, 'listen' | 'workers' | 'data'> {
  readonly bus?: string | undefined;
  /** How long, in milliseconds; null until it is ended. */
  readonly forMs: number | null;
}

interface WatchHooks {
  /** Reads the configuration again, at SIGHUP. */
  readonly reload?: () => Promise<Config>;
  /** Called when the watch has begun, with how to mark a moment. */
  readonly begun?: (mark: (text: string) => void) => void;
}

/** Watches, shows, and ends cleanly. Returns the exit code. */
export async function watchConfig(args: WatchManner, config: Config, hooks: WatchHooks): Promise<number> {
  const { forMs } = args;
  const tell = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const log = pino({ level: 'silent' });
  const bus = busOf(args.bus, config.bus);
  const history = await openHistory({ option: args.data, settings: config.history, usual: false, log });
  const { monitor, feed } = await begin({ args, config, history, log, goOn: tell });
  monitor.apply(config.watched);
  const publisher = await publishTo(monitor, bus, config.bus.stream, log);

  const showing = await show(args, [new LocalSource(monitor, history, publisher)]);
  if (showing.format === 'lines') tell(opening(config, feed?.address.url ?? null));
  if (showing.format !== 'dashboard')
    history?.onProblem((problem) => {
      tell(problem ?? 'The history is well again.');
    });
  // On a dashboard a hang-up says that the terminal is gone.
  const rereads = hooks.reload !== undefined && config.file !== null && showing.format !== 'dashboard';
  const endReread = rereads ? rereadAtHangup(monitor, hooks.reload, tell) : null;
  hooks.begun?.((text) => {
    monitor.mark(text);
  });

  const ending = await untilEnded({ forMs, hangup: endReread === null, others: [showing.ended] });
  endReread?.();
  if (showing.format === 'dashboard') showing.close();
  await monitor.stop();
  showing.close();
  await publisher?.stop();
  await history?.close();
  await feed?.close();
  if (showing.format !== 'json' && ending !== 'epipe') {
    process.stdout.write(`${showing.format === 'lines' ? '\n' : ''}${summary(monitor.board, monitor.now())}`);
  }
  return exitCodeOf(ending);
}

function opening({ watched, vantage }: Config, url: string | null): string {
  const intervals = [...new Set(watched.map(({ service }) => service.intervalMs))];
  const every = intervals.map((ms) => durationText(ms)).join(', ');
  const names = watched.map(({ service }) => `${service.name} (${service.target})`);
  const shown =
    names.length > NAMED ? [...names.slice(0, NAMED - 1), `and ${String(names.length - NAMED + 1)} more`] : names;
  const page = url === null ? '' : `\nStatus page and feed: ${url}/`;
  return `Watching ${count(watched.length, 'service')} from ${vantage}, every ${every}: ${shown.join(', ')}. Ctrl-C ends it.${page}`;
}

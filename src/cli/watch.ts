/** `gapwatch watch`: watches services, and shows what happens. */
import { pino } from 'pino';

import { durationText, parseDuration } from '../config/duration.ts';
import type { Config } from '../config/load.ts';
import { count } from '../format.ts';
import { summary } from '../lines/summary.ts';
import { configOf, idleMonitor, rereadAtHangup } from './configuration.ts';
import { serveFeed } from './feed.ts';
import type { MonitorArguments, ShowArguments, Targets } from './options.ts';
import { exitCodeOf, untilEnded } from './session.ts';
import { show } from './show.ts';

const DEFAULT_INTERVAL_MS = 100;
/** More of them would push the first events off the screen. */
const NAMED = 8;

export type WatchArguments = MonitorArguments & ShowArguments;

/** Watches what the command line and the configuration file name. Returns the exit code. */
export async function watch(args: WatchArguments & Targets): Promise<number> {
  const load = (): Promise<Config> => configOf(args, DEFAULT_INTERVAL_MS);
  return watchConfig(args, await load(), { reload: load });
}

interface WatchHooks {
  /** Reads the configuration again, at SIGHUP. */
  readonly reload?: () => Promise<Config>;
  /** Called when the watch has begun, with how to mark a moment. */
  readonly begun?: (mark: (text: string) => void) => void;
}

/** Watches, shows, and ends cleanly. Returns the exit code. */
export async function watchConfig(args: WatchArguments, config: Config, hooks: WatchHooks): Promise<number> {
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  const tell = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const monitor = idleMonitor(config.vantage, args.workers);
  const log = pino({ level: 'silent' });
  const request = { option: args.listen, settings: config.feed, goOn: tell, log };
  const feed = await serveFeed(monitor, request).catch(async (error: unknown) => {
    await monitor.stop();
    throw error;
  });
  monitor.apply(config.watched);

  const showing = await show(args, [monitor]);
  if (showing.format === 'lines') tell(opening(config, feed?.address.url ?? null));
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

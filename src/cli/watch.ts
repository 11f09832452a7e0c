/** `gapwatch watch`: watches services, and shows what happens. */
import { commandLinePlace, ConfigError, invalid } from '../config/config-error.ts';
import { durationText, parseDuration } from '../config/duration.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { Monitor, type Reader } from '../engine/monitor.ts';
import type { Message } from '../feed/messages.ts';
import { count } from '../format.ts';
import { LinesFormat } from '../lines/lines.ts';
import { summary } from '../lines/summary.ts';
import { VERSION } from '../version.ts';
import type { ProbeArguments, ShowArguments } from './options.ts';
import { exitCodeOf, untilEnded } from './session.ts';

/** Targets as they were typed. */
interface Targets {
  readonly target?: readonly string[] | undefined;
}

export type WatchArguments = ProbeArguments & ShowArguments;

/** Watches what the command line and the configuration file name. Returns the exit code. */
export async function watch(args: WatchArguments & Targets): Promise<number> {
  const load = (): Promise<Config> => configOf(args, 100);
  return watchConfig(args, await load(), { reload: load });
}

/**
 * The configuration that a command line asks for.
 * @param intervalMs the interval where nobody names one
 */
export function configOf(args: ProbeArguments & Targets, intervalMs: number): Promise<Config> {
  const { timeout, connection, vantage } = args;
  return loadConfig({
    file: args.config ?? null,
    targets: args.target ?? [],
    options: { interval: args.interval, timeout, connection, vantage },
    defaultIntervalMs: intervalMs,
    cwd: process.cwd(),
    env: process.env,
  });
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
  const { workers } = args;
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) {
    const message = `${String(workers)} is not a number of threads; a whole number from 1 to 64`;
    throw invalid([{ ...commandLinePlace('--workers'), message }]);
  }
  const monitor = new Monitor({ vantage: config.vantage, version: VERSION, watched: config.watched, workers });
  const json = args.format === 'json';
  const unsubscribe = monitor.subscribe(json ? jsonReader(args.samples) : linesReader(args.samples));
  if (!json) process.stderr.write(`${opening(config)}\n`);

  const onHangup = (): void => {
    if (hooks.reload !== undefined) void reread(monitor, hooks.reload);
  };
  process.on('SIGHUP', onHangup);
  hooks.begun?.((text) => {
    monitor.mark(text);
  });

  const ending = await untilEnded(forMs);
  process.off('SIGHUP', onHangup);
  await monitor.stop();
  unsubscribe();
  if (!json && ending !== 'epipe') process.stdout.write(`\n${summary(monitor.board, monitor.now())}`);
  return exitCodeOf(ending);
}

/** Every message of the feed, one a line. */
function jsonReader(samples: boolean): Reader {
  return {
    samples,
    take(messages: readonly Message[]): void {
      process.stdout.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
    },
  };
}

function linesReader(samples: boolean): Reader {
  const format = new LinesFormat();
  return {
    samples,
    take(messages: readonly Message[]): void {
      for (const message of messages) {
        const line = format.line(message);
        if (line === null) continue;
        // What the monitor says of itself is no result.
        const out = message.type === 'heartbeat' ? process.stderr : process.stdout;
        out.write(`${line}\n`);
      }
    },
  };
}

function opening({ watched, vantage }: Config): string {
  const intervals = [...new Set(watched.map(({ service }) => service.intervalMs))];
  const every = intervals.map((ms) => durationText(ms)).join(', ');
  const names = watched.map(({ service }) => `${service.name} (${service.target})`);
  const shown = names.length > 8 ? [...names.slice(0, 7), `and ${String(names.length - 7)} more`] : names;
  return `Watching ${count(watched.length, 'service')} from ${vantage}, every ${every}: ${shown.join(', ')}. Ctrl-C ends it.`;
}

async function reread(monitor: Monitor, load: () => Promise<Config>): Promise<void> {
  try {
    const { watched } = await load();
    monitor.apply(watched);
    process.stderr.write(`Read the configuration again: ${count(watched.length, 'service')}.\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\nNothing was changed.\n`);
  }
}

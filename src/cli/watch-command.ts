/** `gapwatch watch`: watches services, and shows what happens. */
import type { Publisher } from '../bus/publisher.ts';
import type { Config } from '../config/load-config.ts';
import { ArchiveError, byService } from '../core/archive.ts';
import { durationText } from '../core/duration.ts';
import { countServices } from '../core/format.ts';
import type { ServiceHistory, Source, Reader } from '../core/source.ts';
import type { History } from '../history/history.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { summary } from '../terminal/lines-format.ts';
import { type Ending, exitCodeOf, untilEnded } from './ending.ts';
import { hangups } from './hangups.ts';
import { fileLog } from './log.ts';
import {
  parseDuration,
  type FileLogArguments,
  type MonitorArguments,
  type ShowArguments,
  type Targets,
  type WatchingArguments,
} from './options.ts';
import { reload } from './reload.ts';
import { show, type Showing } from './show.ts';
import { configOf } from './config-of.ts';
import { withMonitor, type RunningMonitor } from './with-monitor.ts';
import { say } from './say.ts';

const DEFAULT_INTERVAL_MS = 100;
/** More of them would push the first events off the screen. */
const NAMED = 8;

type WatchArguments = WatchingArguments & ShowArguments & FileLogArguments;

/** Watches what the command line and the configuration file name. Returns the exit code. */
export async function watch(args: WatchArguments & Targets): Promise<number> {
  const load = (): Promise<Config> => configOf(args, DEFAULT_INTERVAL_MS);
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  return watchConfig({ ...args, forMs }, await load(), { load });
}

/** How it is watched and shown; what is watched is in the configuration. */
interface WatchOptions extends ShowArguments, FileLogArguments, Pick<MonitorArguments, 'listen' | 'workers' | 'data'> {
  readonly bus?: string | undefined;
  /** How long, in milliseconds; null until it is ended. */
  readonly forMs: number | null;
}

interface WatchHooks {
  /** Reads the configuration again, at SIGHUP. */
  readonly load?: () => Promise<Config>;
  /** Called when the watch has begun, with how to mark a moment. */
  readonly begun?: (mark: (text: string) => void) => void;
}

/** Watches, shows, and ends cleanly. Returns the exit code. */
export async function watchConfig(options: WatchOptions, config: Config, hooks: WatchHooks): Promise<number> {
  const log = fileLog(options.log, options['log-level']);
  let shown: { readonly text: string; readonly ending: Ending; readonly format: Showing['format'] } | null = null;
  const request = { args: options, config, log, keepsHistory: false, onNoFeed: say };
  const code = await withMonitor(request, async (running) => {
    const { monitor, feed, history, publisher } = running;
    const showing = await show(options, [new LocalSource(monitor, history, publisher)]);
    const { format } = showing;
    if (format === 'lines') say(opening(config, feed.url));
    if (format !== 'dashboard') {
      if (typeof history?.problem === 'string') say(history.problem);
      history?.onProblem((problem) => {
        say(problem ?? 'The history is written again.');
      });
    }
    const hangup = endsAtHangup(running, config, format, hooks);
    hooks.begun?.((text) => {
      monitor.mark(text);
    });
    const ending = await untilEnded({ forMs: options.forMs, hangup, others: [showing.ended] });
    hangups.close();
    if (format === 'dashboard') showing.close();
    await monitor.stop();
    showing.close();
    shown = { text: summary(monitor.board, monitor.now(), process.stdout.columns), ending, format };
    return exitCodeOf(ending);
  });
  printSummary(shown);
  return code;
}

/** On a dashboard a hang-up says that the terminal is gone; elsewhere the file is read again, where there is one. */
function endsAtHangup(
  running: RunningMonitor,
  config: Config,
  format: Showing['format'],
  { load }: WatchHooks,
): boolean {
  if (load === undefined || config.file === null || format === 'dashboard') {
    hangups.release();
    return true;
  }
  hangups.handle(() => reload(running, config, load, say));
  return false;
}

function printSummary(
  shown: { readonly text: string; readonly ending: Ending; readonly format: Showing['format'] } | null,
): void {
  if (shown === null || shown.format === 'json' || shown.ending === 'epipe') return;
  process.stdout.write(`${shown.format === 'lines' ? '\n' : ''}${shown.text}`);
}

/** What is watched, for people. @param url where the page is; null for what does not say */
export function opening({ watched, vantage }: Config, url: string | null): string {
  const intervals = [...new Set(watched.map(({ service }) => service.intervalMs))];
  const every = intervals.map((ms) => durationText(ms)).join(', ');
  const names = watched.map(({ service }) => `${service.name} (${service.target})`);
  const shown =
    names.length > NAMED ? [...names.slice(0, NAMED - 1), `and ${String(names.length - NAMED + 1)} more`] : names;
  const page = url === null ? '' : `\nStatus page and feed: ${url}/`;
  return `Watching ${countServices(watched.map(({ service }) => service.name))} from ${vantage}, every ${every}: ${shown.join(', ')}. Ctrl-C ends it.${page}`;
}

/** Gaps of the past that are read for each service: the newest. */
const GAPS = 100;
/** Stretches of the past that are read, of all services together: the newest. */
const INTERVALS = 50_000;

class LocalSource implements Source {
  readonly #monitor: Monitor;
  readonly #history: Pick<History, 'reader' | 'problem'> | null;
  readonly #bus: Pick<Publisher, 'problem'> | null;

  constructor(
    monitor: Monitor,
    history: Pick<History, 'reader' | 'problem'> | null,
    bus: Pick<Publisher, 'problem'> | null,
  ) {
    this.#monitor = monitor;
    this.#history = history;
    this.#bus = bus;
  }

  subscribe(reader: Reader): () => void {
    return this.#monitor.subscribe(reader);
  }

  mark(text: string): void {
    this.#monitor.mark(text);
  }

  now(): number {
    return this.#monitor.now();
  }

  get problem(): string | null {
    const bus = this.#bus?.problem ?? null;
    return this.#history?.problem ?? (bus === null ? null : `nothing is delivered to the bus, it waits: ${bus}`);
  }

  async past(from: number): Promise<readonly ServiceHistory[]> {
    if (this.#history === null) return [];
    const window = { from, to: this.now() };
    const services = [...this.#monitor.board.services.keys()];
    const { reader } = this.#history;
    const limitEach = Math.max(100, Math.floor(INTERVALS / Math.max(1, services.length)));
    const [intervals, { gaps }] = await Promise.all([
      reader.intervals({ services, window, limitEach }),
      reader.gaps({ services, window, limitEach: GAPS }),
    ]).catch((error: unknown): [ReadonlyMap<string, never[]>, { gaps: never[] }] => {
      // The dashboard shows what it sees from now on; the problem of the history is shown beside it.
      if (error instanceof ArchiveError) return [new Map(), { gaps: [] }];
      throw error;
    });
    const gapsOf = byService(gaps);
    return services.map((service) => ({
      service,
      timeline: intervals.get(service) ?? [],
      gaps: gapsOf.get(service) ?? [],
    }));
  }
}

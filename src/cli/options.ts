/** The options that several commands share, and how their values are read. */
import { readFileSync } from 'node:fs';

import type { InferredOptionTypes, Options } from 'yargs';

import { type FeedUrl, parseFeedUrl, shownFeed } from '../client/feed-url.ts';
import { commandLineProblem, invalid, commandLinePlace } from '../config/config-error.ts';
import { durationMs, durationProblem } from '../core/duration.ts';
import { readProblem } from '../core/file-problem.ts';
import { safeText } from '../core/shown-url.ts';
import { tokenProblem } from '../core/token.ts';
import { isLoopback } from '../server/access.ts';

const text = { type: 'string', requiresArg: true } as const satisfies Options;

/** How services are probed. */
const HOW_OPTIONS = {
  interval: { ...text, alias: 'i', describe: "From one probe's start to the next one's  [serve: 1s; otherwise 100ms]" },
  timeout: { ...text, alias: 't', describe: 'Deadline over one whole probe, name look-up included  [1s]' },
  connection: {
    choices: ['new', 'kept', 'both'],
    describe: 'A new connection for each probe, one that is kept, or both side by side  [new]',
  },
  recheck: {
    ...text,
    describe: 'Probe a service this often while it is down, or off  [a tenth of the interval, at least 10ms]',
  },
  slow: { ...text, describe: 'A good answer that took longer counts as slow, such as 500ms  [none]' },
  vantage: { ...text, describe: 'Name of the place where this monitor stands  [the host name]' },
} as const satisfies Record<string, Options>;

/** Of all commands that probe services which the user names. */
export const PROBE_OPTIONS = {
  config: {
    ...text,
    alias: 'c',
    describe: 'File with services and settings; targets are added to it  [services.json, if no TARGET is named]',
  },
  ...HOW_OPTIONS,
} as const satisfies Record<string, Options>;

/** How a watch runs. */
const WATCH_OPTIONS = {
  workers: { ...text, default: '1', describe: 'Threads that share the services' },
  listen: { ...text, describe: 'HOST:PORT of feed and status page, or off; port 0 takes a free one  [127.0.0.1:9720]' },
  data: { ...text, describe: 'Folder of the history, or off  [serve: ~/.local/state/gapwatch; otherwise off]' },
  for: { ...text, describe: 'Stop after this long, such as 30s  [never]' },
} as const satisfies Record<string, Options>;

/** What clients of a feed need. */
const ACCESS_OPTIONS = {
  token: { ...text, describe: 'Token that clients need: itself, env:NAME, or file:PATH (ps shows neither)  [none]' },
  public: { type: 'boolean', describe: 'Clients without the token see names and states, and no addresses  [no]' },
} as const satisfies Record<string, Options>;

const bus = {
  ...text,
  describe: 'Redis stream of many monitors: redis://…, redis+cluster://…, redis+sentinel://…  [none]',
} as const;

/** Of the commands that are watched themselves, for a while. */
const SENTINEL = {
  sentinel: {
    choices: ['on', 'off'],
    default: 'on',
    describe: 'Hold an idle connection to each service, which shows at once when its process dies',
  },
} as const satisfies Record<string, Options>;

/** Of the commands that keep watching. */
export const MONITOR_OPTIONS = {
  ...PROBE_OPTIONS,
  ...WATCH_OPTIONS,
  ...ACCESS_OPTIONS,
  bus,
} as const satisfies Record<string, Options>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const logLevel = { choices: LOG_LEVELS, default: 'info', describe: 'Least level that is logged' } as const;

/** Of `watch`. */
export const WATCHING_OPTIONS = { ...MONITOR_OPTIONS, ...SENTINEL } as const satisfies Record<string, Options>;

/** Of the daemons, whose log is on stderr. */
export const DAEMON_LOG_OPTIONS = {
  'log-level': logLevel,
  'log-format': {
    choices: ['text', 'json'],
    describe: 'Lines for people, or JSON  [text on a terminal, otherwise json]',
  },
} as const satisfies Record<string, Options>;

/** Of the commands whose stderr is for people. */
export const FILE_LOG_OPTIONS = {
  log: { ...text, describe: 'File of a structured log  [none]' },
  'log-level': logLevel,
} as const satisfies Record<string, Options>;

/** Of the demo, which has services of its own. */
export const DEMO_OPTIONS = { ...HOW_OPTIONS, ...WATCH_OPTIONS, ...FILE_LOG_OPTIONS } as const satisfies Record<
  string,
  Options
>;

/** Given more than once, each counts. */
const repeated = {
  ...text,
  default: [],
  defaultDescription: 'none',
  coerce: (given: string | readonly string[]) => [given].flat(),
} as const;

/** Of the commands that read the feeds of other monitors. */
const REMOTE_OPTIONS = {
  token: { ...text, describe: 'Token for feeds named without one: itself, env:NAME, or file:PATH  [none]' },
} as const satisfies Record<string, Options>;

const REPORT_FILES = {
  report: { ...repeated, describe: 'Write it there too: .json, .md, .xml (JUnit), .svg, .html; may be repeated' },
} as const satisfies Record<string, Options>;

/** Of `run`. */
export const RUN_OPTIONS = {
  ...PROBE_OPTIONS,
  ...SENTINEL,
  workers: WATCH_OPTIONS.workers,
  listen: { ...text, default: 'off', describe: 'HOST:PORT of feed and status page, or off' },
  data: WATCH_OPTIONS.data,
  ...FILE_LOG_OPTIONS,
  before: { ...text, default: '2s', describe: 'Every service up this long before the command starts' },
  after: { ...text, default: '5s', describe: 'Every service up this long again after it has ended' },
  'give-up': { ...text, default: '2m', describe: 'Wait no longer than this, for each of: before, the command, after' },
  'max-gap': { ...text, describe: 'Budget for one gap  [0ms, or that of --baseline]' },
  'max-total': { ...text, describe: "Budget for a service's gaps together  [none]" },
  'max-latency': { ...text, describe: 'Budget for the slowest good answer  [none]' },
  baseline: {
    ...text,
    describe:
      "A .json report of an earlier run: a service's longest gap and slowest answer there are its budgets  [none]",
  },
  also: { ...repeated, describe: 'Feed of another monitor, taken into report and verdict; may be repeated' },
  ...REMOTE_OPTIONS,
  ...REPORT_FILES,
} as const satisfies Record<string, Options>;

/** Of `report`. */
export const REPORT_OPTIONS = {
  data: { ...text, describe: 'Folder of the history  [~/.local/state/gapwatch]' },
  since: { ...text, default: '24h', describe: 'From when: a time, or so long before the end, such as 7d' },
  until: { ...text, describe: 'Until when: a time, or so long ago  [now]' },
  service: { ...text, describe: 'This service only  [all]' },
  ...REPORT_FILES,
} as const satisfies Record<string, Options>;

/** Of `init`. */
export const INIT_OPTIONS = {
  compose: {
    ...repeated,
    describe: 'Compose file whose published ports are added, under the names of its services; may be repeated',
  },
  from: {
    ...repeated,
    describe:
      'Take over a configuration of Gatus, a backup of Uptime Kuma (JSON), or a prometheus.yml that probes by a blackbox exporter, instead of looking at this machine; may be repeated',
  },
  force: { type: 'boolean', default: false, describe: 'Overwrite FILE' },
} as const satisfies Record<string, Options>;

/** Options that may be repeated. */
export const REPEATED: readonly string[] = ['also', 'report', 'compose', 'from'];

/** Of the hub. */
export const HUB_OPTIONS = {
  config: { ...text, alias: 'c', describe: 'File with the settings of bus and feed  [none]' },
  bus,
  listen: WATCH_OPTIONS.listen,
  ...ACCESS_OPTIONS,
  for: WATCH_OPTIONS.for,
  ...DAEMON_LOG_OPTIONS,
} as const satisfies Record<string, Options>;

/** Of `attach`. */
export const ATTACH_OPTIONS = { ...REMOTE_OPTIONS, for: WATCH_OPTIONS.for } as const satisfies Record<string, Options>;

/** Of the commands that show what happens. */
export const SHOW_OPTIONS = {
  format: {
    choices: ['auto', 'dashboard', 'lines', 'json'],
    default: 'auto',
    describe: 'How to show it; auto: the dashboard on a terminal, otherwise lines',
  },
  samples: { type: 'boolean', default: false, describe: 'Show every probe too (with lines or json)' },
} as const satisfies Record<string, Options>;

export type ProbeArguments = InferredOptionTypes<typeof PROBE_OPTIONS>;
export type WatchingArguments = InferredOptionTypes<typeof WATCHING_OPTIONS>;
export type MonitorArguments = InferredOptionTypes<typeof MONITOR_OPTIONS>;
export type HubArguments = InferredOptionTypes<typeof HUB_OPTIONS>;
export type DemoArguments = InferredOptionTypes<typeof DEMO_OPTIONS>;
export type RunArguments = InferredOptionTypes<typeof RUN_OPTIONS>;
export type InitArguments = InferredOptionTypes<typeof INIT_OPTIONS>;
export type ReportArguments = InferredOptionTypes<typeof REPORT_OPTIONS>;
export type DaemonLogArguments = InferredOptionTypes<typeof DAEMON_LOG_OPTIONS>;
export type FileLogArguments = InferredOptionTypes<typeof FILE_LOG_OPTIONS>;
export type AttachArguments = InferredOptionTypes<typeof ATTACH_OPTIONS>;
export type AccessArguments = Partial<InferredOptionTypes<typeof ACCESS_OPTIONS>>;
export type ShowArguments = InferredOptionTypes<typeof SHOW_OPTIONS>;

/** Services as they were typed. */
export interface Targets {
  readonly target?: readonly string[] | undefined;
}

/**
 * The milliseconds of a duration that stands on the command line.
 * @param place the option, for the error: `--for`
 * @throws ConfigError where the text is no duration
 */
export function parseDuration(text: string, place: string): number {
  const ms = durationMs(text);
  if (ms === null) throw invalid([commandLineProblem(place, durationProblem(text))]);
  return ms;
}

/**
 * Settings of a feed, with what the command line says of its clients.
 * @throws ConfigError where the token can't be read or sent
 */
export function withAccess<T extends { readonly token: string | null; readonly public: boolean }>(
  feed: T,
  args: AccessArguments,
): T {
  const token = args.token === undefined ? feed.token : tokenOf(args.token);
  return { ...feed, token, public: args.public ?? feed.public };
}

/**
 * The feeds that a command line names. One without a token gets that of `--token`, or, on this machine, the one of the environment:
 * sent to another machine it would be theirs then.
 * @throws ConfigError where one is no feed, or a token can't be read or sent
 */
export function feedUrls(texts: readonly string[], option?: string): FeedUrl[] {
  const shared = option === undefined ? null : tokenOf(option);
  return texts.map((text) => {
    const url = parseFeedUrl(text);
    const token = url === null ? null : (url.token ?? shared ?? (isLoopback(url.url.hostname) ? ownToken() : null));
    const unsendable = token === null ? null : tokenProblem(token);
    if (url !== null && unsendable === null) return { ...url, token };
    const message =
      unsendable === null
        ? 'this is no feed; ws://HOST:PORT/feed, http://HOST:PORT, HOST:PORT, HOST or PORT; where a token is needed, http://TOKEN@HOST:PORT or --token'
        : `its token can't be sent: ${unsendable}`;
    throw invalid([{ ...commandLinePlace(shownFeed(text)), message }]);
  });
}

/** The token of the environment, under the name that the documentation uses for it. */
function ownToken(): string | null {
  const { GAPWATCH_TOKEN: token = '' } = process.env;
  return token === '' ? null : token;
}

/**
 * The token of `--token`: itself, or where it is read from.
 * @throws ConfigError where it can't be read or sent
 */
function tokenOf(option: string): string {
  const [, kind, where = ''] = /^(env|file):(.+)$/s.exec(option) ?? [];
  const token = kind === 'env' ? (process.env[where] ?? '') : kind === 'file' ? tokenIn(where) : option;
  const missing = `there is no token: ${kind === 'file' ? 'the file is empty' : 'the environment variable is not set'}`;
  const problem = token === '' ? missing : tokenProblem(token);
  if (problem === null) return token;
  throw invalid([commandLineProblem(kind === undefined ? '--token' : `--token ${kind}:${safeText(where)}`, problem)]);
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw invalid([commandLineProblem(`--token file:${safeText(file)}`, readProblem(error))]);
  }
}

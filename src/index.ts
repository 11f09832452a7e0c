/** The library: what `import … from 'gapwatch'` gives. Nothing else of the package is public. */
import { setTimeout as sleep } from 'node:timers/promises';

import { LocalVantage, type Vantage } from './cli/vantages.ts';
import { FeedClient } from './client/feed-client.ts';
import { type FeedUrl, parseFeedUrl, shownFeed } from './client/feed-url.ts';
import { loadConfig } from './config/load-config.ts';
import { durationMs, durationProblem } from './core/duration.ts';
import type { Message } from './core/messages.ts';
import { tokenProblem } from './core/token.ts';
import { VERSION } from './core/version.ts';
import { Monitor } from './monitor/monitor.ts';
import { buildReport } from './report/build-report.ts';
import { hintsOf } from './report/hints.ts';
import type { Report, ReportGap, RunFacts, Verdict } from './report/report.ts';
import { Stages } from './report/run-stages.ts';
import { judge } from './report/verdict.ts';

export type { Message, Report, ReportGap, Verdict };

/** Durations are as on the command line: `'50ms'`, `'2s'`. The defaults are those of `gapwatch run`. */
export interface WatchOptions {
  /** A `services.json`; targets are added to it. */
  readonly config?: string;
  /** From one probe's start to the next one's: `100ms`. */
  readonly interval?: string;
  /** Deadline over one whole probe: `1s`. */
  readonly timeout?: string;
  readonly connection?: 'new' | 'kept' | 'both';
  /** Every service is up for this long before the function is called (`2s`), … */
  readonly before?: string;
  /** … and again after it (`5s`), … */
  readonly after?: string;
  /** … but neither is waited for longer than this: `2m`. */
  readonly giveUp?: string;
  /** The budgets of the verdict: of one gap (`0ms`), of a service's gaps together (none), of the slowest good answer (none). */
  readonly maxGap?: string;
  readonly maxTotal?: string;
  readonly maxLatency?: string;
}

export interface Watched<T> {
  /** Those of all services that overlap the watch, the oldest first. */
  readonly gaps: readonly (ReportGap & { readonly service: string })[];
  readonly verdict: Verdict;
  /** As `gapwatch run --report FILE.json` writes it. */
  readonly report: Report;
  /** What the function returned. */
  readonly result: T;
}

/** How often it is checked whether a stage is over, in milliseconds. */
const POLL_MS = 25;

/**
 * Watches services before, during and after a function, as `gapwatch run` does with a command.
 * @param targets as on the command line: `'web=8080'`, `'http://localhost/'`
 * @throws Error where the targets make no sense, or not every service was up before: then the function was not called. What the
 *   function throws is thrown once the watch has ended.
 * @example
 * const { verdict, gaps } = await watchDuring(['web=8080'], async () => deploy(), { maxGap: '500ms' });
 * assert.equal(verdict.result, 'pass', verdict.sentence);
 */
export async function watchDuring<T>(
  targets: readonly string[],
  during: () => T | Promise<T>,
  options: WatchOptions = {},
): Promise<Watched<T>> {
  const { interval, timeout, connection } = options;
  const optional = (name: 'maxTotal' | 'maxLatency'): number | null =>
    options[name] === undefined ? null : msOf(name, options[name]);
  const budget = {
    maxGapMs: msOf('maxGap', options.maxGap ?? '0ms'),
    maxTotalMs: optional('maxTotal'),
    maxLatencyMs: optional('maxLatency'),
  };
  const patience = {
    beforeMs: msOf('before', options.before ?? '2s'),
    afterMs: msOf('after', options.after ?? '5s'),
    giveUpMs: msOf('giveUp', options.giveUp ?? '2m'),
  };
  const config = await loadConfig({
    file: options.config ?? null,
    targets,
    options: { interval, timeout, connection },
    defaultIntervalMs: 100,
    sentinel: true,
    cwd: process.cwd(),
    env: process.env,
  });
  const monitor = new Monitor({
    vantage: config.vantage,
    version: VERSION,
    watched: config.watched,
    workers: 1,
    followsSteps: false,
  });
  const vantage = new LocalVantage(monitor);
  try {
    const stages = new Stages(patience, performance.now());
    if ((await stepOf(stages, vantage)) === 'not-up') throw notUp(vantage);
    const startedAt = monitor.now();
    vantage.nextStage(startedAt);
    stages.started(performance.now());
    const result = await during();
    const endedAt = monitor.now();
    vantage.nextStage(endedAt);
    stages.ended(performance.now());
    await stepOf(stages, vantage);
    const to = monitor.now();
    await vantage.settled(to);
    await vantage.close();
    const ending = { ending: 'exited', exitCode: 0, signal: null, interrupted: null } as const;
    const command = [during.name === '' ? 'a function' : during.name];
    const run: RunFacts = { command, startedAt, endedAt, durationMs: endedAt - startedAt, ...ending, budget };
    const window = { from: startedAt - patience.beforeMs, to };
    const facts: Report = { ...buildReport([vantage.observed()], window, startedAt), run };
    const hinted = { ...facts, hints: hintsOf(facts) };
    const verdict = judge(hinted, run);
    const gaps = facts.vantages.flatMap(({ services }) =>
      services.flatMap(({ service, gaps: ofService }) => ofService.map((gap) => ({ service, ...gap }))),
    );
    return { gaps: gaps.sort((a, b) => a.from - b.from), verdict, report: { ...hinted, verdict }, result };
  } finally {
    await monitor.stop();
  }
}

/** Waits until the stage is over. The function itself can't be ended, however long it takes. */
async function stepOf(stages: Stages, vantage: Vantage): Promise<string> {
  for (;;) {
    const { standings } = vantage;
    const proofMs = Math.max(0, ...standings.map(({ intervalMs, timeoutMs }) => intervalMs + timeoutMs));
    const upForMs = standings.map((one) => one.upForMs);
    const step = stages.next(performance.now(), upForMs, proofMs);
    if (step !== 'wait') return step;
    await sleep(POLL_MS);
  }
}

function notUp({ standings }: Vantage): Error {
  const down = standings.filter(({ upForMs }) => upForMs === null);
  const each = down.map(
    ({ service, state, message }) => `${service} ${message === null ? state : `${state}: ${message}`}`,
  );
  return new Error(`not every service was up before: ${each.length === 0 ? 'not for long enough' : each.join('; ')}`);
}

function msOf(option: string, text: string): number {
  const ms = durationMs(text);
  if (ms === null) throw new TypeError(`${option}: ${durationProblem(text)}`);
  return ms;
}

export interface ConnectOptions {
  /** The monitor's token. */
  readonly token?: string;
  /** Every probe too, not only what changes. */
  readonly samples?: boolean;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** Called for each attempt to connect that failed, with the reason for people. The next attempt follows by itself. */
  readonly onDisconnect?: (problem: string) => void;
}

/** Messages that wait for the reader: beyond these, samples are dropped, and beyond twice as many the iteration fails. */
const WAITING = 50_000;

/**
 * The messages of a running monitor's feed: a `hello` first, then events as they happen. Reconnects without end, and resumes: every event
 * comes once and in order, or a new `hello` where some are not kept any more.
 * @param url as of `gapwatch attach`: `http://host:9720`, `ws://host:9720/feed`, `9720`
 * @throws TypeError where that is no address, or no header can carry the token. The iteration throws where its reader is far too slow.
 * @example
 * for await (const message of connect('http://127.0.0.1:9720')) if (message.type === 'gap') console.log(message);
 */
export function connect(url: string, options: ConnectOptions = {}): AsyncIterableIterator<Message> {
  const parsed = parseFeedUrl(url);
  if (parsed === null) throw new TypeError(`not the address of a feed: ${shownFeed(url)}`);
  const token = options.token ?? parsed.token;
  const problem = token === null || token === '' ? null : tokenProblem(token);
  if (problem !== null) throw new TypeError(`the token can't be sent: ${problem}`);
  return messagesOf({ ...parsed, token }, options);
}

async function* messagesOf(
  url: FeedUrl,
  { samples = false, signal, onDisconnect }: ConnectOptions,
): AsyncGenerator<Message, undefined> {
  const client = new FeedClient(url, samples);
  let waiting: Message[] = [];
  let wake = (): void => undefined;
  const isOver = (): boolean => signal?.aborted === true;
  const woken = (): void => {
    wake();
  };
  client.subscribe({
    samples,
    take: (messages) => {
      for (const message of messages) if (message.type !== 'sample' || waiting.length < WAITING) waiting.push(message);
      wake();
    },
    disconnected: ({ problem }) => onDisconnect?.(problem),
  });
  signal?.addEventListener('abort', woken);
  try {
    while (!isOver()) {
      if (waiting.length > 2 * WAITING) throw new Error('the feed was read too slowly');
      const some = waiting;
      waiting = [];
      for (const message of some) {
        if (isOver()) return;
        yield message;
      }
      if (waiting.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        // It may have been aborted while the reader had its last message.
        if (isOver()) resolve();
      });
    }
  } finally {
    signal?.removeEventListener('abort', woken);
    client.close();
  }
}

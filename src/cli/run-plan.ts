/** What `gapwatch run` is asked to do, read from its arguments before anything is started. */
import { DEFAULT_STREAM } from '../config/load-config.ts';
import { hostname } from 'node:os';

import { commandLineProblem, ConfigError, invalid } from '../config/config-error.ts';
import { type Config, DEFAULT_KEEP_MS } from '../config/load-config.ts';
import type { FeedUrl } from '../client/feed-url.ts';
import type { ReportFiles } from '../report/report-files.ts';
import type { Budget } from '../report/report.ts';
import type { Patience } from '../report/run-stages.ts';
import { whyNoCommand } from './command-child.ts';
import { configOf } from './configuration.ts';
import { feedUrls } from './feed-urls.ts';
import { parseDuration, reportFiles, type RunArguments, type Targets } from './options.ts';

const DEFAULT_INTERVAL_MS = 100;

export interface Plan {
  readonly command: readonly string[];
  readonly patience: Patience;
  readonly budget: Budget;
  readonly also: readonly FeedUrl[];
  /** Watches nothing where only other monitors are asked. */
  readonly config: Omit<Config, 'file'>;
  readonly files: ReportFiles;
}

/** @throws ConfigError: then nothing is left behind */
export async function planOf(args: RunArguments & Targets, command: readonly string[]): Promise<Plan> {
  const [name] = command;
  if (name === undefined) {
    const example = 'gapwatch run web=8080 -- systemctl restart docker';
    throw invalid([commandLineProblem('run', `the command stands behind --, such as in: ${example}`)]);
  }
  const why = whyNoCommand(name, process.env);
  if (why !== null) throw new ConfigError('invalid', `${why} Nothing was started.`, []);
  const patience = {
    beforeMs: parseDuration(args.before, '--before'),
    afterMs: parseDuration(args.after, '--after'),
    giveUpMs: parseDuration(args['give-up'], '--give-up'),
  };
  if (patience.giveUpMs < patience.beforeMs) {
    const message = `${args['give-up']} is shorter than --before (${args.before}): the command would never be started`;
    throw invalid([commandLineProblem('--give-up', message)]);
  }
  const budget = {
    maxGapMs: parseDuration(args['max-gap'], '--max-gap'),
    maxTotalMs: args['max-total'] === undefined ? null : parseDuration(args['max-total'], '--max-total'),
  };
  const also = feedUrls(args.also);
  const config = await servicesOf(args);
  return { command, patience, budget, also, config, files: reportFiles(args.report) };
}

/** What other monitors watch may be all that is wanted. */
async function servicesOf(args: RunArguments & Targets): Promise<Plan['config']> {
  try {
    return await configOf(args, DEFAULT_INTERVAL_MS);
  } catch (error) {
    if (!(error instanceof ConfigError && error.code === 'no-services' && args.also.length > 0)) throw error;
    return {
      vantage: args.vantage ?? hostname(),
      watched: [],
      feed: { listen: null, token: null, public: false },
      bus: { where: null, stream: DEFAULT_STREAM },
      history: { dir: null, keepMs: DEFAULT_KEEP_MS },
    };
  }
}

/** `gapwatch run`: watches before, during and after a command, and says what the services' users felt of it. */
import { hostname } from 'node:os';

import type { FeedUrl } from '../client/feed-url.ts';
import { commandLineProblem, ConfigError, invalid } from '../config/config-error.ts';
import { DEFAULT_STREAM, type Config, DEFAULT_KEEP_MS } from '../config/load-config.ts';
import { durationText } from '../core/duration.ts';
import { showDuration } from '../core/format.ts';
import { buildReport } from '../report/build-report.ts';
import { hintsOf } from '../report/hints.ts';
import type { ReportFiles } from '../report/report-files.ts';
import { commandFailed, showCommand } from '../report/report-phrases.ts';
import type { Report, RunFacts, Budget } from '../report/report.ts';
import type { Patience } from '../report/run-stages.ts';
import { runText } from '../report/text-report.ts';
import { judge } from '../report/verdict.ts';
import { whyNoCommand } from './command-child.ts';
import { EXIT, exitCodeOf } from './ending.ts';
import { fileLog } from './log.ts';
import { type RunArguments, type Targets, feedUrls, parseDuration, reportFiles } from './options.ts';
import { type Course, RunSession } from './run-session.ts';
import { LocalVantage, RemoteVantage, type Vantage } from './vantages.ts';
import { withMonitor, configOf } from './with-monitor.ts';
import { say } from './say.ts';

/**
 * Runs a command under watch.
 * @param command the words behind `--`
 * @returns the exit code. That of the verdict counts where the command succeeded; where it failed, it is 3, and the
 *   verdict stands in the report
 */
export async function run(args: RunArguments & Targets, command: readonly string[]): Promise<number> {
  const plan = await planOf(args, command);
  try {
    return await runPlan(args, plan);
  } finally {
    plan.files.discard();
  }
}

async function runPlan(args: RunArguments, plan: Plan): Promise<number> {
  const { config, patience } = plan;
  const log = fileLog(args.log, args['log-level']);
  // A wall clock that is set meanwhile must not tear the window apart.
  const request = { args, config, log, keepsHistory: false, followsSteps: false };
  const { course, vantages } = await withMonitor(request, async ({ monitor, history }) => {
    const remote = plan.also.map((url) => new RemoteVantage(url, plan.files.wantsProbes));
    const local = new LocalVantage(monitor, plan.files.wantsProbes);
    const watching: Vantage[] = config.watched.length > 0 ? [local, ...remote] : remote;
    const session = new RunSession({ command: plan.command, patience, monitor, vantages: watching });
    const ended = await session.course;
    if (ended.startedAt !== null && ended.interrupted === null) {
      await session.unlessInterrupted(Promise.all(watching.map((one) => one.settled(ended.to))));
    }
    session.close();
    if (typeof history?.problem === 'string') say(history.problem);
    await Promise.all([local, ...remote].map((one) => one.close()));
    return { course: { ...ended, interrupted: session.interrupted }, vantages: watching };
  });
  return finish(plan, course, vantages);
}

/** Prints the report, or why there is none. Returns the exit code. */
function finish(plan: Plan, course: Course, vantages: readonly Vantage[]): number {
  const { interrupted, startedAt } = course;
  if (course.problem !== null) {
    say(`gapwatch: ${course.problem}`);
    return EXIT.usage;
  }
  if (startedAt === null) {
    say(whyNotStarted(plan, course, vantages));
    return interrupted === null ? EXIT.notUp : exitCodeOf(interrupted);
  }
  const { endedAt, ending, exitCode, signal } = course;
  const run: RunFacts = {
    command: plan.command,
    startedAt,
    endedAt,
    durationMs: endedAt === null ? null : Math.round((endedAt - startedAt) * 1000) / 1000,
    ending,
    exitCode,
    signal,
    interrupted,
    budget: plan.budget,
  };
  const window = { from: startedAt - plan.patience.beforeMs, to: course.to };
  const observed = vantages.map((one) => one.observed());
  const facts: Report = { ...buildReport(observed, window, startedAt), run };
  const report = { ...facts, verdict: judge(facts, run), hints: hintsOf(facts) };
  // Before the output, which may fail.
  const problems = plan.files.write(report, observed);
  process.stdout.write(`\n${runText(report, run)}`);
  for (const problem of problems) say(`gapwatch: ${problem}`);
  if (interrupted !== null) return exitCodeOf(interrupted);
  if (commandFailed(run)) return EXIT.commandFailed;
  return report.verdict.result === 'pass' ? EXIT.ok : EXIT.bad;
}

/** Which services were not up, and why. */
function whyNotStarted(plan: Plan, { interrupted }: Course, vantages: readonly Vantage[]): string {
  const { beforeMs, giveUpMs } = plan.patience;
  const command = showCommand(plan.command);
  if (interrupted !== null) return `${interrupted}: ${command} was not started.`;
  const head = `${command} was not started: not every service was up for ${durationText(beforeMs)} within ${durationText(giveUpMs)} (--before, --give-up).`;
  return [head, ...vantages.flatMap((vantage) => notUp(vantage, beforeMs, vantages.length > 1))].join('\n');
}

function notUp(vantage: Vantage, beforeMs: number, several: boolean): string[] {
  if (vantage.problem !== null) return [`  ${vantage.problem}`];
  if (vantage.standings.length === 0) return [`  ${vantage.name}: no service is watched there`];
  const where = several ? ` (from ${vantage.name})` : '';
  return vantage.standings
    .filter(({ upForMs }) => upForMs === null || upForMs < beforeMs)
    .map(({ service, state, forMs, reason, message, upForMs }) => {
      const why = reason === null ? '' : `: ${reason}${message === null ? '' : `, ${message}`}`;
      const since = upForMs === null ? `${state} for ${showDuration(forMs)}` : `up for ${showDuration(upForMs)} only`;
      return `  ${service}${where}: ${since}${why}`;
    });
}

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
    throw invalid([commandLineProblem('run', `put the command after --, as in: ${example}`)]);
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
    maxLatencyMs: args['max-latency'] === undefined ? null : parseDuration(args['max-latency'], '--max-latency'),
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
      feed: { listen: null, token: null, public: false, origins: [], embed: [], proxies: [] },
      bus: { where: null, stream: DEFAULT_STREAM },
      history: { dir: null, keepMs: DEFAULT_KEEP_MS },
    };
  }
}

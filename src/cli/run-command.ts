/** `gapwatch run`: watches before, during and after a command, and says what the services' users felt of it. */
import { hostname } from 'node:os';

import type { FeedUrl } from '../client/feed-url.ts';
import { commandLineProblem, ConfigError, invalid } from '../config/config-error.ts';
import { DEFAULT_STREAM, type Config, DEFAULT_KEEP_MS } from '../config/load-config.ts';
import { durationText } from '../core/duration.ts';
import { readProblem } from '../core/file-problem.ts';
import { showDuration } from '../core/format.ts';
import { readBytes } from '../config/read-file.ts';
import { MOST_BYTES, parseBaseline } from '../report/baseline.ts';
import { buildReport } from '../report/build-report.ts';
import { hintsOf } from '../report/hints.ts';
import type { ObservedVantage } from '../report/observed.ts';
import type { ReportFiles } from '../report/report-files.ts';
import { commandFailed, showCommand, showSeen } from '../report/report-phrases.ts';
import type { Baseline, Budget, Fault, Report, RunFacts } from '../report/report.ts';
import type { Patience } from '../report/run-stages.ts';
import { runText } from '../report/run-text.ts';
import { judge, notStarted } from '../report/verdict.ts';
import { whyNoCommand } from './command-child.ts';
import { EXIT, exitCodeOf } from './ending.ts';
import { fileLog } from './log.ts';
import { type RunArguments, type Targets, feedUrls, parseDuration } from './options.ts';
import { reportFiles } from './report-paths.ts';
import { type Course, RunSession } from './run-session.ts';
import { LocalVantage, RemoteVantage, type Vantage } from './vantages.ts';
import { configOf } from './config-of.ts';
import { withMonitor } from './with-monitor.ts';
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
  const { course, vantages, session } = await withMonitor(request, async ({ monitor, history }) => {
    const isWatching = config.watched.length > 0;
    const isTaken = (name: string): boolean =>
      (isWatching && name === config.vantage) || remote.filter(({ monitorName }) => monitorName === name).length > 1;
    const remote = plan.also.map((url) => new RemoteVantage(url, plan.files.wantsProbes, isTaken));
    const local = new LocalVantage(monitor, plan.files.wantsProbes);
    const watching: Vantage[] = isWatching ? [local, ...remote] : remote;
    const session = new RunSession({ command: plan.command, patience, monitor, vantages: watching });
    const ended = await session.course;
    if (ended.startedAt !== null && ended.interrupted === null) {
      await session.unlessInterrupted(Promise.all(watching.map((one) => one.settled(ended.to))));
    }
    session.close();
    if (typeof history?.problem === 'string') say(history.problem);
    await Promise.all([local, ...remote].map((one) => one.close()));
    return { course: ended, vantages: watching, session };
  });
  try {
    return finish(plan, { ...course, interrupted: session.interrupted }, vantages);
  } finally {
    session.release();
  }
}

/** Prints and writes the report. Returns the exit code. */
function finish(plan: Plan, course: Course, vantages: readonly Vantage[]): number {
  const { interrupted, startedAt, problem } = course;
  const run = runOf(plan, course);
  const window = { from: run.startedAt - plan.patience.beforeMs, to: course.to };
  const observed = vantages.map((one) => one.observed());
  const facts: Report = { ...buildReport(observed, window, run.startedAt), run };
  if (startedAt === null || problem !== null) return finishUnstarted(plan, course, vantages, facts, observed);
  const hinted = { ...facts, hints: hintsOf(facts) };
  const report = { ...hinted, verdict: judge(hinted, run) };
  // Before the output, which may fail.
  const problems = plan.files.write(report, observed);
  process.stdout.write(`\n${runText(report, run)}`);
  for (const one of problems) say(`gapwatch: ${one}`);
  if (interrupted !== null) return exitCodeOf(interrupted);
  if (commandFailed(run)) return EXIT.commandFailed;
  if (report.verdict.result !== 'pass') return EXIT.bad;
  return problems.length === 0 ? EXIT.ok : EXIT.output;
}

/** Says why the command was not started. The files say so too: what is in them from an earlier run must not pass for this one's. */
function finishUnstarted(
  plan: Plan,
  course: Course,
  vantages: readonly Vantage[],
  facts: Report,
  observed: readonly ObservedVantage[],
): number {
  const { interrupted, problem } = course;
  const why = problem ?? whyNotStarted(plan, course);
  const faults =
    problem === null && interrupted === null ? vantages.flatMap((one) => notUp(one, plan.patience.beforeMs)) : [];
  const lines = faults.map(({ service, vantage, text }) => {
    return `  ${service === '' ? '' : `${showSeen(service, vantage, vantages.length > 1)}: `}${text}`;
  });
  const problems = plan.files.write({ ...facts, verdict: notStarted(facts, faults, why) }, observed);
  say([problem === null ? why : `gapwatch: ${why}`, ...lines, ...problems.map((one) => `gapwatch: ${one}`)].join('\n'));
  if (problem !== null) return EXIT.usage;
  return interrupted === null ? EXIT.notUp : exitCodeOf(interrupted);
}

function runOf({ command, budget, baseline }: Plan, course: Course): RunFacts {
  const { interrupted, startedAt, endedAt, ending, exitCode, signal } = course;
  const isStarted = startedAt !== null && course.problem === null;
  return {
    command,
    startedAt: startedAt ?? course.to,
    endedAt,
    durationMs: startedAt === null || endedAt === null ? null : Math.round((endedAt - startedAt) * 1000) / 1000,
    ending: isStarted ? ending : 'not-started',
    exitCode,
    signal,
    interrupted,
    budget,
    ...(baseline !== null && { baseline }),
  };
}

/** Why the command was not started. */
function whyNotStarted(plan: Plan, { interrupted }: Course): string {
  const { beforeMs, giveUpMs } = plan.patience;
  const command = showCommand(plan.command);
  if (interrupted !== null) return `${interrupted}: ${command} was not started.`;
  return `${command} was not started: not every service was up for ${durationText(beforeMs)} within ${durationText(giveUpMs)} (--before, --give-up).`;
}

/** Which services of a vantage were not up for long enough, and why; one without a name where nothing is known from there. */
function notUp(vantage: Vantage, beforeMs: number): Fault[] {
  const fault = (service: string, text: string): Fault => ({ kind: 'not-up', vantage: vantage.name, service, text });
  if (vantage.problem !== null) return [fault('', vantage.problem)];
  if (vantage.standings.length === 0) return [fault('', `${vantage.name}: no service is watched there`)];
  return vantage.standings
    .filter(({ upForMs }) => upForMs === null || upForMs < beforeMs)
    .map(({ service, state, forMs, reason, message, upForMs }) => {
      const why = reason === null ? '' : `: ${reason}${message === null ? '' : `, ${message}`}`;
      const since = upForMs === null ? `${state} for ${showDuration(forMs)}` : `up for ${showDuration(upForMs)} only`;
      return fault(service, since + why);
    });
}

const DEFAULT_INTERVAL_MS = 100;

interface Plan {
  readonly command: readonly string[];
  readonly patience: Patience;
  readonly budget: Budget;
  readonly baseline: Baseline | null;
  readonly also: readonly FeedUrl[];
  /** Watches nothing where only other monitors are asked. */
  readonly config: Omit<Config, 'file'>;
  readonly files: ReportFiles;
}

/** @throws ConfigError: then nothing is left behind */
async function planOf(args: RunArguments & Targets, command: readonly string[]): Promise<Plan> {
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
    maxGapMs: parseDuration(args['max-gap'] ?? '0ms', '--max-gap'),
    ...(args['max-gap'] !== undefined && { namesMaxGap: true }),
    maxTotalMs: args['max-total'] === undefined ? null : parseDuration(args['max-total'], '--max-total'),
    maxLatencyMs: args['max-latency'] === undefined ? null : parseDuration(args['max-latency'], '--max-latency'),
  };
  const also = feedUrls(args.also, args.token);
  const baseline = args.baseline === undefined ? null : await baselineIn(args.baseline);
  const config = await servicesOf(args);
  return { command, patience, budget, baseline, also, config, files: reportFiles(args.report) };
}

/** @throws ConfigError where the file is no report of an earlier run */
async function baselineIn(file: string): Promise<Baseline> {
  const place = `--baseline ${file}`;
  const text = await readBytes(file, MOST_BYTES).then(
    (bytes) => bytes.toString(),
    (error: unknown) => {
      throw invalid([commandLineProblem(place, readProblem(error))]);
    },
  );
  const baseline = parseBaseline(text, file);
  if (typeof baseline === 'string') throw invalid([commandLineProblem(place, baseline)]);
  return baseline;
}

/** What other monitors watch may be all that is wanted. */
async function servicesOf(args: RunArguments & Targets): Promise<Plan['config']> {
  try {
    // The token is for the feeds of others.
    return await configOf({ ...args, token: undefined }, DEFAULT_INTERVAL_MS);
  } catch (error) {
    if (!(error instanceof ConfigError && error.code === 'no-services' && args.also.length > 0)) throw error;
    return {
      vantage: args.vantage ?? hostname(),
      watched: [],
      disabled: [],
      feed: {
        ...{ listen: null, token: null, public: false, origins: [], embed: [], proxies: [] },
        site: { title: null, description: null, logo: null, home: null },
      },
      bus: { where: null, stream: DEFAULT_STREAM },
      history: { dir: null, keepMs: DEFAULT_KEEP_MS },
      ...{ hooks: [], heartbeat: null, maintenance: [] },
    };
  }
}

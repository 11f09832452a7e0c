/**
 * The verdict on a run. Pure. A budget is compared with the bounds: where the figure is over it, the run fails; where only the
 * upper bound is, it is not proven. The time without an answer is an upper bound of what users noticed: a frozen service
 * answers late what waited for it. What was not observed never counts as up: unobserved time, together with the
 * downtime that it touches, counts as one possible gap. Nor does a good last answer prove
 * anything for the time after it, where no probe was sent since.
 */
import { durationText } from '../core/duration.ts';
import { count, showDuration, list } from '../core/format.ts';
import { latencyFault, slowNote } from './latency-report.ts';
import type {
  Budget,
  Fault,
  FaultKind,
  Report,
  ReportGap,
  RunFacts,
  ServiceReport,
  VantageReport,
  Verdict,
  VerdictResult,
} from './report.ts';
import { commandFailed, eachService, showEnding, showLength, showBegin, showSeen, showWhen } from './report-phrases.ts';

/** Faults that the sentence names; the others are counted. */
const NAMED = 3;
/** Probes further apart than this may miss what users notice: the sentence says so beside "all the time". */
const COARSE_MS = 1000;

/** What could be over the budget, but was not seen to be. */
const UNPROVEN: ReadonlySet<FaultKind> = new Set<FaultKind>(['bounds', 'unobserved']);

/** Judges what was seen in the window of a run. */
export function judge(report: Report, run: RunFacts): Verdict {
  const faults = eachService(report).flatMap(({ vantage, service }) =>
    faultsOf(service, run, report.to).map(({ kind, text }): Fault => {
      return { kind, vantage: vantage.vantage, service: service.service, text };
    }),
  );
  const result = resultOf(faults, run, report.vantages.every(isWatching));
  return { result, faults, sentence: sentenceOf(report, run, result, faults) };
}

function isWatching({ services }: VantageReport): boolean {
  return services.length > 0;
}

function resultOf(faults: readonly Fault[], { interrupted }: RunFacts, allWatch: boolean): VerdictResult {
  if (faults.some(({ kind }) => !UNPROVEN.has(kind))) return 'fail';
  // A watch that was interrupted has not seen the end.
  return faults.length > 0 || interrupted !== null || !allWatch ? 'not-proven' : 'pass';
}

function faultsOf(service: ServiceReport, run: RunFacts, to: number): Pick<Fault, 'kind' | 'text'>[] {
  const { budget } = run;
  const { maxGapMs, maxTotalMs } = budget;
  const faults: Pick<Fault, 'kind' | 'text'>[] = [];
  if (!service.cameBack) {
    const open = service.gaps.findLast(({ end }) => end !== 'seen') ?? service.gaps.at(-1);
    const since = open === undefined ? '' : `, ${showLength(open)} ${showBegin(open)}`;
    const why = service.reason === null ? '' : `: ${service.reason}`;
    faults.push({ kind: 'not-back', text: `did not come back${since}${why}` });
  }
  for (const gap of service.gaps) {
    if (gap.end === 'open' && !service.cameBack) continue;
    if (maxGapMs === 0 || gap.durationMs > maxGapMs) faults.push({ kind: 'gap', text: overBudget(gap, maxGapMs) });
    else if (mostOf(gap) > maxGapMs) faults.push({ kind: 'bounds', text: nearBudget(gap, service, maxGapMs) });
  }
  const { longestSilence: silence = null } = service;
  if (silence !== null && maxGapMs > 0 && silence.durationMs - service.intervalMs > maxGapMs && faults.length === 0) {
    const when = showWhen(silence.from, silence.fromStartMs);
    const text = `without an answer for ${showDuration(silence.durationMs)} from ${when}, over the budget of ${showDuration(maxGapMs)}, though all answers came in the end`;
    faults.push({ kind: 'bounds', text });
  }
  if (maxTotalMs !== null) {
    const mostMs = service.gaps.reduce((sum, gap) => sum + (gap.maxMs ?? gap.durationMs), 0);
    const within = `the budget of ${showDuration(maxTotalMs)}`;
    const text = `down ${showDuration(service.downMs)} in all`;
    if (service.downMs > maxTotalMs) faults.push({ kind: 'total', text: `${text}, over ${within}` });
    else if (mostMs > maxTotalMs) {
      const settle = settledBy(service, maxTotalMs - service.downMs, mostMs - service.downMs);
      faults.push({
        kind: 'bounds',
        text: `${text}, within ${within}, but at most ${showDuration(mostMs)}: ${settle}`,
      });
    }
  }
  if (service.partialMs > maxGapMs) {
    faults.push({ kind: 'partial', text: `up from some vantages only for ${showDuration(service.partialMs)}` });
  }
  const latency = latencyFault(service, budget.maxLatencyMs);
  if (latency !== null) faults.push(latency);
  const gone = service.lostWrites.reduce((sum, one) => sum + one.count, 0);
  const [found] = service.lostWrites;
  if (found !== undefined) {
    const text = `lost ${count(gone, 'acknowledged write')}, found at ${showWhen(found.at, found.fromStartMs)}`;
    faults.push({ kind: 'lost-writes', text });
  }
  const unobserved = unobservedFault(service, budget) ?? sparsityFault(service, run, to);
  if (unobserved !== null) faults.push({ kind: 'unobserved', text: unobserved });
  return faults;
}

function overBudget(gap: ReportGap, maxGapMs: number): string {
  const when = `down ${showLength(gap)} ${showBegin(gap)}`;
  if (maxGapMs === 0) return when;
  const error = gap.minMs <= maxGapMs ? ', though its lower bound is within it' : '';
  return `${when}, over the budget of ${showDuration(maxGapMs)}${error}`;
}

/** The longest time for which users may have been without the service. What is not seen of a gap counts as unobserved. */
function mostOf({ end, maxMs, durationMs, silenceMs }: ReportGap): number {
  return Math.max(end === 'seen' ? (maxMs ?? Infinity) : durationMs, silenceMs ?? 0);
}

function nearBudget(gap: ReportGap, service: ServiceReport, maxGapMs: number): string {
  const head = `down ${showLength(gap)} ${showBegin(gap)}, within the budget of ${showDuration(maxGapMs)}, but`;
  const { silenceMs, maxMs, durationMs } = gap;
  // Two intervals are the grid's, not the service's.
  if (typeof silenceMs === 'number' && silenceMs - 2 * service.intervalMs > maxGapMs) {
    return `${head} without an answer for ${showDuration(silenceMs)}`;
  }
  if (maxMs === null) return `${head} without an upper bound`;
  return `${head} its upper bound is over it: ${settledBy(service, maxGapMs - durationMs, maxMs - durationMs)}`;
}

/** How to probe so that an error of `errorMs`, which is as wide as the interval, is within a margin. */
function settledBy({ intervalMs }: ServiceReport, marginMs: number, errorMs: number): string {
  const enough = (intervalMs * marginMs) / errorMs;
  if (enough < 1) return 'they are too near to each other for any interval';
  const step = 10 ** Math.floor(Math.log10(enough));
  return `an interval of ${durationText(Math.floor(enough / step) * step)} (-i) would settle it`;
}

/** How long it is not known whether it was up. */
function notKnownMs({ unobservedMs, unknownMs }: ServiceReport): number {
  return unobservedMs + unknownMs;
}

/** What could have happened unseen that the budget does not allow; null where nothing could. */
function unobservedFault(service: ServiceReport, { maxGapMs, maxTotalMs }: Budget): string | null {
  const ms = notKnownMs(service);
  if (ms === 0) return null;
  const could = `not observed for ${showDuration(ms)}`;
  // What came after the window is not known: no budget is large enough.
  if (service.state === 'unobserved' || service.state === 'unknown') return `${could}, until the end of the watch`;
  // Down and unobserved time without a good probe in between: all of it could be one gap.
  let possibleMs = 0;
  let hasUnobserved = false;
  for (const { state, from, to } of service.intervals) {
    if (state === 'up' || state === 'partial') {
      possibleMs = 0;
      hasUnobserved = false;
      continue;
    }
    possibleMs += to - from;
    hasUnobserved ||= state !== 'down';
    if (hasUnobserved && possibleMs > maxGapMs) {
      return maxGapMs === 0 ? could : `${could}: a gap of more than ${showDuration(maxGapMs)} could be in it`;
    }
  }
  if (maxTotalMs === null || service.downMs + ms <= maxTotalMs) return null;
  return `${could}: it could have been down for more than ${showDuration(maxTotalMs)} in all`;
}

/** Why too few probes were sent to prove anything, though each of them was good; null where there were enough. */
function sparsityFault({ intervalMs }: ServiceReport, run: RunFacts, to: number): string | null {
  const probed = `probed only every ${showDuration(intervalMs)}`;
  // The sentence says otherwise that the watch was interrupted.
  if (run.interrupted !== null) return null;
  if (intervalMs * 2 > to - run.startedAt) {
    return `${probed}, which is not often enough for the ${showDuration(to - run.startedAt)} from the start of the command to the end of the watch: use a shorter interval (-i)`;
  }
  if (run.endedAt === null || intervalMs <= to - run.endedAt) return null;
  return `${probed}, and the watch was over before a probe was certain to be sent after the end of the command: use a shorter interval (-i)`;
}

function sentenceOf(report: Report, run: RunFacts, result: VerdictResult, faults: readonly Fault[]): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const what = faults.length === 0 ? passSentence(report, run.budget) : failSentence(faults, result, several);
  const head = { pass: 'PASS', fail: 'FAIL', 'not-proven': 'NOT PROVEN' }[result];
  const command = commandFailed(run) ? `; and the command ${showEnding(run)}` : '';
  const early =
    run.interrupted === null ? '' : `; but ${run.interrupted} ended the watch early: what came later is not known`;
  return `${head}: ${all.length === 0 ? 'no service was watched' : `${what}${result === 'pass' ? slowNote(report) : ''}${idleVantages(report)}`}${command}${early}.`;
}

/** Which vantages watched nothing, to follow what the others saw. */
function idleVantages({ vantages }: Report): string {
  const idle = vantages.filter((one) => !isWatching(one)).map(({ vantage }) => vantage);
  return idle.length === 0 ? '' : `; but from ${list(idle)} no service was watched`;
}

function passSentence(report: Report, { maxGapMs, maxTotalMs }: Budget): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const who = `${count(all.length, 'service')}${several ? ` from ${list(report.vantages.map(({ vantage }) => vantage))}` : ''}`;
  const gaps = all.flatMap(({ vantage, service }) => service.gaps.map((gap) => ({ vantage, service, gap })));
  const longest = gaps.sort((a, b) => b.gap.durationMs - a.gap.durationMs)[0];
  const unobserved = all
    .filter(({ service }) => notKnownMs(service) > 0)
    .sort((a, b) => notKnownMs(b.service) - notKnownMs(a.service))
    .map(({ vantage, service }) => {
      return `${showSeen(service.service, vantage.vantage, several)} was not observed for ${showDuration(notKnownMs(service))}`;
    });
  const more =
    unobserved.length > NAMED ? `; and ${String(unobserved.length - NAMED)} more were not observed all the time` : '';
  const unseen = unobserved.length === 0 ? '' : `, but ${unobserved.slice(0, NAMED).join('; ')}${more}`;
  if (longest === undefined) {
    const slowestMs = Math.max(0, ...all.map(({ service }) => service.intervalMs));
    const grain = slowestMs > COARSE_MS ? `, as far as probes ${showDuration(slowestMs)} apart can show` : '';
    // Over a kept connection on which nothing is sent, only a break of it would have been seen.
    const held = all.filter(({ service }) => service.asks === false).length;
    if (unobserved.length > 0) return `${who} never seen down${grain}${unseen}`;
    if (held === 0) return `${who} up all the time${grain}`;
    const connections = `${count(held, 'kept connection')} not broken, on which nothing is sent`;
    return held === all.length
      ? `${connections}${grain}`
      : `${count(all.length - held, 'service')} up all the time, and ${connections}${grain}`;
  }
  const name = showSeen(longest.service.service, longest.vantage.vantage, several);
  const total = maxTotalMs === null ? '' : `, and no service was down for more than ${showDuration(maxTotalMs)} in all`;
  return `the longest gap, ${showLength(longest.gap)} of ${name}, is within the budget of ${showDuration(maxGapMs)}${total}${unseen}`;
}

/** The worst first. */
const WEIGHT = {
  ...{ 'not-back': 0, 'lost-writes': 1, gap: 2, total: 3, latency: 4, partial: 5, bounds: 6, unobserved: 7 },
} as const;

function failSentence(faults: readonly Fault[], result: VerdictResult, several: boolean): string {
  const weighty = faults
    .filter(({ kind }) => result === 'not-proven' || !UNPROVEN.has(kind))
    .sort((a, b) => WEIGHT[a.kind] - WEIGHT[b.kind]);
  const named = weighty
    .slice(0, NAMED)
    .map(({ service, vantage, text }) => `${showSeen(service, vantage, several)} ${verb(text)}${text}`);
  const more = weighty.length - named.length;
  const unobserved =
    result === 'fail' && faults.some(({ kind }) => kind === 'unobserved')
      ? '; and part of the time was not observed'
      : '';
  return `${named.join('; ')}${more > 0 ? `; and ${String(more)} more` : ''}${unobserved}`;
}

/** `web was down …`, but `web did not come back …` and `cache lost 12 acknowledged writes …`. */
function verb(text: string): string {
  return /^(did|lost) /.test(text) ? '' : 'was ';
}

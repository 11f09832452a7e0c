/**
 * The verdict on a run. Pure. `--max-gap` is compared with a gap's single figure; where its bounds lie on both sides of
 * the budget, the text says so. What was not observed never counts as up: unobserved time, together with the
 * downtime that it touches, counts as one possible gap. Nor does a good last answer prove
 * anything for the time after it, where no probe was sent since.
 */
import { count, showDuration, list } from '../core/format.ts';
import { latencyFault, slowNote } from './latency-report.ts';
import type {
  Budget,
  Fault,
  Report,
  ReportGap,
  RunFacts,
  ServiceReport,
  VantageReport,
  Verdict,
  VerdictResult,
} from './report.ts';
import { commandFailed, eachService, showEnding, showLength, showSeen, showWhen } from './report-phrases.ts';

/** Faults that the sentence names; the others are counted. */
const NAMED = 3;
/** Probes further apart than this may miss what users notice: the sentence says so beside "all the time". */
const COARSE_MS = 1000;

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
  if (faults.some(({ kind }) => kind !== 'unobserved')) return 'fail';
  // A watch that was interrupted has not seen the end.
  return faults.length > 0 || interrupted !== null || !allWatch ? 'not-proven' : 'pass';
}

function faultsOf(service: ServiceReport, run: RunFacts, to: number): Pick<Fault, 'kind' | 'text'>[] {
  const { budget } = run;
  const { maxGapMs, maxTotalMs } = budget;
  const faults: Pick<Fault, 'kind' | 'text'>[] = [];
  if (!service.cameBack) {
    const open = service.gaps.findLast(({ end }) => end !== 'seen') ?? service.gaps.at(-1);
    const since = open === undefined ? '' : `, ${showLength(open)} from ${showWhen(open.from, open.fromStartMs)}`;
    const why = service.reason === null ? '' : `: ${service.reason}`;
    faults.push({ kind: 'not-back', text: `did not come back${since}${why}` });
  }
  const over = service.gaps.filter(
    ({ end, durationMs }) => durationMs > maxGapMs && (end !== 'open' || service.cameBack),
  );
  for (const gap of over) faults.push({ kind: 'gap', text: overBudget(gap, maxGapMs) });
  if (maxTotalMs !== null && service.downMs > maxTotalMs) {
    const text = `down ${showDuration(service.downMs)} in all, over the budget of ${showDuration(maxTotalMs)}`;
    faults.push({ kind: 'total', text });
  }
  if (service.partialMs > maxGapMs) {
    faults.push({ kind: 'partial', text: `up from some vantages only for ${showDuration(service.partialMs)}` });
  }
  const latency = latencyFault(service, budget.maxLatencyMs);
  if (latency !== null) faults.push(latency);
  const unobserved = unobservedFault(service, budget) ?? sparsityFault(service, run, to);
  if (unobserved !== null) faults.push({ kind: 'unobserved', text: unobserved });
  return faults;
}

function overBudget(gap: ReportGap, maxGapMs: number): string {
  const when = `down ${showLength(gap)} from ${showWhen(gap.from, gap.fromStartMs)}`;
  if (maxGapMs === 0) return when;
  const error = gap.minMs <= maxGapMs ? ', though its lower bound is within it' : '';
  return `${when}, over the budget of ${showDuration(maxGapMs)}${error}`;
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
    return unobserved.length === 0 ? `${who} up all the time${grain}` : `${who} never seen down${grain}${unseen}`;
  }
  const name = showSeen(longest.service.service, longest.vantage.vantage, several);
  const error = (longest.gap.maxMs ?? Infinity) > maxGapMs ? ', though its upper bound exceeds it' : '';
  const total = maxTotalMs === null ? '' : `, and no service was down for more than ${showDuration(maxTotalMs)} in all`;
  return `the longest gap, ${showLength(longest.gap)} of ${name}, is within the budget of ${showDuration(maxGapMs)}${error}${total}${unseen}`;
}

/** The worst first. */
const WEIGHT = { 'not-back': 0, gap: 1, total: 2, latency: 3, partial: 4, unobserved: 5 } as const;

function failSentence(faults: readonly Fault[], result: VerdictResult, several: boolean): string {
  const weighty = faults
    .filter(({ kind }) => result === 'not-proven' || kind !== 'unobserved')
    .sort((a, b) => WEIGHT[a.kind] - WEIGHT[b.kind]);
  const named = weighty
    .slice(0, NAMED)
    .map(({ service, vantage, text }) => `${showSeen(service, vantage, several)} ${verb(text)}${text}`);
  const more = weighty.length - named.length;
  const unobserved = faults.length > weighty.length ? '; and part of the time was not observed' : '';
  return `${named.join('; ')}${more > 0 ? `; and ${String(more)} more` : ''}${unobserved}`;
}

/** `web was down …`, but `web did not come back …`. */
function verb(text: string): string {
  return text.startsWith('did ') ? '' : 'was ';
}

/**
 * The verdict on a run. Pure. `--max-gap` is compared with a gap's single figure; where its bounds lie on both sides of
 * the budget, the text says so. What was not observed never counts as up: time in which nobody looked, together with the
 * time of being down that it touches, is as long as a gap in it could have been.
 */
import { count, showDuration } from '../format.ts';
import type { Budget, Fault, Report, ReportGap, RunFacts, ServiceReport, Verdict, VerdictResult } from './report.ts';
import { commandFailed, eachService, list, showEnding, showLength, showSeen, showWhen } from './words.ts';

/** More of them make no sentence. */
const NAMED = 3;

/** Judges what was seen in the window of a run. */
export function judge(report: Report, run: RunFacts): Verdict {
  const faults = eachService(report).flatMap(({ vantage, service }) =>
    faultsOf(service, run.budget).map(({ kind, text }): Fault => {
      return { kind, vantage: vantage.vantage, service: service.service, text };
    }),
  );
  const result = resultOf(faults, run);
  return { result, faults, sentence: sentenceOf(report, run, result, faults) };
}

function resultOf(faults: readonly Fault[], { interrupted }: RunFacts): VerdictResult {
  if (faults.some(({ kind }) => kind !== 'unobserved')) return 'bad';
  // Who stops to look early has not seen the end.
  return faults.length > 0 || interrupted !== null ? 'not-proven' : 'pass';
}

function faultsOf(service: ServiceReport, budget: Budget): Pick<Fault, 'kind' | 'text'>[] {
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
  const blind = blindness(service, budget);
  if (blind !== null) faults.push({ kind: 'unobserved', text: blind });
  return faults;
}

function overBudget(gap: ReportGap, maxGapMs: number): string {
  const when = `down ${showLength(gap)} from ${showWhen(gap.from, gap.fromStartMs)}`;
  if (maxGapMs === 0) return when;
  const error = gap.minMs <= maxGapMs ? ', but within the measuring error of it' : '';
  return `${when}, over the budget of ${showDuration(maxGapMs)}${error}`;
}

/** What could have happened unseen that the budget does not allow; null where nothing could. */
function blindness(service: ServiceReport, { maxGapMs, maxTotalMs }: Budget): string | null {
  const blindMs = service.unobservedMs + service.unknownMs;
  if (blindMs === 0) return null;
  const could = `not observed for ${showDuration(blindMs)}`;
  // Seen down and not looked at, without a good probe in between: all of it could be one gap.
  let possibleMs = 0;
  let blindInside = false;
  for (const { state, from, to } of service.intervals) {
    if (state === 'up' || state === 'partial') {
      possibleMs = 0;
      blindInside = false;
      continue;
    }
    possibleMs += to - from;
    blindInside ||= state !== 'down';
    if (blindInside && possibleMs > maxGapMs) {
      return maxGapMs === 0 ? could : `${could}: a gap of more than ${showDuration(maxGapMs)} could be in it`;
    }
  }
  if (maxTotalMs === null || service.downMs + blindMs <= maxTotalMs) return null;
  return `${could}: it could have been down for more than ${showDuration(maxTotalMs)} in all`;
}

function sentenceOf(report: Report, run: RunFacts, result: VerdictResult, faults: readonly Fault[]): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const what = faults.length === 0 ? praise(report, run.budget) : blame(faults, result, several);
  const head = { pass: 'PASS', bad: 'BAD', 'not-proven': 'NOT PROVEN' }[result];
  const command = commandFailed(run) ? `; and the command ${showEnding(run)}` : '';
  const early =
    run.interrupted === null ? '' : `; but ${run.interrupted} ended the watch early: what came later is not known`;
  return `${head}: ${all.length === 0 ? 'no service was watched' : what}${command}${early}.`;
}

function praise(report: Report, { maxGapMs, maxTotalMs }: Budget): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const who = `${count(all.length, 'service')}${several ? ` from ${list(report.vantages.map(({ vantage }) => vantage))}` : ''}`;
  const gaps = all.flatMap(({ vantage, service }) => service.gaps.map((gap) => ({ vantage, service, gap })));
  const longest = gaps.sort((a, b) => b.gap.durationMs - a.gap.durationMs)[0];
  if (longest === undefined) return `${who} up all the time`;
  const name = showSeen(longest.service.service, longest.vantage.vantage, several);
  const error = (longest.gap.maxMs ?? Infinity) > maxGapMs ? ', but within the measuring error of it' : '';
  const total = maxTotalMs === null ? '' : `, and no service was down for more than ${showDuration(maxTotalMs)} in all`;
  return `the longest gap, ${showLength(longest.gap)} of ${name}, is inside the budget of ${showDuration(maxGapMs)}${error}${total}`;
}

/** The worst first. */
const WEIGHT = { 'not-back': 0, gap: 1, total: 2, partial: 3, unobserved: 4 } as const;

function blame(faults: readonly Fault[], result: VerdictResult, several: boolean): string {
  const weighty = faults
    .filter(({ kind }) => result === 'not-proven' || kind !== 'unobserved')
    .sort((a, b) => WEIGHT[a.kind] - WEIGHT[b.kind]);
  const told = weighty
    .slice(0, NAMED)
    .map(({ service, vantage, text }) => `${showSeen(service, vantage, several)} ${verb(text)}${text}`);
  const more = weighty.length - told.length;
  const blind = faults.length > weighty.length ? '; and not all of the time was observed' : '';
  return `${told.join('; ')}${more > 0 ? `; and ${String(more)} more` : ''}${blind}`;
}

/** `web was down …`, but `web did not come back …`. */
function verb(text: string): string {
  return text.startsWith('did ') ? '' : 'was ';
}

/**
 * The verdict on a run. Pure. `--max-gap` is compared with a gap's single figure; where its bounds lie on both sides of
 * the budget, the text says so. What was not observed never counts as up: time in which nobody looked, together with the
 * time of being down that it touches, is as long as a gap in it could have been. Nor does it count as up that the last
 * answer was good, where no probe was sent since.
 */
import { count, showDuration } from '../core/format.ts';
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
import { commandFailed, eachService, list, showEnding, showLength, showSeen, showWhen } from './report-phrases.ts';

/** More of them make no sentence. */
const NAMED = 3;
/** Probes further apart than this may miss what people feel: it is said beside "all the time". */
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
  if (faults.some(({ kind }) => kind !== 'unobserved')) return 'bad';
  // Who stops to look early has not seen the end.
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
  const blind = blindness(service, budget) ?? sparseness(service, run, to);
  if (blind !== null) faults.push({ kind: 'unobserved', text: blind });
  return faults;
}

function overBudget(gap: ReportGap, maxGapMs: number): string {
  const when = `down ${showLength(gap)} from ${showWhen(gap.from, gap.fromStartMs)}`;
  if (maxGapMs === 0) return when;
  const error = gap.minMs <= maxGapMs ? ', but within the measuring error of it' : '';
  return `${when}, over the budget of ${showDuration(maxGapMs)}${error}`;
}

/** How long it is not known whether it was up. */
function blindMs({ unobservedMs, unknownMs }: ServiceReport): number {
  return unobservedMs + unknownMs;
}

/** What could have happened unseen that the budget does not allow; null where nothing could. */
function blindness(service: ServiceReport, { maxGapMs, maxTotalMs }: Budget): string | null {
  const ms = blindMs(service);
  if (ms === 0) return null;
  const could = `not observed for ${showDuration(ms)}`;
  // How it went on after the end of the window nobody knows: no budget is large enough.
  if (service.state === 'unobserved' || service.state === 'unknown') return `${could}, up to the end of the watch`;
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
  if (maxTotalMs === null || service.downMs + ms <= maxTotalMs) return null;
  return `${could}: it could have been down for more than ${showDuration(maxTotalMs)} in all`;
}

/** Why too few probes were sent to prove anything, though each was good; null where there were enough. */
function sparseness({ intervalMs }: ServiceReport, run: RunFacts, to: number): string | null {
  const probed = `probed every ${showDuration(intervalMs)} only`;
  // An interrupted watch has its own words.
  if (run.interrupted !== null) return null;
  if (intervalMs * 2 > to - run.startedAt) {
    return `${probed}, which is too seldom for the ${showDuration(to - run.startedAt)} from the start of the command to the end of the watch: use a shorter interval (-i)`;
  }
  if (run.endedAt === null || intervalMs <= to - run.endedAt) return null;
  return `${probed}, and the watch was over before one was surely sent after the end of the command: use a shorter interval (-i)`;
}

function sentenceOf(report: Report, run: RunFacts, result: VerdictResult, faults: readonly Fault[]): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const what = faults.length === 0 ? praise(report, run.budget) : blame(faults, result, several);
  const head = { pass: 'PASS', bad: 'BAD', 'not-proven': 'NOT PROVEN' }[result];
  const command = commandFailed(run) ? `; and the command ${showEnding(run)}` : '';
  const early =
    run.interrupted === null ? '' : `; but ${run.interrupted} ended the watch early: what came later is not known`;
  return `${head}: ${all.length === 0 ? 'no service was watched' : `${what}${idleness(report)}`}${command}${early}.`;
}

/** Which vantages watched nothing, to be put behind what the others saw. */
function idleness({ vantages }: Report): string {
  const idle = vantages.filter((one) => !isWatching(one)).map(({ vantage }) => vantage);
  return idle.length === 0 ? '' : `; but from ${list(idle)} no service was watched`;
}

function praise(report: Report, { maxGapMs, maxTotalMs }: Budget): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const who = `${count(all.length, 'service')}${several ? ` from ${list(report.vantages.map(({ vantage }) => vantage))}` : ''}`;
  const gaps = all.flatMap(({ vantage, service }) => service.gaps.map((gap) => ({ vantage, service, gap })));
  const longest = gaps.sort((a, b) => b.gap.durationMs - a.gap.durationMs)[0];
  const blind = all
    .filter(({ service }) => blindMs(service) > 0)
    .sort((a, b) => blindMs(b.service) - blindMs(a.service))
    .map(({ vantage, service }) => {
      return `${showSeen(service.service, vantage.vantage, several)} was not observed for ${showDuration(blindMs(service))}`;
    });
  const more =
    blind.length > NAMED ? `; and ${String(blind.length - NAMED)} more were not observed all of the time` : '';
  const unseen = blind.length === 0 ? '' : `, but ${blind.slice(0, NAMED).join('; ')}${more}`;
  if (longest === undefined) {
    const slowestMs = Math.max(0, ...all.map(({ service }) => service.intervalMs));
    const grain = slowestMs > COARSE_MS ? `, as far as probes ${showDuration(slowestMs)} apart can tell` : '';
    return blind.length === 0 ? `${who} up all the time${grain}` : `${who} never seen down${grain}${unseen}`;
  }
  const name = showSeen(longest.service.service, longest.vantage.vantage, several);
  const error = (longest.gap.maxMs ?? Infinity) > maxGapMs ? ', but within the measuring error of it' : '';
  const total = maxTotalMs === null ? '' : `, and no service was down for more than ${showDuration(maxTotalMs)} in all`;
  return `the longest gap, ${showLength(longest.gap)} of ${name}, is inside the budget of ${showDuration(maxGapMs)}${error}${total}${unseen}`;
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

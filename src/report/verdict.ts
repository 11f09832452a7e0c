/**
 * The verdict on a run. Pure. A budget is compared with the bounds: where the figure is over it, the run fails; where only the
 * upper bound is, it is not proven. The time without an answer is an upper bound of what users noticed: a frozen service
 * answers late what waited for it. What was not observed never counts as up: unobserved time, together with the
 * downtime that it touches, counts as one possible gap. Nor does a good last answer prove
 * anything for the time after it, where no probe was sent since.
 */
import { durationText } from '../core/duration.ts';
import { count, countServices, showDuration, showGrain, list, shortened, plainName } from '../core/format.ts';
import { baselineFaults, baselineOf, mostOf, showComparison } from './baseline.ts';
import { fatesOf, showLengths, showWho, type Fate, type Member } from './fates.ts';
import { latencyFault, slowestMs, slowNote } from './latency-report.ts';
import type {
  Budget,
  Fault,
  FaultKind,
  HintKind,
  Report,
  ReportGap,
  RunFacts,
  ServiceReport,
  VantageReport,
  Verdict,
  VerdictResult,
} from './report.ts';
import {
  commandFailed,
  eachService,
  showBegin,
  showCommand,
  showEnding,
  showLength,
  showSeen,
  showSum,
  showWhen,
} from './report-phrases.ts';

/** Groups of faults that the sentence names; the others are counted. */
const NAMED = 3;
/** Characters of the command that stand in the sentence. */
const COMMAND = 80;

/** What could be over the budget, but was not seen to be. */
const UNPROVEN: ReadonlySet<FaultKind> = new Set<FaultKind>(['bounds', 'unobserved']);

/** What counts whenever it was. */
const PLACELESS: ReadonlySet<FaultKind> = new Set<FaultKind>(['not-back', 'lost-writes']);

/** A fault with what it is of; `gap` where it is of one. `text` is `head` and `rest`, where it has a head: what several may share. */
interface Found extends Pick<Fault, 'kind' | 'text'> {
  readonly gap?: ReportGap;
  readonly rest?: string;
}
type Placed = Found & Omit<Member, 'gap'>;

/**
 * Judges what was seen in the window of a run.
 * @param report with its hints, of which the sentence names the cause
 */
export function judge(report: Report, run: RunFacts): Verdict {
  const found = eachService(report).flatMap(({ vantage: { vantage, clock }, service }) => {
    const before = baselineOf(report, vantage, service.service);
    const ofBaseline = before === null ? [] : baselineFaults(service, before);
    const ofBudget = faultsOf(service, run, report.to, before?.mostMs ?? null, before !== null);
    const faults = [...ofBudget, ...ofBaseline];
    const step = stepFault(vantage, clock);
    return (step === null ? faults : [...faults.filter(({ kind }) => PLACELESS.has(kind)), step]).map(
      (fault): Placed => ({ ...fault, vantage, service }),
    );
  });
  const asks = eachService(report).some(({ service }) => service.asks !== false);
  const result = resultOf(found, run, asks && report.vantages.every(isWatching));
  const faults = found.map(({ kind, vantage, service: { service }, text }): Fault => ({
    kind,
    vantage,
    service,
    text,
  }));
  return { result, faults, sentence: sentenceOf({ ...report, run }, run, result, found) };
}

/**
 * The verdict on a run whose command was not started.
 * @param faults what was not up; empty where a signal ended the wait, or the command could not be started
 * @param why in words
 */
export function notStarted({ run, vantages }: Report, faults: readonly Fault[], why: string): Verdict {
  const isEnded = (run?.interrupted ?? null) !== null;
  const several = vantages.length > 1;
  const named = faults.slice(0, NAMED).map(({ service, vantage, text }) => {
    return service === '' ? text : `${showSeen(service, vantage, several)} ${verb(text)}${text}`;
  });
  const more = faults.length > NAMED ? `; and ${count(faults.length - NAMED, 'more service')}` : '';
  const which = named.length === 0 ? '' : ` ${named.join('; ')}${more}.`;
  const sentence = `${isEnded ? 'NOT PROVEN' : 'FAIL'}: ${why.replace(/(?<![.])$/, '.')}${which}`;
  return { result: isEnded ? 'not-proven' : 'fail', faults, sentence };
}

/** Where the clock of a vantage was set during the watch, what it saw may have been before the command, or during it. */
function stepFault(vantage: string, clock: VantageReport['clock']): Found | null {
  if (clock?.steppedMs === undefined) return null;
  const way = clock.steppedMs < 0 ? 'back' : 'ahead';
  const ms = showDuration(Math.abs(clock.steppedMs));
  const text = `watched by a clock that was set: that of ${vantage} was set ${way} by ${ms} during the watch, so its gaps can't be placed`;
  return { kind: 'unobserved', text };
}

function isWatching({ services }: VantageReport): boolean {
  return services.length > 0;
}

function resultOf(faults: readonly Found[], { interrupted }: RunFacts, allWatch: boolean): VerdictResult {
  if (faults.some(({ kind }) => !UNPROVEN.has(kind))) return 'fail';
  // A watch that was interrupted has not seen the end.
  return faults.length > 0 || interrupted !== null || !allWatch ? 'not-proven' : 'pass';
}

/**
 * What speaks against a service by the options.
 * @param mostMs what an earlier run allows for one gap; null where that has no bound, or where there is none
 * @param hasBaseline whether an earlier run is its budget: then `--max-gap` counts only where it was named
 */
function faultsOf(
  service: ServiceReport,
  run: RunFacts,
  to: number,
  mostMs: number | null,
  hasBaseline: boolean,
): Found[] {
  const { budget } = run;
  const { maxTotalMs } = budget;
  const isNamed = !hasBaseline || budget.namesMaxGap === true;
  // The stricter one counts.
  const strictest = Math.min(isNamed ? budget.maxGapMs : Infinity, (hasBaseline ? mostMs : null) ?? Infinity);
  // An earlier gap without an upper bound allows nothing.
  const maxGapMs = Number.isFinite(strictest) ? strictest : budget.maxGapMs;
  const faults: Found[] = [];
  if (!service.cameBack) {
    const open = service.gaps.findLast(({ end }) => end !== 'seen') ?? service.gaps.at(-1);
    const since = open === undefined ? '' : `, ${showLength(open)} ${showBegin(open)}`;
    const why = service.reason === null ? '' : `: ${service.reason}`;
    faults.push({ kind: 'not-back', text: `did not come back${since}${why}`, ...(open && { gap: open }) });
  }
  for (const gap of isNamed ? service.gaps : []) {
    if (gap.end === 'open' && !service.cameBack) continue;
    const down = `down ${showLength(gap)} ${showBegin(gap)}`;
    if (budget.maxGapMs === 0 || gap.durationMs > budget.maxGapMs) {
      const rest = overBudget(gap, budget.maxGapMs);
      faults.push({ kind: 'gap', gap, rest, text: down + rest });
    } else if (mostOf(gap) > budget.maxGapMs) {
      const rest = nearBudget(gap, service, budget.maxGapMs);
      faults.push({ kind: 'bounds', gap, rest, text: down + rest });
    }
  }
  const { longestSilence: silence = null } = service;
  if (silence !== null && maxGapMs > 0 && silence.durationMs - service.intervalMs > maxGapMs && faults.length === 0) {
    const when = showWhen(silence.from, silence.fromStartMs);
    const text = `without an answer for ${showDuration(silence.durationMs)} from ${when}, over the budget of ${showDuration(maxGapMs)}, though all answers came in the end`;
    faults.push({ kind: 'bounds', text });
  }
  if (maxTotalMs !== null) {
    const totalMs = mostInAllMs(service);
    const within = `the budget of ${showDuration(maxTotalMs)}`;
    const text = `down ${showDuration(service.downMs)} in all`;
    if (service.downMs > maxTotalMs) faults.push({ kind: 'total', text: `${text}, over ${within}` });
    else if (totalMs > maxTotalMs) {
      const settle = settledBy(service, maxTotalMs - service.downMs, totalMs - service.downMs);
      faults.push({
        kind: 'bounds',
        text: `${text}, within ${within}, but at most ${showDuration(totalMs)}: ${settle}`,
      });
    }
  }
  if (service.partialMs > maxGapMs) {
    faults.push({ kind: 'partial', text: `up from some vantages only for ${showDuration(service.partialMs)}` });
  }
  const latency = latencyFault(service, budget.maxLatencyMs);
  if (service.asks === false && budget.maxLatencyMs !== null) {
    faults.push({ kind: 'unobserved', text: 'not asked for answers, of which --max-latency is the budget' });
  } else if (latency !== null) faults.push(latency);
  const gone = service.lostWrites.reduce((sum, one) => sum + one.count, 0);
  const [found] = service.lostWrites;
  if (found !== undefined) {
    const text = `lost ${count(gone, 'acknowledged write')}, found at ${showWhen(found.at, found.fromStartMs)}`;
    faults.push({ kind: 'lost-writes', text });
  }
  const unobserved = unobservedFault(service, { maxGapMs, maxTotalMs }) ?? sparsityFault(service, run, to);
  if (unobserved !== null) faults.push({ kind: 'unobserved', text: unobserved });
  else if (isNamed && faults.length === 0 && budget.maxGapMs > 0 && service.intervalMs > budget.maxGapMs) {
    const text = `probed every ${showDuration(service.intervalMs)}, too seldom to show every gap over the budget of ${showDuration(budget.maxGapMs)}: use a shorter interval (-i)`;
    faults.push({ kind: 'unobserved', text });
  }
  return faults;
}

function overBudget(gap: ReportGap, maxGapMs: number): string {
  if (maxGapMs === 0) return '';
  const error = gap.minMs <= maxGapMs ? ', though its lower bound is within it' : '';
  return `, over the budget of ${showDuration(maxGapMs)}${error}`;
}

function nearBudget(gap: ReportGap, service: ServiceReport, maxGapMs: number): string {
  const head = `, within the budget of ${showDuration(maxGapMs)}, but`;
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
  return `an interval of ${durationText(Math.floor(enough / step) * step)} or less (-i) may settle it`;
}

/** For how long it was down at most, by the bounds of its gaps. */
function mostInAllMs({ gaps }: ServiceReport): number {
  return gaps.reduce((sum, gap) => sum + (gap.maxMs ?? gap.durationMs), 0);
}

/** How long it is not known whether it was up. */
function notKnownMs({ unobservedMs, unknownMs }: ServiceReport): number {
  return unobservedMs + unknownMs;
}

/** What could have happened unseen that the budget does not allow; null where nothing could. */
function unobservedFault(
  service: ServiceReport,
  { maxGapMs, maxTotalMs }: Pick<Budget, 'maxGapMs' | 'maxTotalMs'>,
): string | null {
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
  const downMs = Math.max(service.downMs, mostInAllMs(service));
  if (maxTotalMs === null || downMs + ms <= maxTotalMs) return null;
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

/** What causes are called, of the hints that name one. */
const CAUSES: Readonly<Partial<Record<HintKind, string>>> = {
  failover: 'another master took over',
  'process-replaced': 'the process was replaced',
  'process-frozen': 'the process was frozen or hung',
  'log-pipe-blocked': 'the container blocked on writing its log',
  'slowed-down': 'the service was overloaded or slowed down',
  'cut-off': 'the network or a proxy was taken away and put back',
  'loopback-only': 'the proxy for published ports was gone',
  'ipv6-proxy': 'IPv6 goes through a proxy that was gone',
  'proxy-without-service': 'a proxy had nothing behind it',
  'name-server': 'the name server did not answer',
  'packets-lost': 'packets were lost on the way',
  'rules-rebuilt': 'NAT or firewall rules were rebuilt',
  'new-connections-only': 'the way in for new connections was gone',
  'own-path': 'this monitor alone was cut off',
  'outside-only': 'the host was cut off from outside',
};

/** The verdict in one sentence that says all without the report: result, what, how long, cause, command, and from where. */
function sentenceOf(report: Report, run: RunFacts, result: VerdictResult, faults: readonly Placed[]): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const what = faults.length === 0 ? passSentence(report, run.budget) : failSentence(report, faults, result, several);
  const ending = showEnding(run);
  const failed = commandFailed(run);
  const head =
    result === 'pass' && failed
      ? `PASS, but the command failed: ${ending}; `
      : `${{ pass: 'PASS', fail: 'FAIL', 'not-proven': 'NOT PROVEN' }[result]}: `;
  const command = result !== 'pass' && failed ? `; and the command ${ending}` : '';
  const early =
    run.interrupted === null ? '' : `; but ${run.interrupted} ended the watch early: what came later is not known`;
  const watched = `${what}${result === 'pass' ? slowNote(report) : ''}${idleVantages(report)}${showComparison(report)}`;
  const from = list(report.vantages.filter(isWatching).map(({ vantage }) => vantage));
  const context = `${shortened(showCommand(run.command), COMMAND)}${from === '' ? '' : `, seen from ${from}`}`;
  return `${head}${all.length === 0 ? 'no service was watched' : watched}${command}${early} (${context}).`;
}

/**
 * `, likely because the process was replaced`; several causes are named beside each other, and of what, where one is not that of
 * all that is named; empty where no hint names one.
 */
function showCauseOf({ hints, vantages }: Report, named: readonly Pick<Placed, 'vantage' | 'service'>[]): string {
  // A hint speaks of both connections of a service by one name.
  const several = vantages.length > 1;
  const all = new Set(named.map(({ service, vantage }) => plainName(showSeen(service.service, vantage, several))));
  const known = hints.flatMap(({ kind, services }) => {
    const [cause, own] = [CAUSES[kind], [...new Set(services.map(plainName))].filter((one) => all.has(one))];
    return cause === undefined || own.length === 0 ? [] : [{ cause, own }];
  });
  const isWhole = new Set(known.flatMap(({ own }) => own)).size === all.size;
  const causes = known.map(({ cause, own }) => (isWhole ? cause : `${cause} (${list(own.slice(0, NAMED))})`));
  const [first, second] = [...new Set(causes)];
  if (first === undefined) return '';
  return second === undefined ? `, likely because ${first}` : `; likely causes: ${first}; ${second}`;
}

/** Which vantages watched nothing, to follow what the others saw. */
function idleVantages({ vantages }: Report): string {
  const idle = vantages.filter((one) => !isWatching(one)).map(({ vantage }) => vantage);
  return idle.length === 0 ? '' : `; but from ${list(idle)} no service was watched`;
}

function passSentence(report: Report, { maxGapMs, maxTotalMs }: Budget): string {
  const all = eachService(report);
  const several = report.vantages.length > 1;
  const asking = new Set(all.filter(({ service }) => service.asks !== false).map(({ service }) => service.service));
  const held = all.filter(({ service }) => service.asks === false).map(({ service }) => service.service);
  // A service that is watched over both kinds of connection is one.
  const seconds = held.filter((name) => asking.has(plainName(name)));
  const who = countServices([...new Set(asking.size === 0 ? held : [...asking, ...seconds])]);
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
    const grain = showGrain(slowestMs);
    // Over a kept connection on which nothing is sent, only a break of it would have been seen.
    if (unobserved.length > 0) return `${who} never seen down${grain}${unseen}`;
    const [partial] = all.toSorted((a, b) => b.service.partialMs - a.service.partialMs);
    const isPartial = partial !== undefined && partial.service.partialMs > 0;
    const up = isPartial
      ? `${who} never down from everywhere, but ${showSeen(partial.service.service, partial.vantage.vantage, several)} up from some vantages only for ${showDuration(partial.service.partialMs)}`
      : `${who} up all the time`;
    if (held.length === 0) return `${up}${grain}`;
    const connections = showHeld(all.map(({ service }) => service).filter(({ asks }) => asks === false));
    return asking.size === 0
      ? `${connections}${grain}: that proves nothing of the service`
      : `${up}, ${seconds.length === held.length ? 'among them' : 'and'} ${connections}${grain}`;
  }
  const name = showSeen(longest.service.service, longest.vantage.vantage, several);
  const total = maxTotalMs === null ? '' : `, and no service was down for more than ${showDuration(maxTotalMs)} in all`;
  const within = report.run?.baseline ? 'within the budgets' : `within the budget of ${showDuration(maxGapMs)}`;
  return `the longest gap, ${showLength(longest.gap)} of ${name}, is ${within}${total}${unseen}${showCauseOf(
    report,
    [longest].map(({ vantage, service }) => ({ vantage: vantage.vantage, service })),
  )}`;
}

/** `2 kept connections not broken, and 1 lost and opened again, on which nothing is sent` */
function showHeld(held: readonly ServiceReport[]): string {
  const lost = held.filter(({ connectionsLost }) => connectionsLost.length > 0).length;
  const whole = held.length - lost;
  const wholeText = `${count(whole, 'kept connection')} not broken`;
  const lostText = `${whole === 0 ? count(lost, 'kept connection') : String(lost)} lost and opened again`;
  const parts = [...(whole > 0 ? [wholeText] : []), ...(lost > 0 ? [lostText] : [])];
  return `${parts.join(', and ')}, on which nothing is sent`;
}

/** The worst first. */
const WEIGHT: Readonly<Record<FaultKind, number>> = {
  ...{
    'not-up': 0,
    'not-back': 0,
    'lost-writes': 1,
    gap: 2,
    total: 3,
    latency: 4,
    partial: 5,
    bounds: 6,
    unobserved: 7,
  },
};

function failSentence(report: Report, faults: readonly Placed[], result: VerdictResult, several: boolean): string {
  const fateOf = new Map(fatesOf(report).flatMap((fate, place) => fate.map(({ gap }) => [gap, place] as const)));
  const groups = new Map<string, [Placed, ...Placed[]]>();
  for (const fault of faults.filter(({ kind }) => result === 'not-proven' || !UNPROVEN.has(kind))) {
    const key = `${fault.kind} ${String(fault.gap && fateOf.get(fault.gap))}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [fault]);
    else known.push(fault);
  }
  const weighty = [...groups.values()].sort(
    (a, b) => WEIGHT[a[0].kind] - WEIGHT[b[0].kind] || measureOf(worstOf(b)) - measureOf(worstOf(a)),
  );
  const named = weighty.slice(0, NAMED).map((group) => showFaults(group, several));
  const more = weighty.slice(NAMED).reduce((sum, { length }) => sum + length, 0);
  const unobserved =
    result === 'fail' && faults.some(({ kind }) => kind === 'unobserved')
      ? '; and part of the time was not observed'
      : '';
  return `${named.join('; ')}${more > 0 ? `; and ${count(more, 'further fault')}` : ''}${unobserved}${showCauseOf(report, weighty.slice(0, NAMED).flat())}`;
}

/** How bad a fault is among those of its kind: in milliseconds, or in writes. */
function measureOf({ kind, gap, service }: Placed): number {
  if (gap !== undefined) return gap.durationMs;
  if (kind === 'latency') return slowestMs(service) ?? 0;
  if (kind === 'lost-writes') return service.lostWrites.reduce((sum, one) => sum + one.count, 0);
  if (kind === 'bounds') return service.longestSilence?.durationMs ?? service.downMs;
  if (kind === 'unobserved') return notKnownMs(service);
  return kind === 'partial' ? service.partialMs : service.downMs;
}

function worstOf(faults: readonly [Placed, ...Placed[]]): Placed {
  return faults.reduce((so, one) => (measureOf(one) > measureOf(so) ? one : so));
}

/** Faults of one kind, of gaps with one fate: `web was down …`, `38 services were down least …, middle …, most …`. */
function showFaults(faults: readonly [Placed, ...Placed[]], several: boolean): string {
  const { vantage, service, text, gap, rest } = worstOf(faults);
  const services = new Set(faults.map((one) => one.service)).size;
  if (services === 1 && faults.length > 1) {
    const name = showSeen(service.service, vantage, several);
    const sum = `down ${showSum({ gaps: faults.flatMap((one) => one.gap ?? []) })}`;
    return gap === undefined
      ? `${name} ${verb(text)}${text}`
      : `${name} was ${sum}, the longest ${showLength(gap)} ${showBegin(gap)}${rest ?? ''}`;
  }
  if (faults.length === 1) return `${showSeen(service.service, vantage, several)} ${verb(text)}${text}`;
  const who = showWho(faults, several);
  const isOne = new Set(faults.map((one) => one.service.service)).size === 1;
  if (gap === undefined || rest === undefined) {
    if (gap !== undefined) return `${who} ${verb(text) === '' ? '' : isOne ? 'was ' : 'were '}${text}`;
    return `${showSeen(service.service, vantage, several)} ${verb(text)}${text}, the worst of ${who}`;
  }
  const fate = faults.flatMap((one) => (one.gap === undefined ? [] : [{ ...one, gap: one.gap }])) as unknown as Fate;
  const first = fate.reduce((so, one) => (one.gap.from < so.gap.from ? one : so));
  return `${who} ${isOne ? 'was' : 'were'} down ${showLengths(fate)} ${showBegin(first.gap)}${rest}`;
}

/** `web was down …`, but `web did not come back …` and `cache lost 12 acknowledged writes …`. */
function verb(text: string): string {
  return /^(did|lost) /.test(text) ? '' : 'was ';
}

/** The phrases that every form of a report shares. Pure. */
import { count, showDuration, showGap, showLostWrites, showOpenGap, showSlow, showTime } from '../core/format.ts';
import { printable } from '../core/printable.ts';
import { showCauses } from '../core/reasons.ts';
import { redactedUrls } from '../core/shown-url.ts';
import type {
  Hint,
  IdentityChange,
  Report,
  ReportGap,
  RunFacts,
  ServiceReport,
  UnobservedStretch,
  VantageReport,
} from './report.ts';

/** Answers take a while, and come late on a busy machine. */
export const JITTER_MS = 50;

/**
 * A report as it is shown: all texts of others in it are printable, on one line. What every form but JSON is made from. What is printable
 * already is not copied: a report may have a hundred thousand gaps.
 */
export function printableReport<T>(report: T): T {
  if (typeof report === 'string') return printable(report) as T;
  if (typeof report !== 'object' || report === null) return report;
  if (Array.isArray(report)) {
    const all = report as readonly unknown[];
    const shown = all.map(printableReport);
    return (shown.every((one, index) => Object.is(one, all[index])) ? report : shown) as T;
  }
  const object = report as Record<string, unknown>;
  let shown: Record<string, unknown> | null = null;
  for (const key of Object.keys(object)) {
    const value = printableReport(object[key]);
    if (!Object.is(value, object[key])) (shown ??= { ...object })[key] = value;
  }
  return (shown ?? report) as T;
}

/** `+2.14 s`, `−0.40 s`: before or after the command's start. */
function showOffset(ms: number): string {
  return `${ms <= -0.5 ? '−' : '+'}${showDuration(Math.abs(ms) < 0.5 ? 0 : Math.abs(ms))}`;
}

/** When something was: relative to the command's start, or the time where there was no command. */
export function showWhen(at: number, fromStartMs: number | null): string {
  return fromStartMs === null ? showTime(at) : showOffset(fromStartMs);
}

/** A gap's length with its bounds; `so far` where it did not end. */
export function showLength(gap: ReportGap): string {
  if (gap.end === 'seen') return showGap(gap);
  return showOpenGap(gap, gap.end === 'open' ? ' so far' : '');
}

/** `from +2.14 s`; what was sent before the command and failed after its start says nothing of the time before. */
export function showBegin({ from, fromStartMs, failedStartMs = null }: ReportGap): string {
  if (fromStartMs === null || failedStartMs === null || fromStartMs > -0.5 || failedStartMs < 0) {
    return `from ${showWhen(from, fromStartMs)}`;
  }
  return `from a probe that was sent before the command and failed at ${showOffset(failedStartMs)}`;
}

/**
 * `down 0.25 s (0.21–0.31) from +2.14 s, refused ×3`.
 * @param service what was down, where the line is to say for how long it did not answer
 */
export function showGapLine(gap: ReportGap, service?: Pick<ServiceReport, 'intervalMs'>): string {
  return `down ${showLength(gap)} ${showBegin(gap)}${showCause(gap, service)}`;
}

/** `, no answer for 3.40 s, timeout-reply ×24; did not come back`. */
export function showCause(gap: ReportGap, service?: Pick<ServiceReport, 'intervalMs'>): string {
  const why = gap.reasons.length === 0 ? '' : `, ${showCauses(gap.reasons)}`;
  const end = gap.end === 'unseen' ? '; its end was not seen' : gap.end === 'open' ? '; did not come back' : '';
  return `${service === undefined ? '' : showGapSilence(gap, service)}${why}${end}`;
}

/**
 * For how long there was no answer, where that is more than the requests that failed: a frozen service answers late what waited
 * for it. A distance between two probes at either end is no silence, but what the grid resolves.
 */
export function showGapSilence(
  { silenceMs, durationMs }: ReportGap,
  { intervalMs }: Pick<ServiceReport, 'intervalMs'>,
): string {
  const isLonger = typeof silenceMs === 'number' && silenceMs - durationMs > 2 * intervalMs + JITTER_MS;
  return isLonger ? `, no answer for ${showDuration(silenceMs)}` : '';
}

/** `not observed for 0.41 s from +1.02 s: stalled`. */
export function showUnobserved(stretch: UnobservedStretch): string {
  const why = stretch.reason === null ? '' : `: ${stretch.reason}`;
  return `not observed for ${showDuration(stretch.durationMs)} from ${showWhen(stretch.from, stretch.fromStartMs)}${why}`;
}

/** All that happened to a service beside its gaps, in the order of time, one line each. */
export function showEvents({ connectionsLost, identities, slow, lostWrites }: ServiceReport): string[] {
  const lost = connectionsLost.map(({ at, reason, fromStartMs }) => {
    return { at, text: `connection lost at ${showWhen(at, fromStartMs)}: ${reason}` };
  });
  const changed = [undefined, 'role' as const, 'master' as const].flatMap((kind) =>
    showChanges(identities.filter(({ what }) => what === kind)),
  );
  const slowed = slow.map((one) => {
    return { at: one.from, text: `${showSlow(one)}, from ${showWhen(one.from, one.fromStartMs)}` };
  });
  const gone = lostWrites.map((one) => {
    return { at: one.at, text: `${showLostWrites(one.count)}, found at ${showWhen(one.at, one.fromStartMs)}` };
  });
  return [...lost, ...changed, ...slowed, ...gone].sort((a, b) => a.at - b.at).map(({ text }) => text);
}

/** Changes of the process, or of the role: one, or the first and the last of several. */
export function showChanges(changes: readonly IdentityChange[]): { at: number; text: string }[] {
  const [first, last] = [changes[0], changes.at(-1)];
  if (first === undefined || last === undefined) return [];
  const { at, was, is, what = 'process' } = first;
  const began = showWhen(at, first.fromStartMs);
  if (first === last)
    return [{ at, text: `another ${what} since ${began} at the latest: ${shortId(was)} → ${shortId(is)}` }];
  const ended = showWhen(last.at, last.fromStartMs);
  const text = `${what} ${shortId(was)} until ${began}, ${shortId(last.is)} from ${ended}, ${showTimes(changes)}`;
  return [{ at, text }];
}

/** `replaced twice`; of what came back, `changed 3 times between 2 roles`. */
function showTimes(changes: readonly IdentityChange[]): string {
  const times = (n: number): string => (n === 2 ? 'twice' : count(n, 'time'));
  const [{ what = 'process' } = {}] = changes;
  const known = new Set(changes.flatMap(({ was, is }) => [was, is])).size;
  if (known <= changes.length)
    return `changed ${times(changes.length)} between ${String(known)} ${what}${what === 'process' ? 'es' : 's'}`;
  const verb = what === 'process' ? 'replaced' : 'changed';
  // Where one change does not begin with what the one before ended with, another was not seen.
  return `${verb} ${known > changes.length + 1 ? 'at least ' : ''}${times(known - 1)}`;
}

/** An identity as it is shown: of a `run_id` the beginning is enough to tell two apart. */
export function shortId(id: string): string {
  return /^[0-9a-f]{40}$/.test(id) ? `${id.slice(0, 8)}…` : id;
}

/** A hint with its evidence, and what to look at. */
export function showHint(hint: Hint): string[] {
  const { kind, text, look } = hint;
  return [`hint (${kind}): ${text}`, ...showEvidence(hint).map((fact) => `  seen: ${fact}`), `  look at: ${look}`];
}

/** All gaps together, as long as each of them is shown: what was seen down within the window is another figure. */
export function sumOfGapsMs({ gaps }: Pick<ServiceReport, 'gaps'>): number {
  return gaps.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** `0.71 s in 3 gaps`; `–` where there is none. */
export function showSum(service: Pick<ServiceReport, 'gaps'>): string {
  const { length } = service.gaps;
  return length === 0 ? '–' : `${showDuration(sumOfGapsMs(service))} in ${count(length, 'gap')}`;
}

/** A service with its vantage, where there are several: `web (from rack-2)`. */
export function showSeen(service: string, vantage: string, several: boolean): string {
  return several ? `${service} (from ${vantage})` : service;
}

/** The marks but those of the command, whose beginning and end are there anyway. */
export function ownMarks({ marks, run }: Report): Report['marks'] {
  return marks.filter(({ text }) => run === null || !text.startsWith('run: '));
}

/** `here`, or with its clock: `rack-2 (its clock 3.2 ms ahead, ± 0.4)`. */
export function showVantage({ vantage, clock }: VantageReport): string {
  if (clock === null) return vantage;
  const { offsetMs, uncertaintyMs } = clock;
  const where = offsetMs < 0 ? 'behind' : 'ahead';
  return `${vantage} (its clock ${Math.abs(offsetMs).toFixed(1)} ms ${where}, ± ${uncertaintyMs.toFixed(1)})`;
}

/** A command as a shell would take it. */
export function showCommand(command: readonly string[]): string {
  const safe = command.map(redactedUrls);
  const quoted = safe.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  // A line break or a control character must not break the line.
  return printable(quoted.join(' '));
}

/** `exited with 0 after 3.21 s`. */
export function showEnding(
  run: Pick<RunFacts, 'ending' | 'exitCode' | 'signal' | 'durationMs' | 'interrupted'>,
): string {
  const { ending, exitCode, signal, durationMs, interrupted } = run;
  const after = durationMs === null ? '' : ` after ${showDuration(durationMs)}`;
  if (ending === 'not-started') return 'was not started';
  if (ending === null) return `had not ended when ${interrupted ?? 'the end'} came`;
  if (ending === 'given-up') return `did not end by itself: it was ended${after}`;
  return ending === 'signal'
    ? `was ended by ${signal ?? 'a signal'}${after}`
    : `exited with ${String(exitCode)}${after}`;
}

/** Whether the command did what it should. */
export function commandFailed({ ending, exitCode }: RunFacts): boolean {
  return ending !== null && !(ending === 'exited' && exitCode === 0);
}

/** What stands in the place of a report's services where it has none. */
export function showNoServices({ run }: Pick<Report, 'run'>): string {
  return run === null ? 'Nothing was recorded in this time.' : 'No service was watched.';
}

/** The services of a report with their vantages, in its order. */
export function eachService(report: Pick<Report, 'vantages'>): { vantage: VantageReport; service: ServiceReport }[] {
  return report.vantages.flatMap((vantage) => vantage.services.map((service) => ({ vantage, service })));
}

/** Facts of a hint that are shown. */
const FACTS = 3;

/** The evidence of a hint, the strongest first, at most three lines. */
export function showEvidence({ evidence }: Hint): string[] {
  const more = evidence.length - FACTS;
  // One line more is no longer than a line that says so.
  if (more <= 0) return [...evidence];
  return [...evidence.slice(0, FACTS - 1), `${evidence[FACTS - 1] ?? ''}; and ${String(more)} more`];
}

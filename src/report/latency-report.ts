/** How long good answers took in a run: the facts, what of it is slow, and the words for it. Pure. */
import { showLatency, showDuration, showSlow } from '../core/format.ts';
import type { Window } from '../core/archive.ts';
import { type ObservedAnswers, STAGES, type StageAnswers, type StageName } from './answer-record.ts';
import type { ObservedService } from './observed.ts';
import type { Fault, Report, ReportSilence, ServiceReport, StageLatency } from './report.ts';
import { eachService, showSeen, showWhen } from './report-phrases.ts';

/** An answer that is not slower than this, in milliseconds, is not called slow of itself, however fast the others are. */
const LEAST_SLOW_MS = 100;
/** An answer is far slower than usual that took this many times what all but one of a hundred take before the command. */
const FAR = 4;
/** Services that are named as slow. */
const NAMED = 2;

/**
 * How long the good answers of a service took in each stage.
 * @returns null where no sample of it was recorded
 */
export function latencyReport(
  { answers = null, intervals }: ObservedService,
  window: Window,
  fromStart: (at: number) => number | null,
): ServiceReport['latency'] {
  if (answers === null) return null;
  const notSeen = intervals.filter(({ state }) => state === 'unobserved');
  const isSeen = ({ from, to }: Window): boolean =>
    from < window.to && to > window.from && !notSeen.some((one) => one.from < to && (one.to ?? Infinity) > from);
  const last = lastStage(answers);
  const stage = (name: StageName): StageLatency | null => {
    const one = answers.stages[name];
    const silences = name === last ? [...one.silences, ...openSilence(answers, window)] : one.silences;
    const longest = silences.filter(isSeen).sort((a, b) => b.to - b.from - (a.to - a.from))[0];
    const silence: ReportSilence | null =
      longest === undefined
        ? null
        : { ...longest, durationMs: round(longest.to - longest.from), fromStartMs: fromStart(longest.from) };
    return stageReport(one, silence, fromStart);
  };
  return { before: stage('before'), during: stage('during'), after: stage('after') };
}

function stageReport(
  { latency, count, slowestAt }: StageAnswers,
  silence: ReportSilence | null,
  fromStart: (at: number) => number | null,
): StageLatency | null {
  if (latency === null || slowestAt === null) {
    return silence === null
      ? null
      : { answers: 0, p50Ms: null, p99Ms: null, maxMs: null, slowestAt: null, slowestFromStartMs: null, silence };
  }
  return { answers: count, ...latency, slowestAt, slowestFromStartMs: fromStart(slowestAt), silence };
}

/** The stage in which the watch ended, or the last one in which something was answered. */
function lastStage({ stages }: ObservedAnswers): StageName {
  return STAGES.findLast((name) => stages[name].count > 0) ?? 'before';
}

/** The time from the last good answer to the end of the window. */
function openSilence({ lastAnswerAt }: ObservedAnswers, { to }: Window): Window[] {
  return lastAnswerAt === null || lastAnswerAt >= to ? [] : [{ from: lastAnswerAt, to }];
}

/** The stages that a run's command can have changed anything in. */
function changed({ latency }: ServiceReport): StageLatency[] {
  return latency === null ? [] : [latency.during, latency.after].filter((one) => one !== null);
}

/** The slowest good answer since the command was started; null where none is known. */
function slowest(service: ServiceReport): StageLatency | null {
  return (
    changed(service)
      .filter(({ maxMs }) => maxMs !== null)
      .sort((a, b) => (b.maxMs ?? 0) - (a.maxMs ?? 0))[0] ?? null
  );
}

/** How long the slowest good answer since the command was started took; null where none is known. */
export function slowestMs(service: ServiceReport): number | null {
  return slowest(service)?.maxMs ?? null;
}

/** What speaks against a service where its slowest good answer has a budget; null for nothing. */
export function latencyFault(service: ServiceReport, maxLatencyMs: number | null): Pick<Fault, 'kind' | 'text'> | null {
  if (maxLatencyMs === null) return null;
  if (service.latency === null) {
    return {
      kind: 'unobserved',
      text: 'not measured: how long its answers took is not known, so neither is the slowest',
    };
  }
  const worst = slowest(service);
  if (worst === null || (worst.maxMs ?? 0) <= maxLatencyMs) return null;
  const text = `slow: ${showSlowest(worst)}, over the budget of ${showDuration(maxLatencyMs)} for the slowest answer`;
  return { kind: 'latency', text };
}

function showSlowest({ maxMs, slowestAt, slowestFromStartMs }: StageLatency): string {
  return `an answer took ${showLatency(maxMs ?? 0)} at ${showWhen(slowestAt ?? 0, slowestFromStartMs)}`;
}

/**
 * Which services were up but slow: by `--slow`, or far slower than before the command.
 * @returns `, but slow: no answer for 0.93 s from +0.02 s, usually 0.3 ms`; empty for none
 */
export function slowNote(report: Report): string {
  const several = report.vantages.length > 1;
  const all = eachService(report);
  const notes = all
    .flatMap(({ vantage, service }) => {
      const words = slowWords(service);
      if (words === null) return [];
      const who = all.length > 1 ? `${showSeen(service.service, vantage.vantage, several)} ` : '';
      const gave = words.startsWith('no answer') && who !== '' ? 'gave ' : '';
      return [{ ms: slowest(service)?.maxMs ?? 0, text: who + gave + words }];
    })
    .sort((a, b) => b.ms - a.ms)
    .map(({ text }) => text);
  if (notes.length === 0) return '';
  const more = notes.length > NAMED ? `; and ${String(notes.length - NAMED)} more` : '';
  return `, but slow: ${notes.slice(0, NAMED).join('; ')}${more}`;
}

/** `no answer for 0.93 s from +0.02 s, usually 0.3 ms`; null where it was not slow. */
export function slowWords(service: ServiceReport): string | null {
  const worst = slowest(service);
  const { p50Ms = null, p99Ms = null } = service.latency?.before ?? {};
  const limitMs = Math.max(LEAST_SLOW_MS, FAR * (p99Ms ?? Infinity));
  const maxMs = worst?.maxMs ?? 0;
  if (worst === null || maxMs <= limitMs) {
    const longest = [...service.slow].sort((a, b) => b.slowestMs - a.slowestMs)[0];
    return longest === undefined ? null : `${showSlow(longest)} at ${showWhen(longest.from, longest.fromStartMs)}`;
  }
  const usually = p50Ms === null ? '' : `, usually ${showLatency(p50Ms)}`;
  const silent = longestSilence(service);
  // Where each answer came late, but one came after the other, it was not silent for that long.
  const isSilent = silent !== null && silent.durationMs >= maxMs / 2;
  return isSilent
    ? `no answer for ${showDuration(silent.durationMs)} from ${showWhen(silent.from, silent.fromStartMs)}${usually}`
    : `${showSlowest(worst)}${usually}`;
}

/** The longest time without a good answer since the command was started. */
function longestSilence(service: ServiceReport): ReportSilence | null {
  return (
    changed(service)
      .flatMap(({ silence }) => (silence === null ? [] : [silence]))
      .sort((a, b) => b.durationMs - a.durationMs)[0] ?? null
  );
}

/** `p50 0.3 ms, p99 0.9 ms, slowest 0.93 s`. */
export function showStage(stage: StageLatency | null): string {
  const { p50Ms = null, p99Ms = null, maxMs = null } = stage ?? {};
  if (p50Ms === null || p99Ms === null || maxMs === null) return 'no good answer';
  return `p50 ${showLatency(p50Ms)}, p99 ${showLatency(p99Ms)}, slowest ${showLatency(maxMs)}`;
}

/** How long the good answers of a service took, and for how long there was none, a line each. */
export function showAnswers(service: ServiceReport): string[] {
  const { latency } = service;
  if (latency === null) return [];
  const known = STAGES.filter((name) => latency[name] !== null);
  const stages = known.map((name) => `${name}: ${showStage(latency[name])}`).join('; ');
  const silence = showSilence(service);
  return [`answers ${stages}`, ...(silence === null ? [] : [silence])];
}

/** `no answer for 0.93 s from +0.02 s`: the longest such time since the command was started. */
export function showSilence(service: ServiceReport): string | null {
  const silence = longestSilence(service);
  // Between two answers there is always one interval.
  if (silence === null || silence.durationMs <= 2 * service.intervalMs) return null;
  return `no answer for ${showDuration(silence.durationMs)} from ${showWhen(silence.from, silence.fromStartMs)}`;
}

/** To the microsecond: what lies below is noise. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

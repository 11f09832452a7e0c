/**
 * `--baseline FILE`: the `.json` report of an earlier run, whose longest gap and slowest answer of a service are its budgets now. One is
 * worse, or better, only where the bounds of the two do not overlap. Pure.
 */
import { z } from 'zod';

import { countServices, showDuration, showGap, showLatency } from '../core/format.ts';
import { slowestMs } from './latency-report.ts';
import {
  FORMAT,
  type Baseline,
  type BaselineService,
  type Fault,
  type Report,
  type ReportGap,
  type ServiceReport,
} from './report.ts';
import { eachService, showBegin, showLength, showSeen, sumOfGapsMs } from './report-phrases.ts';

/** A report of 40 services over an hour takes some megabytes. */
export const MOST_BYTES = 64 * 1024 * 1024;
const MOST_SERVICES = 10_000;
/** On a busy machine answers come as much later: two slowest answers that are nearer to each other are the same. */
const SAME_ANSWER_MS = 50;
/** Services that a sentence names. */
const NAMED = 2;

const name = z.string().min(1).max(1000);
const ms = z.number().min(0);
const slowest = z.object({ maxMs: ms.nullable() }).nullable();
const gap = z.object({ durationMs: ms, minMs: ms, maxMs: ms.nullable(), silenceMs: ms.nullable().optional() });
const service = z.object({
  service: name,
  gaps: z.array(gap),
  // Version 0.1.0 did not have it.
  latency: z.object({ during: slowest, after: slowest }).nullable().optional(),
});
const earlier = z.object({
  from: z.number(),
  run: z.object({ ending: z.string().nullable(), interrupted: z.string().nullable().optional() }).nullable(),
  vantages: z.array(z.object({ vantage: name, services: z.array(service).max(MOST_SERVICES) })).max(MOST_SERVICES),
});

/**
 * What an earlier report allows.
 * @param text of the file
 * @returns why it is no baseline, for people, where it is another thing
 */
export function parseBaseline(text: string, file: string): Baseline | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'this is not JSON: the report of an earlier run, written with --report FILE.json, is needed';
  }
  const head = z.object({ format: z.unknown(), program: z.object({ name: z.literal('gapwatch') }) }).safeParse(value);
  if (!head.success) return 'this is JSON, but no report of gapwatch (--report FILE.json)';
  if (head.data.format !== FORMAT) {
    return `this report has the format ${JSON.stringify(head.data.format ?? null)}, and this version of gapwatch reads format ${String(FORMAT)}`;
  }
  const read = earlier.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    return `this report is damaged: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  }
  const { run, from, vantages } = read.data;
  if (run === null) return 'this is a report from the history: that of a run is needed';
  if (run.ending === 'not-started') return 'this is the report of a run whose command was not started';
  if ((run.interrupted ?? null) !== null)
    return 'this is the report of a run that was interrupted: what came later is not known';
  const services = vantages.flatMap((one) => one.services.map((each) => allowedBy(one.vantage, each)));
  return { file, from, services };
}

function allowedBy(vantage: string, { service: name, gaps, latency }: z.infer<typeof service>): BaselineService {
  const longest = longestOf(gaps);
  const most = gaps.reduce((so, one) => Math.max(so, one.maxMs ?? Infinity, one.silenceMs ?? 0), 0);
  return {
    vantage,
    service: name,
    longest: longest && { durationMs: longest.durationMs, minMs: longest.minMs, maxMs: longest.maxMs },
    mostMs: Number.isFinite(most) ? most : null,
    totalMs: gaps.reduce((sum, one) => sum + one.durationMs, 0),
    slowestMs: maxOf([latency?.during?.maxMs, latency?.after?.maxMs]),
  };
}

function longestOf<T extends { readonly durationMs: number }>(gaps: readonly T[]): T | null {
  return gaps.reduce<T | null>((so, one) => (so === null || one.durationMs > so.durationMs ? one : so), null);
}

function maxOf(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((one) => typeof one === 'number');
  return known.length === 0 ? null : Math.max(...known);
}

/**
 * The service of an earlier report that is the same as this one: of the same vantage, or else the only one of that name, where it is
 * the only one today too and the vantage is not there any more, as the host may have another name today.
 */
export function baselineOf(
  { run, vantages }: Pick<Report, 'run' | 'vantages'>,
  vantage: string,
  name: string,
): BaselineService | null {
  const named = run?.baseline?.services.filter(({ service }) => service === name) ?? [];
  const same = named.find((one) => one.vantage === vantage);
  if (same !== undefined) return same;
  const [only, ...others] = named;
  if (only === undefined) return null;
  const today = vantages.filter(({ services }) => services.some(({ service }) => service === name));
  const isRenamed = others.length === 0 && today.length === 1 && !vantages.some((one) => one.vantage === only.vantage);
  return isRenamed ? only : null;
}

/** What speaks against a service whose budgets an earlier run is. */
export function baselineFaults(
  service: ServiceReport,
  before: BaselineService,
): (Pick<Fault, 'kind' | 'text'> & { readonly gap?: ReportGap; readonly rest?: string })[] {
  // Where the end of a gap was not seen, any of now may be longer, or shorter.
  const { mostMs } = before;
  const was = `before: ${showBefore(before)}${mostMs === null ? ', without an upper bound' : ''}`;
  const gaps = service.gaps
    .filter(({ end }) => end !== 'open' || service.cameBack)
    .filter((gap) => before.longest === null || mostMs === null || mostOf(gap) > mostMs)
    .map((gap) => {
      const isWorse = before.longest === null || (mostMs !== null && gap.minMs > mostMs);
      const rest = isWorse ? `, ${was}` : `, the same within the bounds, but maybe longer; ${was}`;
      const text = `down ${showLength(gap)} ${showBegin(gap)}${rest}`;
      return { kind: isWorse ? ('gap' as const) : ('bounds' as const), gap, rest, text };
    });
  const slowest = slowestMs(service);
  if (slowest === null || before.slowestMs === null || slowest <= before.slowestMs + SAME_ANSWER_MS) return gaps;
  const text = `slow: an answer took ${showLatency(slowest)}; before: ${showLatency(before.slowestMs)} at most`;
  return [...gaps, { kind: 'latency', text }];
}

/** `0.25 s (0.16–0.34)`, `no gap`: the longest gap of an earlier run. */
export function showBefore({ longest }: BaselineService): string {
  return longest === null ? 'no gap' : showGap(longest);
}

/** The longest time for which users may have been without the service. What is not seen of a gap counts as unobserved. */
export function mostOf({ end, maxMs, durationMs, silenceMs }: ReportGap): number {
  return Math.max(end === 'seen' ? (maxMs ?? Infinity) : durationMs, silenceMs ?? 0);
}

/** By how much the longest gap and the slowest answer are longer than before, beyond the bounds: negative where they are shorter, 0 for the same. */
function changeOf(service: ServiceReport, before: BaselineService): { gapMs: number; answerMs: number } {
  const least = maxOf(service.gaps.map(({ minMs }) => minMs)) ?? 0;
  const most = maxOf(service.gaps.map(mostOf)) ?? 0;
  const { longest, mostMs, totalMs, slowestMs: slowestBefore } = before;
  const isNew = longest === null && service.gaps.length > 0;
  const worseMs = isNew ? Math.max(1, least) : least - (mostMs ?? Infinity);
  const slowest = slowestMs(service);
  const answerMs = slowest === null || slowestBefore === null ? 0 : slowest - slowestBefore;
  // One that did not come back, or was down for longer in all, is not better for a shorter longest gap.
  const isOver = service.cameBack && service.gaps.every(({ end }) => end === 'seen') && sumOfGapsMs(service) <= totalMs;
  return {
    gapMs: worseMs > 0 ? worseMs : isOver ? Math.min(0, most - (longest?.minMs ?? 0)) : 0,
    answerMs: Math.abs(answerMs) <= SAME_ANSWER_MS ? 0 : answerMs,
  };
}

/** `web better by at least 0.21 s; 3 services the same within the bounds`: all services beside those of an earlier run; empty without one. */
export function showComparison(report: Report): string {
  if (!report.run?.baseline) return '';
  const several = report.vantages.length > 1;
  const groups = { worse: [] as string[], better: [] as string[] };
  const [same, unknown]: [string[], string[]] = [[], []];
  const unmatched = new Set(report.run.baseline.services);
  for (const {
    vantage: { vantage },
    service,
  } of eachService(report)) {
    const before = baselineOf(report, vantage, service.service);
    if (before !== null) unmatched.delete(before);
    const { gapMs, answerMs } = before === null ? { gapMs: 0, answerMs: 0 } : changeOf(service, before);
    const name = showSeen(service.service, vantage, several);
    if (before === null) unknown.push(`${vantage}: ${service.service}`);
    else if (gapMs > 0 || answerMs > 0)
      groups.worse.push(`${name} worse ${beyond(Math.max(0, gapMs), Math.max(0, answerMs))}`);
    else if (gapMs < 0 || answerMs < 0) groups.better.push(`${name} better ${beyond(-gapMs, -answerMs)}`);
    else same.push(`${vantage}: ${service.service}`);
  }
  const parts = Object.entries(groups).flatMap(([word, all]) => {
    const more = all.length - NAMED;
    return [...all.slice(0, NAMED), ...(more > 0 ? [`${String(more)} more ${word}`] : [])];
  });
  if (same.length > 0) parts.push(`${countServices(same)} the same within the bounds`);
  if (unknown.length > 0) parts.push(`${countServices(unknown)} not in it`);
  if (unmatched.size > 0) parts.push(`${countServices([...unmatched].map(keyOf))} of it not watched now`);
  return `; compared with the baseline: ${parts.join(', ')}`;
}

function keyOf({ vantage, service }: Pick<BaselineService, 'vantage' | 'service'>): string {
  return `${vantage}: ${service}`;
}

/** By how much, beyond the bounds. */
function beyond(gapMs: number, answerMs: number): string {
  const gap = gapMs > 0 ? [`by at least ${showDuration(gapMs)}`] : [];
  return [...gap, ...(answerMs > 0 ? [`the slowest answer by ${showLatency(answerMs)}`] : [])].join(', ');
}

/** From what was observed to a report's facts about a window: cut, summed, and put in order. Pure. */
import { VERSION } from '../core/version.ts';
import { incidentsOf } from './group.ts';
import { gapsOf } from './report-gaps.ts';
import type { ObservedInterval, ObservedService, ObservedVantage, Window } from './observed.ts';
import { FORMAT, type Report, type ReportInterval, type ServiceReport, type VantageReport } from './report.ts';

/** To the microsecond: what lies below is noise. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/**
 * The report of a window, without what only a run has.
 * @param startedAt when run's command was started, for the offsets; null where there is none
 */
export function buildReport(observed: readonly ObservedVantage[], window: Window, startedAt: number | null): Report {
  const fromStart = (at: number): number | null => (startedAt === null ? null : round(at - startedAt));
  const names = uniqueNames(observed.map(({ vantage }) => vantage));
  const vantages = observed.map((one, index): VantageReport => {
    const services = one.services.map((service) => serviceReport(service, window, fromStart));
    return { vantage: names[index] ?? one.vantage, monitor: one.monitor, clock: one.clock, services };
  });
  const marks = observed.flatMap((one, index) =>
    one.marks.map(({ at, text }) => ({
      vantage: names[index] ?? one.vantage,
      at,
      text,
      fromStartMs: fromStart(at),
    })),
  );
  return {
    format: FORMAT,
    program: { name: 'gapwatch', version: VERSION },
    from: window.from,
    to: window.to,
    run: null,
    verdict: null,
    vantages,
    incidents: incidentsOf(vantages, fromStart),
    marks: marks.filter(({ at }) => isInside(at, window)).sort((a, b) => a.at - b.at),
    hints: [],
  };
}

function serviceReport(
  service: ObservedService,
  window: Window,
  fromStart: (at: number) => number | null,
): ServiceReport {
  const intervals = cut(service.intervals, window);
  const gaps = gapsOf(service, intervals, window).map((gap) => ({
    ...gap,
    fromStartMs: fromStart(gap.from),
    toStartMs: gap.to === null ? null : fromStart(gap.to),
  }));
  const sum = (state: ReportInterval['state']): number =>
    round(intervals.reduce((ms, one) => ms + (one.state === state ? one.to - one.from : 0), 0));
  const [upMs, downMs] = [sum('up'), sum('down')];
  const last = intervals.at(-1);
  // Not of the window alone: who was last seen down before it, or for no time, did not come back either.
  const seen = service.intervals.findLast(
    ({ state, from }) => (state === 'up' || state === 'down') && from <= window.to,
  );
  return {
    service: service.name,
    ...service.info,
    intervals,
    gaps,
    upMs,
    downMs,
    unobservedMs: sum('unobserved'),
    unknownMs: sum('unknown'),
    partialMs: sum('partial'),
    uptime: upMs + downMs === 0 ? null : upMs / (upMs + downMs),
    longestGapMs: Math.max(0, ...gaps.map(({ durationMs }) => durationMs)),
    unobserved: intervals
      .filter(({ state }) => state === 'unobserved')
      .map(({ from, to, reason }) => {
        return { from, to, durationMs: round(to - from), reason, fromStartMs: fromStart(from) };
      }),
    connectionsLost: service.lost
      .filter(({ at }) => isInside(at, window))
      .map(({ at, reason, message }) => ({ at, reason, message, fromStartMs: fromStart(at) })),
    identities: service.identities
      .filter(({ at }) => isInside(at, window))
      .map(({ at, was, is }) => ({ at, was, is, fromStartMs: fromStart(at) })),
    state: last?.state ?? 'unknown',
    reason: last?.reason ?? null,
    cameBack: seen?.state !== 'down',
  };
}

/** A timeline cut to a window, without a hole: before the first interval nothing is known, in holes nobody looked. */
function cut(intervals: readonly ObservedInterval[], window: Window): ReportInterval[] {
  const pieces: ReportInterval[] = [];
  let at = window.from;
  const add = (state: ReportInterval['state'], to: number, reason: ReportInterval['reason']): void => {
    const end = Math.min(to, window.to);
    if (end <= at) return;
    const before = pieces.at(-1);
    if (before?.state === state && before.reason === reason) pieces[pieces.length - 1] = { ...before, to: end };
    else pieces.push({ state, from: at, to: end, reason });
    at = end;
  };
  intervals.forEach(({ state, from, to, reason }, index) => {
    if (index === 0) add('unknown', from, null);
    else add('unobserved', from, 'stopped');
    add(state, to ?? Infinity, reason);
  });
  if (intervals.length === 0) add('unknown', Infinity, null);
  else add('unobserved', Infinity, 'stopped');
  return pieces;
}

function isInside(at: number, { from, to }: Window): boolean {
  return from <= at && at <= to;
}

/** Two monitors may have the same name. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; taken.has(unique); n++) unique = `${name} (${String(n)})`;
    taken.add(unique);
    return unique;
  });
}

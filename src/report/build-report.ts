/** From what was observed to the facts of a report about a window: cut, summed, grouped, and in order. Pure. */
import { ratio } from '../core/uptime.ts';
import { VERSION } from '../core/version.ts';
import type { Window } from '../core/archive.ts';
import { latencyReport } from './latency-report.ts';
import type { ObservedInterval, ObservedService, ObservedVantage } from './observed.ts';
import {
  FORMAT,
  type Report,
  type ReportInterval,
  type ServiceReport,
  type VantageReport,
  type ReportGap,
  type IncidentReport,
} from './report.ts';
import { type Incident, Incidents } from '../core/incidents.ts';

/** To the microsecond: what lies below is noise. */
function round(ms: number): number {
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
  // Not of the window alone: a service that was last seen down before it did not come back either.
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
    uptime: ratio({ upMs, downMs }),
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
      .map(({ at, was, is, what }) => ({ at, was, is, ...(what && { what }), fromStartMs: fromStart(at) })),
    slow: service.slow
      .filter(({ from, to }) => to >= window.from && from <= window.to)
      .map(({ from, to, slowestMs, count }) => ({ from, to, slowestMs, count, fromStartMs: fromStart(from) })),
    latency: latencyReport(service, window, fromStart),
    state: last?.state ?? 'unknown',
    reason: last?.reason ?? null,
    cameBack: seen?.state !== 'down',
  };
}

/** A timeline cut to a window, without a hole: before the first interval nothing is known, holes are unobserved. */
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

type WholeGap = Omit<ReportGap, 'fromStartMs' | 'toStartMs' | 'insideMs'>;

/**
 * The gaps of a service, oldest first.
 * @param inside its intervals, cut to the window
 */
function gapsOf(
  service: ObservedService,
  inside: readonly ReportInterval[],
  window: Window,
): Omit<ReportGap, 'fromStartMs' | 'toStartMs'>[] {
  const seen = seenGaps(service).sort((a, b) => a.from - b.from);
  const gaps = [...seen, ...unseenGaps(service, seen, window)]
    .filter((gap) => overlaps(gap, window))
    .sort((a, b) => a.from - b.from);
  // Gaps and stretches are both in the order of time: one walk along the two, however many there are.
  const downs = inside.filter(({ state }) => state === 'down');
  let first = 0;
  return gaps.map((gap) => {
    while ((downs[first]?.to ?? Infinity) <= gap.from) first += 1;
    return { ...gap, insideMs: insideMs(gap, downs, first) };
  });
}

function seenGaps({ gaps, openGap }: ObservedService): WholeGap[] {
  const ended = gaps.map((gap): WholeGap => ({ ...gap, end: 'seen' }));
  if (openGap === null) return ended;
  return [...ended, { ...openGap, to: null, end: 'open', maxMs: null }];
}

/** The stretches of downtime that no gap covers, as gaps. */
function unseenGaps(service: ObservedService, seen: readonly WholeGap[], window: Window): WholeGap[] {
  const lastSeen = service.intervals.findLastIndex(({ state }) => state !== 'unobserved');
  let next = 0;
  return service.intervals.flatMap((down, index) => {
    if (down.state !== 'down') return [];
    for (let gap = seen[next]; gap !== undefined && endOf(gap) <= down.from; gap = seen[next]) next += 1;
    const gap = seen[next];
    return gap !== undefined && overlaps(gap, down) ? [] : [unseenGap(service, down, index < lastSeen, window)];
  });
}

/**
 * A stretch of downtime that no gap covers: the monitor was lost in it, or still sees it. Its first failed probe had
 * ended one deadline after its begin, and the last one was sent one interval before its end at the latest.
 */
function unseenGap({ info }: ObservedService, down: ObservedInterval, isOver: boolean, window: Window): WholeGap {
  const durationMs = (down.to ?? window.to) - down.from;
  return {
    from: down.from,
    to: null,
    end: isOver ? 'unseen' : 'open',
    durationMs,
    minMs: Math.max(0, durationMs - info.timeoutMs - info.intervalMs),
    maxMs: null,
    failed: null,
    reasons: down.reason === null ? [] : [{ reason: down.reason, count: null }],
  };
}

/** @param first the first stretch that ends after the gap begins */
function insideMs(gap: WholeGap, downs: readonly ReportInterval[], first: number): number {
  const until = endOf(gap);
  let ms = 0;
  for (let place = first, down = downs[place]; down !== undefined && down.from < until; down = downs[++place]) {
    ms += Math.min(down.to, until) - Math.max(down.from, gap.from);
  }
  return Math.round(ms * 1000) / 1000;
}

/** When it was last seen down. */
function endOf(gap: WholeGap): number {
  if (gap.to !== null) return gap.to;
  return gap.end === 'open' ? Infinity : gap.from + gap.durationMs;
}

function overlaps(gap: WholeGap, other: { readonly from: number; readonly to: number | null }): boolean {
  return gap.from < (other.to ?? Infinity) && endOf(gap) > other.from;
}

interface ScheduledService {
  readonly service: string;
  /** Its place among the gaps of its service. */
  readonly place: number;
  readonly gap: ReportGap;
}

/** The incidents of all vantages, oldest first. */
function incidentsOf(vantages: readonly VantageReport[], fromStart: (at: number) => number | null): IncidentReport[] {
  return vantages.flatMap((one) => incidentsAt(one, fromStart)).sort((a, b) => a.from - b.from);
}

function incidentsAt({ vantage, services }: VantageReport, fromStart: (at: number) => number | null): IncidentReport[] {
  const placed = services
    .flatMap(({ service, gaps }) => gaps.map((gap, place): ScheduledService => ({ service, place, gap })))
    .sort((a, b) => a.gap.from - b.gap.from);
  const incidents = new Incidents();
  const members = new Map<Incident, ScheduledService[]>();
  for (const one of placed) {
    const { service, gap } = one;
    const incident = incidents.fell({ service, at: gap.from, reason: gap.reasons[0]?.reason ?? null, message: null });
    const all = members.get(incident);
    if (all === undefined) members.set(incident, [one]);
    else all.push(one);
  }
  return Array.from(members.values(), (all) => {
    const from = Math.min(...all.map(({ gap }) => gap.from));
    const ends = all.map(({ gap }) => gap.to);
    return {
      vantage,
      from,
      to: ends.every((end) => end !== null) ? Math.max(...ends) : null,
      longestGapMs: Math.max(...all.map(({ gap }) => gap.durationMs)),
      fromStartMs: fromStart(from),
      services: all.map(({ service, place }) => ({ service, gap: place })),
    };
  });
}

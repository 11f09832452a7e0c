/** From what was observed to the facts of a report about a window: cut, summed, grouped, and in order. Pure. */
import { ratio } from '../core/uptime.ts';
import { VERSION } from '../core/version.ts';
import type { Window } from '../core/archive.ts';
import { latencyReport } from './latency-report.ts';
import type { ObservedInterval, ObservedOpenGap, ObservedService, ObservedVantage } from './observed.ts';
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

/** No two probes of a service are sent within this time; labels of one differ by what is rounded. */
const SAME_PROBE_MS = 0.1;

/** To the microsecond: what lies below is noise. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Of hundreds of thousands too, of which `Math.max(...values)` makes a stack overflow. */
function largest(values: readonly number[], least = 0): number {
  return values.reduce((most, value) => Math.max(most, value), least);
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
  // Both in the order of time: there may be hundreds of thousands.
  const falls = [...(service.falls ?? [])].sort((a, b) => a.from - b.from);
  let next = 0;
  const gaps = gapsOf(service, intervals, window).map((gap): ReportGap => {
    while ((falls[next]?.from ?? Infinity) <= gap.from - SAME_PROBE_MS) next += 1;
    const near = falls[next];
    const fall = near !== undefined && near.from < gap.from + SAME_PROBE_MS ? near : undefined;
    return {
      ...gap,
      fromStartMs: fromStart(gap.from),
      toStartMs: gap.to === null ? null : fromStart(gap.to),
      ...(fall !== undefined && { failedStartMs: fromStart(fall.failedAt) }),
    };
  });
  const sum = (state: ReportInterval['state']): number =>
    round(intervals.reduce((ms, one) => ms + (one.state === state ? one.to - one.from : 0), 0));
  const observedMs = sum('up') + sum('down');
  const gapsMs = gaps.reduce((ms, gap) => ms + gap.insideMs, 0);
  // As its gaps are said to have lasted: the states begin with the probe that failed, half of an interval late on average.
  // What was never up has no edge at which the two may differ.
  const downMs = round(sum('up') === 0 ? observedMs : Math.min(observedMs, gapsMs));
  const upMs = round(observedMs - downMs);
  const inPlanned = gaps.reduce((ms, gap) => ms + (gap.planned === true ? gap.insideMs : 0), 0);
  const plannedMs = round(Math.min(downMs, inPlanned));
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
    ...(plannedMs > 0 && {
      planned: { downMs: plannedMs, uptimeWithout: ratio({ upMs, downMs: round(downMs - plannedMs) }) },
    }),
    ...(isWithin(service.silence, window) && {
      longestSilence: { ...service.silence, fromStartMs: fromStart(service.silence.from) },
    }),
    longestGapMs: largest(gaps.map(({ durationMs }) => durationMs)),
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
      .map(({ at, notBefore, was, is, what }) => {
        const since = notBefore === undefined ? {} : { notBefore };
        return { at, ...since, was, is, ...(what && { what }), fromStartMs: fromStart(at) };
      }),
    ...(service.identified !== undefined && { identified: service.identified }),
    slow: service.slow
      .filter(({ from, to }) => to >= window.from && from <= window.to)
      .map(({ from, to, slowestMs, count }) => ({ from, to, slowestMs, count, fromStartMs: fromStart(from) })),
    lostWrites: service.lostWrites
      .filter(({ at }) => isInside(at, window))
      .map(({ at, count }) => ({ at, count, fromStartMs: fromStart(at) })),
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

function isWithin(silence: ObservedService['silence'], { from, to }: Window): silence is NonNullable<typeof silence> {
  return silence !== undefined && silence.from < to && silence.from + silence.durationMs > from;
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

/** A gap, and when it was last seen down: `Infinity` while it is open. */
interface WholeGap extends Omit<ReportGap, 'fromStartMs' | 'toStartMs' | 'insideMs'> {
  readonly until: number;
}

/**
 * The gaps of a service, oldest first.
 * @param inside its intervals, cut to the window
 */
function gapsOf(
  service: ObservedService,
  inside: readonly ReportInterval[],
  window: Window,
): Omit<ReportGap, 'fromStartMs' | 'toStartMs'>[] {
  const seen = seenGaps(service, window).sort((a, b) => a.from - b.from);
  const gaps = [...seen, ...unseenGaps(service, seen, window)]
    .filter((gap) => overlaps(gap, window))
    .sort((a, b) => a.from - b.from);
  // Gaps and stretches are both in the order of time: one walk along the two, however many there are.
  const downs = inside.filter(({ state }) => state === 'down');
  let first = 0;
  return gaps.map(({ until, ...gap }) => {
    while ((downs[first]?.to ?? Infinity) <= gap.from) first += 1;
    const isWhole = gap.from >= window.from && (gap.end === 'open' || until <= window.to);
    const seenMs = insideMs(gap.from, until, downs, first);
    return { ...gap, insideMs: isWhole ? gap.durationMs : Math.min(gap.durationMs, seenMs) };
  });
}

function seenGaps({ gaps, openGap, intervals }: ObservedService, window: Window): WholeGap[] {
  const ended = gaps.map((gap): WholeGap => ({ ...gap, end: 'seen', until: gap.to }));
  return openGap === null ? ended : [...ended, openAt(openGap, intervals, window.to)];
}

/** A gap that is open, as it was at the end of the window. What was known of it may be older, or later. */
function openAt(gap: ObservedOpenGap, intervals: readonly ObservedInterval[], end: number): WholeGap {
  const downWithin = (from: number, to: number): number =>
    intervals
      .filter(({ state }) => state === 'down')
      .reduce((ms, down) => ms + Math.max(0, Math.min(down.to ?? Infinity, to) - Math.max(down.from, from)), 0);
  const { until, ...facts } = gap;
  const beyondMs =
    until === undefined ? Math.max(0, gap.durationMs - downWithin(gap.from, end)) : downWithin(end, until);
  const sinceMs = until === undefined ? 0 : downWithin(until, end);
  const durationMs = round(Math.max(0, gap.durationMs - beyondMs + sinceMs));
  const cut = (ms: number): number => round(Math.min(durationMs, Math.max(0, ms - beyondMs)));
  return {
    ...facts,
    ...{ to: null, end: 'open', until: Infinity, durationMs, minMs: cut(gap.minMs), maxMs: null },
    ...(gap.provenMinMs !== undefined && { provenMinMs: cut(gap.provenMinMs) }),
  };
}

/** The downtime that no gap covers, as gaps: stretches that only unobserved time separates are one. */
function unseenGaps(service: ObservedService, seen: readonly WholeGap[], window: Window): WholeGap[] {
  const lastSeen = service.intervals.findLast(({ state }) => state !== 'unobserved');
  const found: ObservedInterval[][] = [];
  let isDown = false;
  let next = 0;
  for (const one of service.intervals) {
    if (one.state === 'unobserved') continue;
    for (let gap = seen[next]; gap !== undefined && gap.until <= one.from; gap = seen[next]) next += 1;
    const gap = seen[next];
    const wasDown = isDown;
    isDown = one.state === 'down' && (gap === undefined || !overlaps(gap, one));
    if (isDown && wasDown) found.at(-1)?.push(one);
    else if (isDown) found.push([one]);
  }
  return found.map((downs) => unseenGap(service, downs, downs.at(-1) !== lastSeen, window));
}

/**
 * Downtime that no gap covers: the monitor was lost in it, or still sees it. The first failed probe of each stretch had
 * ended one deadline after its begin, and the last one was sent one interval before its end at the latest.
 */
function unseenGap(
  { info }: ObservedService,
  downs: readonly ObservedInterval[],
  isOver: boolean,
  window: Window,
): WholeGap {
  const lengths = downs.map(({ from, to }) => {
    return Math.max(0, (isOver ? (to ?? window.to) : Math.min(to ?? Infinity, window.to)) - from);
  });
  const reasons = new Set(downs.flatMap(({ reason }) => reason ?? []));
  return {
    from: downs[0]?.from ?? window.from,
    to: null,
    end: isOver ? 'unseen' : 'open',
    until: isOver ? (downs.at(-1)?.to ?? Infinity) : Infinity,
    durationMs: lengths.reduce((sum, ms) => sum + ms, 0),
    minMs: lengths.reduce((sum, ms) => sum + Math.max(0, ms - info.timeoutMs - info.intervalMs), 0),
    maxMs: null,
    failed: null,
    reasons: Array.from(reasons, (reason) => ({ reason, count: null })),
  };
}

/** @param first the first stretch that ends after the gap begins */
function insideMs(from: number, until: number, downs: readonly ReportInterval[], first: number): number {
  let ms = 0;
  for (let place = first, down = downs[place]; down !== undefined && down.from < until; down = downs[++place]) {
    ms += Math.min(down.to, until) - Math.max(down.from, from);
  }
  return round(ms);
}

function overlaps(gap: WholeGap, other: { readonly from: number; readonly to: number | null }): boolean {
  return gap.from < (other.to ?? Infinity) && gap.until > other.from;
}

interface PlacedGap {
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
    .flatMap(({ service, gaps }) => gaps.map((gap, place): PlacedGap => ({ service, place, gap })))
    .sort((a, b) => a.gap.from - b.gap.from);
  const incidents = new Incidents();
  const members = new Map<Incident, PlacedGap[]>();
  for (const one of placed) {
    const { service, gap } = one;
    const incident = incidents.fell({ service, at: gap.from, reason: gap.reasons[0]?.reason ?? null, message: null });
    const all = members.get(incident);
    if (all === undefined) members.set(incident, [one]);
    else all.push(one);
  }
  return Array.from(members.values(), (all) => {
    const from = -largest(
      all.map(({ gap }) => -gap.from),
      -Infinity,
    );
    const ends = all.map(({ gap }) => gap.to);
    return {
      vantage,
      from,
      to: ends.every((end) => end !== null) ? largest(ends) : null,
      longestGapMs: largest(all.map(({ gap }) => gap.durationMs)),
      fromStartMs: fromStart(from),
      services: all.map(({ service, place }) => ({ service, gap: place })),
    };
  });
}

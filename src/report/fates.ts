/**
 * What befell several services in one way is one fate, and one line: gaps over the same kind of connection that began together,
 * with the same main reason and of similar length, seen from one vantage or from several. Pure.
 */
import { countServices, list, showDuration } from '../core/format.ts';
import { TOGETHER_MS } from '../core/incidents.ts';
import { showCauses } from '../core/reasons.ts';
import type { Report, ReportGap, ServiceReport } from './report.ts';
import {
  eachService,
  showBegin,
  showGapLine,
  showLength,
  showSeen,
  showSum,
  showGapSilence,
  showWhen,
} from './report-phrases.ts';

/** Lengths are similar where each is at most this many times the next shorter one, and this much more. */
const SIMILAR = { factor: 2, beyondMs: 500 };
/** Ends that lie so far apart, and so many times further than the beginnings, came one after another. */
const STAGGERED = { leastMs: 300, factor: 2 };
/** A gap that begins in the rest of another one follows it. */
const SEQUEL_SHARE = 0.75;
/** A service with more gaps than this flaps: they are one fate. */
const FLAPS = 3;
/** Names that are shown of many. */
const NAMED = 3;

/** One gap of one service. */
export interface Member {
  readonly vantage: string;
  readonly service: ServiceReport;
  readonly gap: ReportGap;
}

/** Gaps that are one line, in the order in which they began; all of one service where it flaps. */
export type Fate = readonly [Member, ...Member[]];

/** What befell the services of a report: what did not end first, then the longest first. */
export function fatesOf(report: Pick<Report, 'vantages'>): Fate[] {
  const byService = eachService(report).map(({ vantage: { vantage }, service }) =>
    service.gaps.map((gap): Member => ({ vantage, service, gap })),
  );
  const flapping = byService.filter(({ length }) => length > FLAPS);
  const alike = grouped(byService.filter(({ length }) => length <= FLAPS).flat(), kindOf).flatMap((same) => {
    const seen = grouped(same, ({ vantage }) => vantage).flatMap((own) => {
      const together = split(own, beginOf, isApart);
      return together.flatMap((some) =>
        split(some, lengthOf, (one, before) => isLonger(lengthOf(one), lengthOf(before))),
      );
    });
    return acrossVantages(seen);
  });
  return [...alike, ...flapping]
    .map((members) => members.sort((a, b) => beginOf(a) - beginOf(b)) as unknown as Fate)
    .sort((a, b) => weightOf(b) - weightOf(a));
}

function kindOf({ service, gap }: Member): string {
  return [service.connection, gap.end, gap.reasons[0]?.reason].join();
}

function beginOf({ gap }: Member): number {
  return gap.from;
}

function lengthOf({ gap }: Member): number {
  return gap.durationMs;
}

function isApart(one: Member, before: Member): boolean {
  if (beginOf(one) - beginOf(before) > TOGETHER_MS) return true;
  return one.service !== before.service && isSequel(one.gap, before.gap);
}

function isLonger(ms: number, before: number): boolean {
  return ms > before * SIMILAR.factor + SIMILAR.beyondMs;
}

function weightOf(fate: Fate): number {
  const lasts = fate.some(({ gap }) => gap.end === 'open');
  // There may be more than fit on the stack as arguments.
  return fate.reduce((most, one) => Math.max(most, lengthOf(one)), lasts ? Number.MAX_SAFE_INTEGER / 2 : 0);
}

function grouped(all: readonly Member[], keyOf: (one: Member) => string): Member[][] {
  const groups = new Map<string, Member[]>();
  for (const one of all) {
    const key = keyOf(one);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [one]);
    else known.push(one);
  }
  return [...groups.values()];
}

/** Cuts a list, in the order of a value, where one is too far from the one before it. */
function split(
  all: readonly Member[],
  valueOf: (one: Member) => number,
  isFar: (one: Member, before: Member) => boolean,
): Member[][] {
  const pieces: Member[][] = [];
  let before: Member | null = null;
  for (const one of [...all].sort((a, b) => valueOf(a) - valueOf(b))) {
    if (before === null || isFar(one, before)) pieces.push([]);
    pieces.at(-1)?.push(one);
    before = one;
  }
  return pieces;
}

/** Whether a gap began as another one ended, or later, by more than their bounds: one came after the other, as in a rolling restart. */
export function isSequel(later: ReportGap, { from, durationMs, minMs, maxMs }: ReportGap): boolean {
  return later.from > from + Math.max(SEQUEL_SHARE * durationMs, (maxMs ?? durationMs) - minMs);
}

/** What two vantages saw is one fate where it began together, and the bounds of the lengths overlap. */
function acrossVantages(groups: readonly Member[][]): Member[][] {
  const merged: Member[][] = [];
  for (const group of groups) {
    const same = merged.find((other) => {
      const overlap = (least: (one: Member) => number, most: (one: Member) => number, marginMs = 0): boolean =>
        Math.min(...other.map(least)) - Math.max(...group.map(most)) <= marginMs &&
        Math.min(...group.map(least)) - Math.max(...other.map(most)) <= marginMs;
      return (
        other[0]?.vantage !== group[0]?.vantage &&
        overlap(beginOf, beginOf, TOGETHER_MS) &&
        overlap(
          ({ gap }) => gap.minMs,
          ({ gap }) => gap.maxMs ?? Infinity,
        )
      );
    });
    if (same === undefined) merged.push([...group]);
    else same.push(...group);
  }
  return merged;
}

/** Whether a fate is all gaps of one service. */
export function isFlapping([first, ...others]: Fate): boolean {
  return others.some(({ service }) => service === first.service);
}

/** The lines of a fate: of one gap, of a service that flaps, or of several services. @param several whether there are vantages to distinguish */
export function showFate(fate: Fate, several: boolean): string[] {
  const [{ vantage, service, gap }] = fate;
  const name = showSeen(service.service, vantage, several);
  if (fate.length === 1) return [`${name} ${showGapLine(gap, service)}`];
  const causes = showCauses(sumOfReasons(fate));
  const why = causes === '' ? '' : `, ${causes}`;
  if (isFlapping(fate)) {
    const longest = fate.reduce((most, one) => (lengthOf(one) > lengthOf(most) ? one : most));
    const last = fate.at(-1)?.gap ?? gap;
    const until = last.to === null ? '' : ` to ${showWhen(last.to, last.toStartMs)}`;
    const all = showSum({ gaps: fate.map((one) => one.gap) });
    const sum = `down ${all} from ${showWhen(gap.from, gap.fromStartMs)}${until}`;
    const end = last.end === 'open' ? '; did not come back' : '';
    return [`${name} ${sum}, the longest ${showLength(longest.gap)}${why}${end}`];
  }
  const end = gap.end === 'unseen' ? '; their ends were not seen' : gap.end === 'open' ? '; did not come back' : '';
  const silence = longestSilence(fate);
  const how = [...howFell(fate), ...cameBack(fate, several)].join('; ');
  const who = namesOf(fate, several).join(', ');
  return [
    `${showWho(fate, several)} down ${showLengths(fate)} ${showBegin(gap)}${silence}${why}${end}`,
    ...[how, who].filter((line) => line !== '').map((line) => `  ${line}`),
  ];
}

/** `38 services`, `web and api`; `web and api (from here and rack-2)`. */
export function showWho(members: readonly Pick<Member, 'vantage' | 'service'>[], several: boolean): string {
  const names = [...new Set(members.map(({ service }) => service.service))];
  const who = names.length <= NAMED ? list(names) : countServices(names);
  if (!several || names.length > NAMED) return who;
  return `${who} (from ${list([...new Set(members.map(({ vantage }) => vantage))])})`;
}

/** `0.25 s (0.20–0.31) and 0.31 s (0.25–0.36)`, `least …, middle …, most …`; one where all read the same. */
export function showLengths(fate: Fate): string {
  const all = fate.map(({ gap }) => gap);
  // Two stand in the order of their names.
  const sorted = all.length === 2 ? all : all.sort((a, b) => a.durationMs - b.durationMs);
  const at = (place: number): string => {
    const gap = sorted[place];
    return gap === undefined ? '' : showLength(gap);
  };
  const [least, middle, most] = [at(0), at((sorted.length - 1) >> 1), at(sorted.length - 1)];
  if (least === most) return sorted.length === 1 ? least : `${least} each`;
  return sorted.length === 2 ? `${least} and ${most}` : `least ${least}, middle ${middle}, most ${most}`;
}

/** The same reason of all members as one, with the first message. */
function sumOfReasons(fate: Fate): ReportGap['reasons'] {
  const sums = new Map<string, ReportGap['reasons'][number]>();
  for (const one of fate.flatMap(({ gap }) => gap.reasons)) {
    const known = sums.get(one.reason);
    const sum = known?.count === null || one.count === null ? null : (known?.count ?? 0) + one.count;
    sums.set(one.reason, { ...one, ...known, count: sum });
  }
  return [...sums.values()].sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
}

function longestSilence(fate: Fate): string {
  const silent = fate.filter(({ gap, service }) => showGapSilence(gap, service) !== '');
  const ms = silent.map(({ gap }) => gap.silenceMs ?? 0).sort((a, b) => b - a)[0];
  return ms === undefined ? '' : `, no answer for up to ${showDuration(ms)}`;
}

/** Over how long they fell, where that is more than the distance of probes. */
function howFell(fate: Fate): string[] {
  const [{ service, gap }] = fate;
  const spreadMs = (fate.at(-1)?.gap.from ?? gap.from) - gap.from;
  return spreadMs > service.intervalMs ? [`fell within ${showDuration(spreadMs)}`] : [];
}

/** That they came back one by one, and who first and last. */
function cameBack(fate: Fate, several: boolean): string[] {
  const ends = fate
    .flatMap((one) => (one.gap.to === null ? [] : [{ ...one, at: one.gap.to }]))
    .sort((a, b) => a.at - b.at);
  const [first, last] = [ends[0], ends.at(-1)];
  if (first === undefined || last === undefined || ends.length < NAMED) return [];
  const fellMs = (fate.at(-1)?.gap.from ?? 0) - fate[0].gap.from;
  const apartMs = last.at - first.at;
  if (apartMs < Math.max(STAGGERED.leastMs, STAGGERED.factor * fellMs, 2 * first.service.intervalMs)) return [];
  const [one, other] = [first, last].map(({ vantage, service, gap, at }) => {
    return `${showSeen(service.service, vantage, several)} at ${showWhen(at, gap.toStartMs)}`;
  });
  return [`came back one after another, first ${one ?? ''}, last ${other ?? ''}`];
}

/** Some names, and the vantages, where the line has but the number. */
function namesOf(fate: Fate, several: boolean): string[] {
  const names = [...new Set(fate.map(({ service }) => service.service))];
  if (names.length <= NAMED) return [];
  const from = several ? [`seen from ${list([...new Set(fate.map(({ vantage }) => vantage))])}`] : [];
  const kept = fate[0].service.connection === 'kept' ? ['over kept connections'] : [];
  return [`${names.slice(0, NAMED).join(', ')} and ${String(names.length - NAMED)} more`, ...kept, ...from];
}

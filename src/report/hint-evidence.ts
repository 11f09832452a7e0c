/**
 * What a hint is made from, and what hints ask about the services of a report: which are the same, and how one was while another
 * was down. Pure.
 */
import type { Reason, State } from '../core/model.ts';
import { isSequel } from './fates.ts';
import { shortId } from './report-phrases.ts';
import type { HintKind, IdentityChange, Report, ReportGap, ServiceReport } from './report.ts';

/** Two probes see the same cause within this time. */
const SAME_MOMENT_MS = 1000;

/** A service with where it is seen from. */
export interface Seen {
  readonly vantage: string;
  readonly service: ServiceReport;
  /** Its name, with the vantage where there are several. */
  readonly name: string;
  /** The same over a kept connection on which nothing is sent: that it was closed says something, that it was not says nothing. */
  readonly idle?: { readonly name: string; readonly service: ServiceReport };
}

/** What a shape is looked for in. */
export interface Scene {
  readonly report: Report;
  /** All services, without kept connections on which nothing is sent: that one is not broken is no evidence. */
  readonly seen: readonly Seen[];
  readonly isExplained: (gap: ReportGap) => boolean;
  /** The gaps of a service of more than one failed probe that no hint explains yet. */
  readonly gapsOf: (one: Seen) => readonly ReportGap[];
}

/** A gap that a shape fits. */
export interface Fit {
  readonly one: Seen;
  readonly gap: ReportGap;
}

/** One thing seen that fits a shape. */
export interface Finding {
  readonly text: string;
  /** The gaps that it explains; left out where there is none. */
  readonly of?: readonly Fit[];
  /** Proof goes before what only fits. */
  readonly isProof?: boolean;
}

/** A cause, by what it looks like from outside. */
export interface Shape {
  readonly kind: HintKind;
  /** What it usually means. */
  readonly text: string;
  /** What to check, or to try. */
  readonly look: string;
  readonly find: (scene: Scene) => readonly Finding[];
  /** False: each service is looked at for itself; otherwise one that fell and came back with one of this shape has the same cause. */
  readonly isShared?: false;
}

interface Span {
  readonly from: number;
  readonly to: number | null;
}

/** How long a service was down in a stretch of time. */
export function downWithin(service: ServiceReport, span: Span): number {
  return msWithin(service, span, 'down');
}

/** Whether a service was observed for most of a stretch of time, and answered in it. */
export function isWatched(service: ServiceReport, span: Span): boolean {
  const upMs = msWithin(service, span, 'up');
  const notSeenMs = msWithin(service, span, 'unobserved') + msWithin(service, span, 'unknown');
  return upMs > 0 && notSeenMs < upMs;
}

function msWithin({ intervals }: ServiceReport, { from, to }: Span, state: State): number {
  const until = to ?? Infinity;
  let ms = 0;
  for (let place = firstWhere(intervals, (one) => one.to > from); place < intervals.length; place++) {
    const one = intervals[place];
    if (one === undefined || one.from >= until) break;
    if (one.state === state) ms += Math.min(one.to, until) - Math.max(one.from, from);
  }
  return ms;
}

/** The place of the first one in the order of time for which something is so; it is so of all behind it. */
function firstWhere<T>(list: readonly T[], isSo: (one: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = list[middle];
    if (one !== undefined && isSo(one)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether a service over a kept connection did not notice a gap of another: it was neither down, nor silent, nor closed. */
export function isUnharmed(kept: ServiceReport, gap: ReportGap): boolean {
  const { from, to } = gap;
  const { connectionsLost } = kept;
  if (isSilentIn(kept, gap)) return false;
  const next = connectionsLost[firstWhere(connectionsLost, ({ at }) => at >= from - SAME_MOMENT_MS)];
  const lost = next !== undefined && next.at <= (to ?? Infinity) + SAME_MOMENT_MS;
  // A single probe that failed is no harm.
  return !lost && isWatched(kept, gap) && downWithin(kept, gap) <= gap.durationMs / 10;
}

/** Whether a service gave no answer for most of a gap of another one, though all that was asked was answered in the end. */
export function isSilentIn({ longestSilence, latency, intervalMs }: ServiceReport, gap: ReportGap): boolean {
  const stages = Object.values(latency ?? {}).flatMap((stage) => {
    const silence = stage?.silence ?? null;
    return silence === null ? [] : [silence];
  });
  return [...stages, ...(longestSilence === undefined ? [] : [longestSilence])].some(
    ({ from, durationMs }) =>
      durationMs > Math.max(4 * intervalMs, gap.durationMs * 0.8) &&
      isOverlapping({ from, to: from + durationMs }, gap),
  );
}

/** Whether a service over new connections was up all around a moment. */
export function isUpAround({ intervals }: ServiceReport, at: number): boolean {
  const one = intervals[firstWhere(intervals, ({ to }) => to > at - SAME_MOMENT_MS)];
  return one?.state === 'up' && (one.to >= at + SAME_MOMENT_MS || one === intervals.at(-1));
}

/** Services over new connections with the same over a held one, seen from the same place. */
export function pairs(seen: readonly Seen[]): [fresh: Seen, kept: Seen][] {
  return seen
    .filter(({ service }) => service.connection === 'new')
    .flatMap((fresh) =>
      siblingsOf(fresh, seen)
        .filter((other) => other.service.connection === 'kept')
        .map((kept): [Seen, Seen] => [fresh, kept]),
    );
}

/** Whether two are one service over two connections, seen from the same place. */
export function isSibling(one: Seen, other: Seen): boolean {
  const [here, there] = [one.service, other.service];
  const isSame = here.target === '' ? placeOf(here) === placeOf(there) : here.target === there.target;
  return one.vantage === other.vantage && here.kind === there.kind && isSame;
}

/** Reasons that a peer or a name server gave: the way to it was open. */
const NOT_THE_WAY: ReadonlySet<Reason> = new Set<Reason>([
  ...(['dns', 'tls', 'status', 'body', 'protocol', 'auth', 'loading', 'readonly', 'role', 'error'] as const),
]);

/** Whether a gap may be trouble of the way to a service. Nothing is concluded from one probe. */
export function isOfTheWay(gap: ReportGap): boolean {
  return isTelling(gap) && gap.reasons.every(({ reason }) => !NOT_THE_WAY.has(reason));
}

/** Whether a gap is more than one failed probe. */
export function isTelling({ failed }: Pick<ReportGap, 'failed'>): boolean {
  return failed === null || failed > 1;
}

/** What is looked up for every gap of a report. */
interface Index {
  readonly siblings: ReadonlyMap<string, readonly Seen[]>;
  readonly byPort: ReadonlyMap<string, readonly Seen[]>;
  readonly after: Map<ReportGap, ProcessAfter | null>;
}

const indexes = new WeakMap<readonly Seen[], Index>();

function indexOf(all: readonly Seen[]): Index {
  let index = indexes.get(all);
  if (index === undefined) {
    index = {
      siblings: grouped(all, siblingKey),
      byPort: grouped(all, ({ service }) => portOf(service)),
      after: new Map(),
    };
    indexes.set(all, index);
  }
  return index;
}

function grouped(all: readonly Seen[], keyOf: (one: Seen) => string): ReadonlyMap<string, readonly Seen[]> {
  const groups = new Map<string, Seen[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** The same for a service over new connections and over a kept one, seen from the same place. */
export function siblingKey({ vantage, service }: Pick<Seen, 'vantage' | 'service'>): string {
  const where = service.target === '' ? [placeOf(service), ''] : ['', service.target];
  return JSON.stringify([vantage, service.kind, ...where]);
}

/** A service and the same over its other connection, seen from the same place. */
export function siblingsOf(one: Seen, all: readonly Seen[]): readonly Seen[] {
  return indexOf(all).siblings.get(siblingKey(one)) ?? [one];
}

/** What is known of the process that answered after a gap, and how. */
export interface ProcessAfter {
  readonly is: 'another' | 'the same';
  readonly how: string;
}

/** Whether another process answered after a gap, or the same one; null where nothing says so. */
export function processAfter(one: Seen, gap: ReportGap, all: readonly Seen[]): ProcessAfter | null {
  const { after } = indexOf(all);
  const known = after.get(gap);
  if (known !== undefined) return known;
  const found = findProcess(one, gap, all);
  after.set(gap, found);
  return found;
}

function findProcess(one: Seen, gap: ReportGap, all: readonly Seen[]): ProcessAfter | null {
  if (gap.end === 'open') return null;
  const proven = provenAfter(one, gap, all);
  const closed = closedWith(one, gap, all);
  // A process that is there may close or reset every connection.
  if (proven !== null || closed === null || gap.reasons.every(({ reason }) => CLOSED.has(reason))) return proven;
  // What closed that of a neighbour whose process is known to be the same, closed this one.
  const neighbour = all.find((other) => isCutOffWith(one, gap, other, all));
  if (neighbour !== undefined) {
    return { is: 'the same', how: `so was that of ${neighbour.name}, whose process is the same` };
  }
  return { is: 'another', how: `the other end closed the held connection of ${closed.name}` };
}

/** What says by itself which process answered. */
function provenAfter(one: Seen, gap: ReportGap, all: readonly Seen[]): ProcessAfter | null {
  const siblings = siblingsOf(one, all);
  const change = changeNear(siblings, gap);
  if (change !== undefined && isLastBefore(change, gap, one.service)) {
    return { is: 'another', how: `then another process answered (${shortId(change.was)} → ${shortId(change.is)})` };
  }
  const isKnown = change === undefined && siblings.some(({ service }) => isIdentifiedAround(service, gap));
  if (one.service.kind === 'redis' && gap.end === 'seen' && isKnown) {
    return { is: 'the same', how: 'then the same process answered (its run_id is unchanged)' };
  }
  const ways = indexOf(all).byPort.get(portOf(one.service)) ?? [];
  const held = [...siblings, ...ways.filter((other) => isSameService(one, other))].find(
    (other) => isHeld(other) && isUnharmed(other.service, gap),
  );
  return held === undefined ? null : { is: 'the same', how: `the held connection of ${held.name} survived` };
}

/** Whether it was asked which process it is before a gap and after it, and answered. */
function isIdentifiedAround({ identified }: ServiceReport, gap: ReportGap): boolean {
  return identified !== undefined && identified.from <= gap.from && identified.to >= (gap.to ?? Infinity);
}

function changeNear(siblings: readonly Seen[], gap: ReportGap): IdentityChange | undefined {
  return siblings
    .flatMap(({ service }) => service.identities)
    .find((change) => change.what === undefined && mayBeOf(change, gap));
}

function isCutOffWith(one: Seen, gap: ReportGap, other: Seen, all: readonly Seen[]): boolean {
  if (other.vantage !== one.vantage || isSibling(one, other)) return false;
  if (isLoopback(other.service) !== isLoopback(one.service)) return false;
  return other.service.gaps.some(
    (fell) =>
      isTogether(fell, gap) &&
      closedWith(other, fell, all) !== null &&
      provenAfter(other, fell, all)?.is === 'the same',
  );
}

/** The held connection beside a service that the other end closed as a gap began or lasted; null where none was. */
export function closedWith(one: Seen, gap: ReportGap, all: readonly Seen[]): { readonly name: string } | null {
  const isClosed = ({ service }: { readonly service: ServiceReport }): boolean =>
    service.connectionsLost.some((lost) => CLOSED.has(lost.reason) && isNear(lost, gap));
  const { idle } = one;
  if (idle !== undefined && isClosed(idle)) return idle;
  return siblingsOf(one, all).find((other) => isHeld(other) && isClosed(other)) ?? null;
}

/** Whether two gaps began together, and ended together. */
export function isTogether(one: ReportGap, other: ReportGap): boolean {
  if (Math.abs(one.from - other.from) > SAME_MOMENT_MS) return false;
  if (one.from < other.from ? isSequel(other, one) : isSequel(one, other)) return false;
  if (one.to === null || other.to === null) return one.to === other.to;
  return Math.abs(one.to - other.to) <= SAME_MOMENT_MS;
}

/** Whether two gaps overlap. */
export function isOverlapping(one: Span, other: Span): boolean {
  return one.from < (other.to ?? Infinity) && other.from < (one.to ?? Infinity);
}

/** Whether what answers may have changed within a gap; where it is not known since when it may have, within a second of it. */
export function mayBeOf({ at, notBefore }: IdentityChange, gap: Span): boolean {
  return notBefore === undefined ? isNear({ at }, gap) : isOverlapping({ from: notBefore, to: at }, gap);
}

/** Whether no other gap lies between this one and when a change was noticed: who answered after the earlier of several is not known. */
export function isLastBefore({ at }: IdentityChange, gap: ReportGap, { gaps }: ServiceReport): boolean {
  return gaps.every(({ from }) => from <= gap.from || from >= at);
}

/** Whether something was within a gap, or within a second of it. */
export function isNear({ at }: { readonly at: number }, gap: Span): boolean {
  return at >= gap.from - SAME_MOMENT_MS && at <= (gap.to ?? Infinity) + SAME_MOMENT_MS;
}

function isHeld({ service }: Seen): boolean {
  return service.connection === 'kept';
}

/** How a connection ends whose peer is gone, where the network still carries that. */
const CLOSED: ReadonlySet<Reason> = new Set<Reason>(['closed', 'reset']);

/** How many failed probes of a gap had one of some reasons; all, where they were not counted. */
export function failedWith({ reasons, failed }: ReportGap, wanted: readonly Reason[]): number {
  return reasons
    .filter(({ reason }) => wanted.includes(reason))
    .reduce((sum, { count }) => sum + (count ?? failed ?? 1), 0);
}

/** Whether most failed probes of a gap had one of some reasons. */
export function isMostly(gap: ReportGap, ...wanted: readonly Reason[]): boolean {
  const [main] = gap.reasons;
  if (main === undefined) return false;
  if (main.count === null) return gap.reasons.every(({ reason }) => wanted.includes(reason));
  return failedWith(gap, wanted) * 2 > gap.reasons.reduce((sum, { count }) => sum + (count ?? 0), 0);
}

/** Whether a service is watched by an address of IPv6, and not on loopback. */
export function isOverIPv6(service: ServiceReport): boolean {
  return parsed(service).hostname.startsWith('[') && !isLoopback(service);
}

/** Whether two are one service by whatever way: at the same target, or at the same port with one of them on loopback. */
export function isSameService(one: Seen, other: Seen): boolean {
  if (one.service.kind !== other.service.kind) return false;
  if (one.service.target !== '' && one.service.target === other.service.target) return !isLoopback(one.service);
  return isLoopback(one.service) ? isOtherWay(one, other) : isLoopback(other.service) && isOtherWay(other, one);
}

/** Whether another one is the same service on another way than over this loopback: by its port, or by its name. */
export function isOtherWay(here: Seen, other: Seen): boolean {
  if (isLoopback(other.service) || here.service.kind !== other.service.kind) return false;
  const port = portOf(here.service);
  return (port !== '' && port === portOf(other.service)) || here.service.service === other.service.service;
}

/** Where a service is: parsed once, as every service is compared with every other. */
interface Place {
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
}

const places = new WeakMap<ServiceReport, Place>();

function parsed(service: ServiceReport): Place {
  let place = places.get(service);
  if (place === undefined) {
    const url = URL.canParse(service.target) ? new URL(service.target) : null;
    const port = url === null ? '' : url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? '') : url.port;
    place = { host: url?.host ?? service.target, hostname: url?.hostname ?? '', port };
    places.set(service, place);
  }
  return place;
}

/** Host and port of a target; where a public feed hides it, the service's name as that of its other connection. */
export function placeOf(service: ServiceReport): string {
  return service.target === '' ? service.service.replace(/ \(kept\)$/, '') : parsed(service).host;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'redis:': '6379',
  'rediss:': '6379',
};

/** The port of a target; empty where it is not known. */
export function portOf(service: ServiceReport): string {
  return parsed(service).port;
}

/** Whether a service is watched on a loopback address. */
export function isLoopback(service: ServiceReport): boolean {
  const { hostname } = parsed(service);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

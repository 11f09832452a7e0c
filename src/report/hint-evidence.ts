/** What hints ask about the services of a report: which are the same, and how one was while another was down. Pure. */
import type { Reason, State } from '../core/model.ts';
import type { ReportGap, ServiceReport } from './report.ts';

/** Two probes see the same cause within this time. */
const SAME_MOMENT_MS = 1000;

/** A service with where it is seen from. */
export interface Seen {
  readonly vantage: string;
  readonly service: ServiceReport;
  /** Its name, with the vantage where there are several. */
  readonly name: string;
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

/** Whether a service over a kept connection did not notice a gap of another. */
export function isUnharmed(kept: ServiceReport, { from, to }: ReportGap): boolean {
  const { connectionsLost } = kept;
  const next = connectionsLost[firstWhere(connectionsLost, ({ at }) => at >= from - SAME_MOMENT_MS)];
  const lost = next !== undefined && next.at <= (to ?? Infinity) + SAME_MOMENT_MS;
  return !lost && isWatched(kept, { from, to }) && downWithin(kept, { from, to }) === 0;
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
      seen
        .filter((other) => isSibling(fresh, other) && other.service.connection === 'kept')
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

/** How it is known that the process behind a service is another one after a gap; null where nothing says so. */
export function replacedIn(one: Seen, gap: ReportGap, all: readonly Seen[]): string | null {
  const isNear = ({ at }: { readonly at: number }): boolean =>
    at >= gap.from - SAME_MOMENT_MS && at <= (gap.to ?? Infinity) + SAME_MOMENT_MS;
  const siblings = all.filter((other) => isSibling(one, other));
  const changed = siblings.flatMap(({ service }) => service.identities).find(isNear);
  if (changed !== undefined) return `then it was another process (${changed.was} → ${changed.is})`;
  const held = siblings.find(({ service }) => {
    const { connection, connectionsLost } = service;
    return connection === 'kept' && connectionsLost.some((lost) => CLOSED.has(lost.reason) && isNear(lost));
  });
  return held === undefined ? null : `the other end closed the held connection of ${held.name}`;
}

/** How a connection ends whose peer is gone, where the network still carries that. */
const CLOSED: ReadonlySet<Reason> = new Set<Reason>(['closed', 'reset']);

/** Whether another one is the same service on another way than over this loopback: by its port, or by its name. */
export function isOtherWay(here: Seen, other: Seen): boolean {
  if (isLoopback(other.service)) return false;
  const port = portOf(here.service);
  return (port !== '' && port === portOf(other.service)) || here.service.service === other.service.service;
}

/** Host and port of a target; where a public feed hides it, the service's name as that of its other connection. */
export function placeOf({ target, service }: ServiceReport): string {
  if (target === '') return service.replace(/ \(kept\)$/, '');
  return URL.canParse(target) ? new URL(target).host : target;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'redis:': '6379',
  'rediss:': '6379',
};

function portOf({ target }: ServiceReport): string {
  if (!URL.canParse(target)) return '';
  const { port, protocol } = new URL(target);
  return port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port;
}

/** Whether a service is watched on a loopback address. */
export function isLoopback({ target }: ServiceReport): boolean {
  if (!URL.canParse(target)) return false;
  const { hostname } = new URL(target);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

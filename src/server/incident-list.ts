/** The incidents of the last 90 days, for the documents that other programs read: gaps of services that fell together. */
import { createHash } from 'node:crypto';

import type { BoardService } from '../core/board.ts';
import { list } from '../core/format.ts';
import { type Incident, Incidents } from '../core/incidents.ts';
import type { GapFacts, ReasonCount } from '../core/messages.ts';
import { showReasons } from '../core/reasons.ts';
import { DAY_MS } from '../core/uptime.ts';
import type { FeedSource } from '../core/source.ts';
import type { PastGap, PastView } from './past-view.ts';

const REACH_MS = 90 * DAY_MS;
/** Gaps that are looked at: the newest. */
const GAPS = 5000;
/** Names in a title; the others are counted. */
const NAMED = 3;

export interface ListedIncident {
  /** A UUID that stays: it is made of the monitor, the service that fell first, and when. */
  readonly id: string;
  /** `web and api down`. */
  readonly title: string;
  /** Why the probes failed, of the gaps that ended: `refused ×3, closed ×1`. */
  readonly reasons: string;
  readonly incident: Incident;
  readonly from: number;
  /** Null while a service is not up again. */
  readonly to: number | null;
  /** When the last service fell or was up again. */
  readonly changedAt: number;
}

interface Fallen {
  readonly service: string;
  readonly from: number;
  /** Null where it has not ended. */
  readonly gap: GapFacts | null;
}

/**
 * The newest first.
 * @param names of services; null for all
 * @param limit how many of those that ended: the newest. Open ones are all there.
 * @throws ArchiveError
 */
export async function listIncidents(
  source: FeedSource,
  past: PastView,
  names: ReadonlySet<string> | null,
  limit: number,
): Promise<ListedIncident[]> {
  const { gaps } = await past.gaps(names, { after: source.now() - REACH_MS, until: Infinity }, GAPS);
  const open = [...source.board.services.values()].flatMap((service): Fallen[] => {
    const from = names === null || names.has(service.name) ? openSince(service) : null;
    return from === null ? [] : [{ service: service.name, from, gap: null }];
  });
  const falls = [...onePerService(gaps), ...open].sort((a, b) => a.from - b.from);
  const incidents = new Incidents();
  const found = new Set<Incident>();
  for (const { service, from, gap } of falls) {
    const incident = incidents.fell({ service, at: from, reason: null, message: null });
    if (gap !== null) incident.end(service, gap);
    found.add(incident);
  }
  // Of the oldest one, gaps may be missing.
  const known = [...found]
    .filter(({ open }, n) => n > 0 || open > 0 || gaps.length < GAPS)
    .map((incident) => listed(source.identity.id, incident));
  const ended = known.filter(({ to }) => to !== null).sort((a, b) => b.changedAt - a.changedAt);
  const shown = new Set([...known.filter(({ to }) => to === null), ...ended.slice(0, limit)]);
  return known.filter((incident) => shown.has(incident)).sort((a, b) => b.from - a.from);
}

/** A UUID of our own making (RFC 9562, version 8). */
export function uuidOf(...parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const variant = '89ab'[parseInt(hash.charAt(16), 16) % 4] ?? '8';
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

function listed(monitor: string, incident: Incident): ListedIncident {
  const { falls, gaps, from } = incident;
  const services = falls.map(({ service }) => service);
  const shown = services.slice(0, services.length > NAMED + 1 ? NAMED : NAMED + 1);
  const more = services.length - shown.length;
  const ends = [...gaps.values()].map(({ to }) => to);
  return {
    id: uuidOf(monitor, services[0] ?? '', String(Math.floor(from))),
    title: `${list(more === 0 ? shown : [...shown, `${String(more)} more`])} down`,
    reasons: reasonsOf([...gaps.values()]),
    incident,
    from,
    to: incident.open === 0 ? Math.max(...ends) : null,
    changedAt: Math.max(...falls.map(({ at }) => at), ...ends),
  };
}

function reasonsOf(gaps: readonly GapFacts[]): string {
  const counts = new Map<ReasonCount['reason'], number>();
  for (const { reason, count } of gaps.flatMap(({ reasons }) => reasons))
    counts.set(reason, (counts.get(reason) ?? 0) + count);
  return showReasons(Array.from(counts, ([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count));
}

/** Since when a gap is open; null where none is. Time that was not observed does not end it. */
function openSince({ timeline }: BoardService): number | null {
  let since: number | null = null;
  for (const { state, from } of timeline.toReversed()) {
    if (state === 'up' || state === 'unknown') break;
    if (state !== 'unobserved') since = from;
  }
  return since;
}

/** Several vantages may see the same gap of a service: then it is the longest of theirs. */
function onePerService(gaps: readonly PastGap[]): Fallen[] {
  const found: (Fallen & { gap: GapFacts })[] = [];
  const last = new Map<string, { place: number; until: number; vantages: Set<string | undefined> }>();
  for (const gap of gaps.toSorted((a, b) => a.from - b.from)) {
    const { service, from, vantage } = gap;
    const before = last.get(service);
    const known = before === undefined ? undefined : found[before.place];
    if (before === undefined || known === undefined || from > before.until || before.vantages.has(vantage)) {
      last.set(service, { place: found.length, until: gap.to, vantages: new Set([vantage]) });
      found.push({ service, from, gap });
      continue;
    }
    before.vantages.add(vantage);
    before.until = Math.max(before.until, gap.to);
    if (gap.durationMs > known.gap.durationMs) found[before.place] = { service, from: known.from, gap };
  }
  return found;
}

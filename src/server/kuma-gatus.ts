/**
 * The state of the services in the forms of Uptime Kuma's status page (`/api/status-page/…`) and of Gatus
 * (`/api/v1/endpoints/statuses`), for dashboards that read those. Both list what single probes found. Here that is the state at the
 * moments in which the newest probes were due: the oldest first. Moments that were not observed are left out, but for the present:
 * what is not seen to be up now is never shown as up. Nothing in them is of use to a stranger but names, states and times.
 * @see https://github.com/louislam/uptime-kuma/blob/master/server/routers/status-page-router.js
 * @see https://github.com/TwiN/gatus/blob/master/config/endpoint/result.go
 */
import { createHash } from 'node:crypto';

import { isoTime } from '../core/format.ts';
import type { ServiceSnapshot } from '../core/messages.ts';
import { type Kind, seenStatus, type State } from '../core/model.ts';
import type { FeedSource } from '../core/source.ts';
import type { Site } from './page-files.ts';

/** What is listed of a service at most, and of all together. */
const FOUND_EACH = 100;
const FOUND_ALL = 5000;

interface Found {
  readonly at: number;
  readonly state: State;
}

type Seen = Pick<FeedSource, 'board' | 'problem' | 'now' | 'counters'>;

const KUMA_TYPES: Readonly<Record<Kind, string>> = { tcp: 'port', http: 'http', redis: 'redis' };

/** What `/api/status-page/default` has: who is watched, and what its operators wrote. */
export function kumaPage(
  source: Pick<FeedSource, 'board' | 'now'>,
  { title, description }: Pick<Site, 'title' | 'description'>,
): object {
  const now = source.now();
  const services = [...source.board.services.values()];
  const groups = new Set(services.map(({ info: { group } }) => group));
  const notes = source.board.notes
    .list(now, Infinity)
    .filter(({ from, to }) => from <= now && (to === null || to > now));
  const incident = notes.find(({ kind }) => kind === 'incident');
  return {
    config: {
      ...{ slug: 'default', title: title ?? 'gapwatch', description, icon: '/assets/icon.svg', theme: 'auto' },
      ...{ published: true, showTags: false, customCSS: '', footerText: null, showPoweredBy: false },
    },
    incident:
      incident === undefined
        ? null
        : {
            ...{ id: numberOf(incident.id), style: 'warning', title: incident.text, content: '', pin: true },
            ...{ createdDate: isoTime(incident.from), lastUpdatedDate: isoTime(incident.at) },
          },
    publicGroupList: [...groups].map((group, index) => ({
      id: index + 1,
      name: group ?? 'Services',
      weight: index + 1,
      monitorList: services
        .filter(({ info }) => info.group === group)
        .map(({ name, info }) => ({ id: numberOf(name), name, sendUrl: 0, type: KUMA_TYPES[info.kind] })),
    })),
    maintenanceList: notes
      .filter(({ kind }) => kind === 'maintenance')
      .map(({ id, text, from, to }) => ({
        ...{ id: numberOf(id), title: text, description: '', strategy: 'single', active: true },
        ...{
          status: 'under-maintenance',
          timeslotList: [{ startDate: isoTime(from), endDate: to === null ? null : isoTime(to) }],
        },
      })),
  };
}

/** What `/api/status-page/heartbeat/default` has. Uptime is that of 24 h; it is left out where nothing was seen. */
export function kumaHeartbeats(source: Seen): object {
  const all = [...found(source)];
  return {
    heartbeatList: Object.fromEntries(
      all.map(([{ service }, list]) => [
        numberOf(service),
        list.map(({ at, state }, n) => ({
          status: kumaStatus(state),
          time: isoTime(at),
          msg: state === 'up' ? '' : state,
          ping: n === list.length - 1 && state === 'up' ? (source.counters(service)?.last()?.durationMs ?? null) : null,
        })),
      ]),
    ),
    uptimeList: Object.fromEntries(
      all.flatMap(([{ service, uptime }]) =>
        uptime['24h'] === null ? [] : [[`${String(numberOf(service))}_24`, uptime['24h']]],
      ),
    ),
  };
}

/** What `/api/v1/endpoints/statuses` has. */
export function gatusStatuses(source: Seen): object[] {
  const keys = new Set<string>();
  return Array.from(found(source), ([{ service, group, reason, latency }, list]) => {
    let key = gatusKey(group ?? '', service);
    while (keys.has(key)) key += '-';
    keys.add(key);
    const results = list.map(({ at, state }, n) => {
      const isNewest = n === list.length - 1;
      const isUp = state === 'up';
      const lastedMs = (isNewest ? source.counters(service)?.last()?.durationMs : null) ?? (isUp ? latency?.p50Ms : 0);
      return {
        duration: Math.round((lastedMs ?? 0) * 1e6),
        ...(isNewest && !isUp && reason !== null && { errors: [reason] }),
        conditionResults: [{ condition: `[STATE]${isUp ? '' : ` (${state})`} == up`, success: isUp }],
        success: isUp,
        timestamp: isoTime(at),
      };
    });
    return { name: service, ...(group !== null && { group }), key, results };
  });
}

function* found(source: Seen): Generator<[ServiceSnapshot, Found[]]> {
  const now = source.now();
  const services = source.board.snapshot(now);
  const most = Math.max(1, Math.min(FOUND_EACH, Math.floor(FOUND_ALL / services.length)));
  const isKnown = (source.problem ?? null) === null;
  for (const service of services) yield [service, foundOf(service, isKnown, now, most)];
}

function foundOf(service: ServiceSnapshot, isKnown: boolean, now: number, most: number): Found[] {
  const { timeline, intervalMs, since } = service;
  // The same moments for every question, so that an answer holds until something new is due.
  const due = Math.floor(now / intervalMs) * intervalMs;
  const list: Found[] = [{ at: Math.max(due, since), state: isKnown ? seenStatus(service) : 'unknown' }];
  let n = timeline.length - 1;
  for (let at = due - intervalMs; list.length < most; at -= intervalMs) {
    while (n >= 0 && (timeline[n]?.from ?? 0) > at) n -= 1;
    const state = timeline[n]?.state;
    if (state === undefined || state === 'unknown') break;
    if (state === 'unobserved') at = Math.min(at, Math.ceil((timeline[n]?.from ?? 0) / intervalMs) * intervalMs);
    else list.push({ at, state });
  }
  return list.reverse();
}

/** 1 is up, 0 down, 2 pending: not seen. */
function kumaStatus(state: State): number {
  if (state === 'up') return 1;
  return state === 'down' || state === 'partial' ? 0 : 2;
}

/** A whole number that stays: those that read Uptime Kuma expect one as an id. */
function numberOf(name: string): number {
  return createHash('sha256').update(name).digest().readUIntBE(0, 6);
}

/** As Gatus makes it of group and name. */
function gatusKey(group: string, name: string): string {
  const part = (text: string): string =>
    text
      .trim()
      .toLowerCase()
      .replace(/[/_,.#+& ]/g, '-');
  return `${part(group)}_${part(name)}`;
}

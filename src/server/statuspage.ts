/**
 * The state of the services in the form of Statuspage's API v2 (https://developer.statuspage.io, `/api/v2/summary.json` of any
 * page there), which many readers know. What it has no word for is never called operational: a service that is not observed is
 * `degraded_performance` there, and its description says why. Nothing in it is of use to a stranger but names, states and times, so
 * both views are the same but for the vantage.
 */
import { isoTime } from '../core/format.ts';
import type { BoardService } from '../core/board.ts';
import { showFall, showRecovery } from '../core/incidents.ts';
import type { MonitorIdentity, Note } from '../core/messages.ts';
import type { FeedSource } from '../core/source.ts';
import { type ListedIncident, uuidOf } from './incident-list.ts';
import { siteName } from './public-view.ts';

/** By how bad they are, the worst first. */
const COMPONENT_STATUSES = [
  'major_outage',
  'partial_outage',
  'degraded_performance',
  'under_maintenance',
  'operational',
] as const;
type ComponentStatus = (typeof COMPONENT_STATUSES)[number];

/** The documents, by the path below `/api/v2/` without its ending. */
export const STATUSPAGE_DOCUMENTS = [
  'summary',
  'status',
  'components',
  'incidents',
  'incidents/unresolved',
  'scheduled-maintenances',
  'scheduled-maintenances/upcoming',
  'scheduled-maintenances/active',
] as const;
export type StatuspageDocument = (typeof STATUSPAGE_DOCUMENTS)[number];

/** Notes that are looked at: those that begin last. */
const MAINTENANCES = 200;

export interface StatuspageFacts {
  readonly source: Pick<FeedSource, 'board' | 'problem' | 'now'>;
  /** As the client may see it. */
  readonly identity: MonitorIdentity;
  /** The newest first. */
  readonly incidents: readonly ListedIncident[];
  /** Where the status page is, as far as the request says. */
  readonly url: string;
  /** Of the status page; null where none is configured. */
  readonly title: string | null;
}

export function statuspage(facts: StatuspageFacts, document: StatuspageDocument): object {
  const { source, identity, incidents, url, title } = facts;
  const services = [...source.board.services.values()];
  const isKnown = (source.problem ?? null) === null;
  const components = componentsOf(services, identity, isKnown);
  const changes = [
    identity.startedAt,
    ...services.map(({ since }) => since),
    ...incidents.map(({ changedAt }) => changedAt),
  ];
  const head = {
    page: {
      id: identity.id,
      name: siteName(title, identity),
      url,
      time_zone: 'Etc/UTC',
      // Not the present: what did not change gets the same ETag.
      updated_at: isoTime(Math.min(Math.max(...changes), source.now())),
    },
  };
  const shown = (some: readonly ListedIncident[]): object[] =>
    some.map((one) => incidentOf(one, components, identity, url));
  const maintenances = source.board.notes
    .list(source.now(), MAINTENANCES)
    .filter(({ kind }) => kind === 'maintenance')
    .map((note) => maintenanceOf(note, source.now(), components, identity, url));
  const unresolved = incidents.filter(({ to }) => to === null);
  const status = overall(components.filter(({ group }) => !group));
  switch (document) {
    case 'summary':
      return {
        ...{ ...head, components, incidents: shown(unresolved), status },
        scheduled_maintenances: maintenances.filter((one) => one.status !== 'completed'),
      };
    case 'status':
      return { ...head, status };
    case 'components':
      return { ...head, components };
    case 'incidents':
      return { ...head, incidents: shown(incidents) };
    case 'incidents/unresolved':
      return { ...head, incidents: shown(unresolved) };
    case 'scheduled-maintenances':
      return { ...head, scheduled_maintenances: maintenances };
    case 'scheduled-maintenances/upcoming':
      return { ...head, scheduled_maintenances: maintenances.filter((one) => one.status === 'scheduled') };
    case 'scheduled-maintenances/active':
      return { ...head, scheduled_maintenances: maintenances.filter((one) => one.status === 'in_progress') };
  }
}

interface Component {
  readonly id: string;
  readonly name: string;
  readonly status: ComponentStatus;
  readonly created_at: string;
  readonly updated_at: string;
  readonly position: number;
  readonly description: string | null;
  readonly showcase: boolean;
  readonly start_date: string | null;
  readonly group_id: string | null;
  readonly page_id: string;
  readonly group: boolean;
  readonly only_show_if_degraded: boolean;
  /** Of a group. */
  readonly components?: readonly string[];
}

/** The services, and their groups. */
function componentsOf(
  services: readonly BoardService[],
  { id: page_id, startedAt }: MonitorIdentity,
  isKnown: boolean,
): Component[] {
  const groupId = (group: string): string => uuidOf(page_id, 'group', group);
  const usual = {
    created_at: isoTime(startedAt),
    showcase: true,
    start_date: null,
    page_id,
    only_show_if_degraded: false,
  };
  const members = services.map((service, index): Component => {
    const status = isKnown ? componentStatus(service) : 'degraded_performance';
    return {
      id: uuidOf(page_id, 'service', service.name),
      name: service.name,
      status,
      ...usual,
      updated_at: isoTime(service.since),
      position: index + 1,
      description: status === 'degraded_performance' ? unseen(service, isKnown) : null,
      group_id: service.info.group === null ? null : groupId(service.info.group),
      group: false,
    };
  });
  const names = new Set(services.flatMap(({ info: { group } }) => group ?? []));
  const groups = [...names].map((name, index): Component => {
    const id = groupId(name);
    const inside = members.filter(({ group_id }) => group_id === id);
    return {
      id,
      name,
      status: worstOf(inside),
      ...usual,
      updated_at: inside.reduce((latest, { updated_at }) => (updated_at > latest ? updated_at : latest), ''),
      position: members.length + index + 1,
      description: null,
      group_id: null,
      group: true,
      components: inside.map((member) => member.id),
    };
  });
  return [...members, ...groups];
}

function componentStatus({ status }: BoardService): ComponentStatus {
  if (status === 'down') return 'major_outage';
  if (status === 'partial') return 'partial_outage';
  return status === 'up' ? 'operational' : 'degraded_performance';
}

function unseen({ state, since, reason }: BoardService, isKnown: boolean): string {
  if (!isKnown) return 'The state is not known at present.';
  if (state !== 'unobserved') return 'There was no answer yet.';
  return `Not observed since ${isoTime(since)}${reason === null ? '' : ` (${reason})`}: whether it is up is not known.`;
}

function worstOf(components: readonly Component[]): ComponentStatus {
  const found = new Set(components.map(({ status }) => status));
  return COMPONENT_STATUSES.find((status) => found.has(status)) ?? 'degraded_performance';
}

/** `critical`: all services are down; `major`: some are, or from some vantages; `minor`: some are not observed, or none is known. */
function overall(components: readonly Component[]): { indicator: string; description: string } {
  if (components.length === 0) return { indicator: 'minor', description: 'No service is watched' };
  const worst = worstOf(components);
  if (worst === 'operational') return { indicator: 'none', description: 'All Systems Operational' };
  if (components.every(({ status }) => status === 'major_outage'))
    return { indicator: 'critical', description: 'Major System Outage' };
  if (worst !== 'degraded_performance') return { indicator: 'major', description: 'Partial System Outage' };
  return { indicator: 'minor', description: 'Not All Systems Are Observed' };
}

function maintenanceOf(
  { id, at, from, to, services, text }: Note,
  now: number,
  components: readonly Component[],
  { id: page_id }: MonitorIdentity,
  url: string,
): { readonly status: 'scheduled' | 'in_progress' | 'completed' } & Readonly<Record<string, unknown>> {
  const status = now < from ? 'scheduled' : to === null || now < to ? 'in_progress' : 'completed';
  return {
    id: uuidOf(page_id, 'note', id),
    name: text,
    status,
    impact: 'maintenance',
    created_at: isoTime(at),
    updated_at: isoTime(at),
    monitoring_at: null,
    resolved_at: status === 'completed' && to !== null ? isoTime(to) : null,
    scheduled_for: isoTime(from),
    scheduled_until: to === null ? null : isoTime(to),
    shortlink: url,
    page_id,
    incident_updates: [],
    components: components.filter(({ name, group }) => !group && (services.length === 0 || services.includes(name))),
  };
}

function incidentOf(
  { id, title, incident, from, to, changedAt, reasons }: ListedIncident,
  components: readonly Component[],
  { id: page_id }: MonitorIdentity,
  url: string,
): object {
  const fallen = new Set(incident.falls.map(({ service }) => service));
  const affected = components.filter(({ name, group }) => !group && fallen.has(name));
  const all = components.every(({ name, group }) => group || fallen.has(name));
  const update = (status: string, at: number, body: string, [before, after]: readonly [string, string]): object => ({
    id: uuidOf(id, status),
    status,
    body,
    incident_id: id,
    created_at: isoTime(at),
    updated_at: isoTime(at),
    display_at: isoTime(at),
    affected_components: affected.map(({ id: code, name }) => ({
      code,
      name,
      old_status: before,
      new_status: after,
    })),
    deliver_notifications: false,
    custom_tweet: null,
    tweet_id: null,
  });
  const fell = update('investigating', from, showFall(incident), ['operational', 'major_outage']);
  const recovery = showRecovery(incident);
  const ended =
    to === null || recovery === null
      ? []
      : [update('resolved', to, `${recovery}: ${reasons}`, ['major_outage', 'operational'])];
  return {
    id,
    name: title,
    status: to === null ? 'investigating' : 'resolved',
    impact: all ? 'critical' : 'major',
    created_at: isoTime(from),
    started_at: isoTime(from),
    updated_at: isoTime(changedAt),
    monitoring_at: null,
    resolved_at: to === null ? null : isoTime(to),
    shortlink: url,
    page_id,
    incident_updates: [...ended, fell],
    components: affected,
  };
}

/** From checked entries to what is watched: names, defaults, and the bounds that need both. */
import { durationText } from '../core/duration.ts';
import { excerpt, keptName } from '../core/format.ts';
import { redacted } from '../core/shown-url.ts';
import type { Connection } from '../core/model.ts';
import type { ProbeSpec, Watched } from '../probe/spec.ts';
import type { Problem, Place } from './config-error.ts';
import { SectionReader, type Surroundings } from './section-reader.ts';
import type { ServiceEntry } from './config-schema.ts';
import { type Drafted, httpSpec, redisSpec, tcpSpec } from './probe-specs.ts';

/** A checked entry, and its place. */
export interface Candidate {
  readonly entry: ServiceEntry;
  readonly place: Place;
  readonly from: 'file' | 'command line';
}

/** What a service has that does not say otherwise. Durations in milliseconds. */
export interface Settings {
  readonly interval: number;
  readonly timeout: number;
  readonly connection: Connection | 'both';
  readonly family: 4 | 6 | null;
  readonly rise: number;
  readonly fall: number;
  /** Null for never; undefined for what follows from the interval. */
  readonly recheck: number | null | undefined;
  /** A good answer that took longer is slow; null for any. */
  readonly slow: number | null;
  /** Whether an idle connection is held to services whose probes each have one of their own. */
  readonly sentinel: boolean;
}

/** Rechecks that are sent within an interval, where nothing else is configured. */
const RECHECKS = 10;
const LEAST_RECHECK_MS = 10;

/** Probes of one service that may be on their way at the same time. */
export const IN_FLIGHT = 64;

/**
 * The services to watch: `both` is two, and those that are not enabled are left out once they are checked.
 * @param problems where problems are added; if there are any, the result is of no use
 */
export async function watchedOf(
  candidates: readonly Candidate[],
  defaults: Settings,
  surroundings: Surroundings,
  problems: Problem[],
): Promise<Watched[]> {
  const watched: Watched[] = [];
  const owners = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { entry, place } = candidate;
    const settings = settingsOf(entry, defaults);
    const reader = new SectionReader(surroundings, place, problems);
    checkInFlight(entry, settings, reader);
    const named = namesOf(entry.name, settings.connection);
    for (const { name } of named) claim(name, candidate, owners, reader);
    // What a service that is not watched points to need not be there.
    if (entry.enabled === false) continue;
    const drafted = await specOf(entry, settings, reader);
    if (drafted === null) continue;
    for (const { name, connection } of named) {
      watched.push({
        service: {
          name,
          kind: entry.type,
          target: drafted.target,
          connection,
          group: entry.group ?? null,
          intervalMs: settings.interval,
          timeoutMs: settings.timeout,
          rise: settings.rise,
          fall: settings.fall,
          ...(connection === 'kept' && sendsNothing(drafted.probe) && { asks: false }),
        },
        probe: drafted.probe,
        recheckMs:
          settings.recheck === undefined ? Math.max(LEAST_RECHECK_MS, settings.interval / RECHECKS) : settings.recheck,
        slowMs: settings.slow,
        sentinel: settings.sentinel && settings.connection === 'new' && !isNamedBySentinels(drafted.probe),
      });
    }
  }
  return watched;
}

function sendsNothing(probe: ProbeSpec): boolean {
  return probe.kind === 'tcp' && probe.send === null && probe.expect === null;
}

/** An idle connection to a Redis Sentinel would say nothing of the master. */
function isNamedBySentinels(probe: ProbeSpec): boolean {
  return probe.kind === 'redis' && probe.sentinels !== undefined;
}

function settingsOf(entry: ServiceEntry, defaults: Settings): Settings {
  return {
    interval: entry.interval ?? defaults.interval,
    timeout: entry.timeout ?? defaults.timeout,
    connection: entry.connection ?? defaults.connection,
    family: entry.family ?? defaults.family,
    rise: entry.rise ?? defaults.rise,
    fall: entry.fall ?? defaults.fall,
    recheck: entry.recheck === undefined ? defaults.recheck : entry.recheck,
    slow: entry.slow ?? defaults.slow,
    sentinel: defaults.sentinel,
  };
}

/** The services that an entry becomes: `both` is two. */
export function namesOf(name: string, connection: Settings['connection']): { name: string; connection: Connection }[] {
  if (connection !== 'both') return [{ name, connection }];
  return [
    { name, connection: 'new' },
    { name: keptName(name), connection: 'kept' },
  ];
}

function specOf(entry: ServiceEntry, settings: Settings, reader: SectionReader): Promise<Drafted<ProbeSpec> | null> {
  if (entry.type === 'tcp') return tcpSpec(entry, settings.family, settings.timeout, reader);
  if (entry.type === 'http') return httpSpec(entry, settings.family, reader);
  return redisSpec(entry, settings.family, reader);
}

function claim(name: string, candidate: Candidate, owners: Map<string, Candidate>, reader: SectionReader): void {
  const owner = owners.get(name);
  if (owner === undefined) {
    owners.set(name, candidate);
    return;
  }
  const taken = `the name ${excerpt(redacted(name))} is already taken by ${owner.place([], 'value').place ?? 'another'}`;
  if (candidate.from === 'file') reader.problem(['name'], `${taken}; every service needs its own name`);
  else reader.problem([], `${taken}; NAME=WHERE gives this one another`);
}

function checkInFlight(entry: ServiceEntry, { timeout, interval }: Settings, reader: SectionReader): void {
  const inFlight = Math.ceil(timeout / interval);
  if (inFlight <= IN_FLIGHT) return;
  const own = (['timeout', 'interval'] as const).find((field) => entry[field] !== undefined);
  const longest = durationText(interval * IN_FLIGHT);
  const shortest = durationText(Math.ceil(timeout / IN_FLIGHT));
  reader.problem(
    own === undefined ? [] : [own],
    `a timeout of ${durationText(timeout)} at an interval of ${durationText(interval)} lets ${String(inFlight)} probes hang at once; ` +
      `at most ${String(IN_FLIGHT)} may: a timeout up to ${longest}, or an interval from ${shortest}`,
  );
}

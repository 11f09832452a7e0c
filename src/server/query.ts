/** Reads what a query asks for. A query that makes no sense is answered with a sentence about it, not by a guess. */
import { durationMs } from '../core/duration.ts';

/** What is wrong with a query, for people. */
export interface BadQuery {
  readonly problem: string;
}

export function isBad(value: object | number | null): value is BadQuery {
  return typeof value === 'object' && value !== null && 'problem' in value;
}

export interface FeedQuery {
  readonly samples: boolean;
  /** The event after which the client resumes, and of which monitor; null for a fresh start. */
  readonly resume: { readonly after: number; readonly monitor: string } | null;
  /** Only these services; null for all. */
  readonly services: ReadonlySet<string> | null;
}

/** Whether a monitor has a service of this name. */
export type Knows = (service: string) => boolean;

/** Reads the query of `/feed`. `token` is read by `access.ts`. */
export function feedQuery(query: URLSearchParams, knows: Knows): FeedQuery | BadQuery {
  const problem = unexpected(query, ['samples', 'after', 'monitor', 'token'], ['service']);
  if (problem !== null) return { problem };
  const services = servicesOf(query, knows);
  if (isBad(services)) return services;
  const samples = query.get('samples') ?? '0';
  if (samples !== '0' && samples !== '1') return { problem: 'samples is 1 or 0' };
  const after = query.get('after');
  const monitor = query.get('monitor');
  if (after === null && monitor === null) return { samples: samples === '1', resume: null, services };
  if (after === null || monitor === null) return { problem: 'after and monitor go together: ?after=SEQ&monitor=ID' };
  const seq = seqOf(after);
  return isBad(seq) ? seq : { samples: samples === '1', resume: { after: seq, monitor }, services };
}

/** The number of an event. */
export function seqOf(after: string): number | BadQuery {
  if (/^\d{1,16}$/.test(after)) return Number(after);
  return { problem: 'after is the number (seq) of the last event that you have' };
}

/** The services that a query names; null where it names none. */
export function servicesOf(query: URLSearchParams, knows: Knows): ReadonlySet<string> | BadQuery | null {
  const names = query.getAll('service');
  const unknown = names.find((name) => !knows(name));
  if (unknown !== undefined) return { problem: `no service is named ${excerpt(unknown)}` };
  return names.length === 0 ? null : new Set(names);
}

/** A day, or a time with its zone, in the forms that the command line takes too. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+ -]\d\d:?\d\d))?$/i;

/**
 * A moment in a query: milliseconds since the epoch, an ISO 8601 time with its zone, or a duration back from now such as `2d`;
 * null where it is not given.
 */
export function timeOf(query: URLSearchParams, name: string, now: number): number | BadQuery | null {
  const text = query.get(name);
  if (text === null) return null;
  if (/^\d{1,15}(\.\d{1,6})?$/.test(text)) return Number(text);
  const [, day = '', clock, zone = ''] = ISO.exec(text) ?? [];
  // A plus that is not encoded arrives as a space.
  const offset = zone.replace(/^ /, '+').replace(/(\d\d)(\d\d)$/, '$1:$2');
  const iso = Date.parse(clock === undefined ? day : `${day}T${clock}${offset.toUpperCase()}`);
  if (!Number.isNaN(iso)) return iso;
  const back = durationMs(text);
  if (back !== null) return now - back;
  return {
    problem: `${name} is a time such as 2026-11-23T04:05:06Z, milliseconds since 1970, or a duration back such as 2d`,
  };
}

/** What is wrong with the names in a query; null where nothing is. */
export function unexpected(
  query: URLSearchParams,
  once: readonly string[],
  repeated: readonly string[],
): string | null {
  for (const name of new Set(query.keys())) {
    if (repeated.includes(name)) continue;
    if (!once.includes(name)) {
      const known = [...once, ...repeated].join(', ');
      return `unknown parameter ${excerpt(name)}; ${known === '' ? 'there are none here' : `known: ${known}`}`;
    }
    if (query.getAll(name).length > 1) return `${name} is given more than once`;
  }
  return null;
}

/** Others' words, short enough for the reason of a close frame (123 bytes) and without what a terminal would take for a command. */
function excerpt(text: string): string {
  const safe = text.replace(/[^\x20-\x7e]/g, '?');
  return `“${safe.length > 30 ? `${safe.slice(0, 29)}…` : safe}”`;
}

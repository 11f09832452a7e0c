/** From checked entries to hooks, heartbeat and maintenance: their secrets, URLs and the services that they name. */
import { createHash } from 'node:crypto';

import { CONFIGURED_NOTE, type NoteText } from '../core/notes.ts';
import { excerpt, list, keptName } from '../core/format.ts';
import type { HookSettings } from '../hooks/hook-settings.ts';
import type { HeartbeatSettings } from '../hooks/heartbeat.ts';
import type { Problem, Path, Place } from './config-error.ts';
import type { HookEntry, MaintenanceEntry } from './config-schema.ts';
import { didYouMean, type Secret } from './fields.ts';
import { addAuthorization, OWN_HEADERS, readHeaders } from './probe-specs.ts';
import { SectionReader, type Surroundings } from './section-reader.ts';
import { httpUrl } from './target-url.ts';

const DEFAULT_HEARTBEAT_MS = 60_000;
const HOOK_HEADERS: ReadonlySet<string> = new Set([...OWN_HEADERS, 'host', 'idempotency-key', 'x-gapwatch-signature']);
const FORMS = 'http://HOST… or https://HOST…';

/**
 * The hooks of a file.
 * @param names of all services, for a hook that names some
 * @param problems where problems are added; if there are any, the result is of no use
 */
export async function hooksOf(
  entries: readonly HookEntry[],
  names: ReadonlySet<string>,
  surroundings: Surroundings,
  place: Place,
  problems: Problem[],
): Promise<HookSettings[]> {
  const hooks: HookSettings[] = [];
  const places = new Map<string, string>();
  for (const [index, entry] of entries.entries()) {
    const at: Place = (path, part) => place(['hooks', index, ...path], part);
    const reader = new SectionReader(surroundings, at, problems);
    checkNames(entry.services ?? [], names, reader, ['services']);
    const to = await targetOf(entry, surroundings, reader);
    if (to === null) continue;
    const { on, services = null, minMs = 0 } = entry;
    // What tells hooks apart over restarts: see `hookId`.
    const key = JSON.stringify([to.kind === 'post' ? to.url : to.argv, on.toSorted(), services?.toSorted()]);
    const same = places.get(key);
    if (same !== undefined) reader.problem([], `it goes where ${same} goes, for the same events of the same services`);
    const hook = `hooks[${String(index)}]`;
    places.set(key, hook);
    hooks.push({ place: hook, on, services, minMs, to });
  }
  return hooks;
}

/** The heartbeat of a file; null where there is none, or something is wrong, which is reported. */
export async function heartbeatOf(
  entry: { readonly url: Secret; readonly interval?: number | undefined } | undefined,
  reader: SectionReader,
): Promise<HeartbeatSettings | null> {
  const found = await urlOf(entry?.url, ['heartbeat', 'url'], reader);
  if (found === null) return null;
  const headers: Record<string, string> = {};
  addAuthorization(headers, found, reader);
  return { url: found.url, headers, intervalMs: entry?.interval ?? DEFAULT_HEARTBEAT_MS };
}

/**
 * The maintenance of a file, as notes: each has an id of what it says, so that it is the same over restarts.
 * @param names of all services
 */
export function maintenanceOf(
  entries: readonly MaintenanceEntry[],
  names: ReadonlySet<string>,
  reader: SectionReader,
): NoteText[] {
  return entries.map(({ from, to, services: named = [], text = 'Maintenance' }, index) => {
    checkNames(named, names, reader, ['maintenance', index, 'services']);
    // What is done to a service is done to both of its connections.
    const kept = named.map(keptName).filter((name) => names.has(name));
    const services = [...new Set([...named, ...kept])];
    const said = JSON.stringify([from, to, services, text]);
    const id = CONFIGURED_NOTE + createHash('sha256').update(said).digest('hex').slice(0, 16);
    return { id, kind: 'maintenance', from, to, services, text };
  });
}

/** Reports names that no service has. */
function checkNames(named: readonly string[], names: ReadonlySet<string>, reader: SectionReader, path: Path): void {
  for (const [index, name] of named.entries()) {
    if (names.has(name)) continue;
    const known = [...names].map((one) => excerpt(one));
    const some = known.length > 8 ? [...known.slice(0, 8), '…'] : known;
    const meant = didYouMean(name, [...names]);
    reader.problem(
      [...path, index],
      `no service is called ${excerpt(name)}${meant === '' ? `; there are ${list(some)}` : meant}`,
    );
  }
}

async function targetOf(
  entry: HookEntry,
  { dir }: Surroundings,
  reader: SectionReader,
): Promise<HookSettings['to'] | null> {
  const [program, ...args] = entry.command ?? [];
  if (program !== undefined) return { kind: 'command', argv: [program, ...args], cwd: dir };
  const where = await urlOf(entry.url, ['url'], reader);
  const headers = await readHeaders(entry.headers, reader, HOOK_HEADERS);
  const secret = await reader.secret(entry.secret, ['secret']);
  if (where === null) return null;
  addAuthorization(headers, where, reader);
  return { kind: 'post', url: where.url, headers, secret };
}

/** A URL, which may be a secret as a whole: so nothing of it is shown. */
async function urlOf(secret: Secret | undefined, path: Path, reader: SectionReader) {
  const written = await reader.secret(secret, path);
  if (written === null) return null;
  const parsed = httpUrl(written);
  const problem =
    'problem' in parsed
      ? parsed.problem
      : parsed.value.socketPath !== null
        ? 'a socket is not called'
        : parsed.value.zone !== null
          ? 'an address with a zone is not called'
          : null;
  if ('value' in parsed && problem === null) return parsed.value;
  reader.problem(path, `${problem ?? ''}; ${FORMS}`);
  return null;
}

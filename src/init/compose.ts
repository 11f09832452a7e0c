/** The services of a Compose file that publish a port on this machine. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { interpolated, parseEnvFile, type Variables } from './compose-variables.ts';
import { fieldsAt, isFields, listAt, readDocument, textAt, unusable, type Fields } from './document.ts';
import type { LeftOut } from './draft.ts';

/** A port of a Compose service that is published on this machine. */
export interface PublishedPort {
  readonly service: string;
  /** Where it can be reached from this machine. */
  readonly host: string;
  readonly port: number;
  readonly containerPort: number;
  /** The name of the image, without secrets; null where the service is built. */
  readonly image: string | null;
  /** Whether it is a Redis that wants a password. */
  readonly wantsPassword: boolean;
  /** Whether the service publishes others too. */
  readonly isOneOfSeveral: boolean;
}

/** What a Compose file has. */
export interface ComposeServices {
  readonly ports: readonly PublishedPort[];
  readonly leftOut: readonly LeftOut[];
}

/** One entry of `ports:`, each end a range. */
export interface PortMapping {
  /** Null for all addresses. */
  readonly host: string | null;
  /** First and last; null where Docker takes a free one. */
  readonly published: readonly [number, number] | null;
  readonly target: readonly [number, number];
  readonly protocol: string;
}

/** Ports of one range; a longer one is a slip of the pen. */
const MOST_PORTS = 200;
/** How deep services may extend each other. */
const MOST_EXTENDS = 10;

/**
 * Reads a Compose file, with the `.env` beside it.
 * @param env the environment, which goes before `.env`
 * @throws ConfigError where it is none, or can't be read
 */
export async function readCompose(file: string, cwd: string, env: Variables): Promise<ComposeServices> {
  const document = await readDocument(file, cwd);
  if (!isFields(document['services']))
    throw unusable(
      file,
      'this is no Compose file: it has no "services" with names. An existing monitor\'s configuration is read by --from',
    );
  const folder = dirname(resolve(cwd, file));
  const fromFile = await readFile(resolve(folder, '.env'), 'utf8').then(parseEnvFile, () => ({}));
  const variables = { ...fromFile, ...env };
  const leftOut: LeftOut[] = listAt(document, 'include').map((included) => ({
    what: `include ${typeof included === 'string' ? included : ''}`.trim(),
    why: 'another Compose file; init --compose reads one',
  }));
  const ports: PublishedPort[] = [];
  for (const name of Object.keys(document['services'])) {
    const service = await extended(document, name, { folder, variables, leftOut }, 0);
    ports.push(...publishedPorts(name, service, variables, leftOut));
  }
  return { ports, leftOut };
}

interface Reading {
  readonly folder: string;
  readonly variables: Variables;
  readonly leftOut: LeftOut[];
}

/** A service with what it extends: `ports` add up, as Compose merges them; of all others its own goes first. */
async function extended(document: Fields, name: string, reading: Reading, depth: number): Promise<Fields> {
  const own = fieldsAt(document['services'], name);
  const parent = own['extends'];
  const service = typeof parent === 'string' ? parent : textAt(parent, 'service');
  if (service === null) return own;
  const file = textAt(parent, 'file');
  let source = document;
  if (file !== null) {
    const path = interpolated(file, reading.variables);
    const read = await readDocument(path, reading.folder).catch(() => null);
    if (read === null) {
      reading.leftOut.push({ what: `${name}: extends ${path}`, why: "that file can't be read" });
      return own;
    }
    source = read;
  }
  if (depth >= MOST_EXTENDS) {
    reading.leftOut.push({ what: `${name}: extends ${service}`, why: 'services extend each other too deeply' });
    return own;
  }
  const base = await extended(source, service, reading, depth + 1);
  return { ...base, ...own, ports: [...listAt(base, 'ports'), ...listAt(own, 'ports')] };
}

function publishedPorts(name: string, service: Fields, variables: Variables, leftOut: LeftOut[]): PublishedPort[] {
  const leave = (what: string, why: string): void => {
    leftOut.push({ what: what === '' ? name : `${name}: ${what}`, why });
  };
  const profiles = listAt(service, 'profiles').map(String);
  const active = (variables['COMPOSE_PROFILES'] ?? '').split(',');
  if (profiles.length > 0 && !profiles.some((profile) => active.includes(profile) || active.includes('*'))) {
    leave('', `only started with the profile ${profiles.join(' or ')}`);
    return [];
  }
  const entries = listAt(service, 'ports');
  if (entries.length === 0) {
    if (interpolated(textAt(service, 'network_mode') ?? '', variables) === 'host')
      leave('', "it uses the host's network: where it listens is found by itself while it runs");
    else if (listAt(service, 'expose').length > 0)
      leave('', 'its ports are exposed to other containers only, not published');
    else leave('', 'it publishes no port');
    return [];
  }
  const image = textAt(service, 'image');
  const shared = {
    service: name,
    image: image === null ? null : interpolated(image, variables),
    wantsPassword: hasPassword(service),
  };
  const found: Omit<PublishedPort, 'isOneOfSeveral'>[] = [];
  for (const entry of entries) {
    const shown = shownEntry(entry, variables);
    const mapping = isFields(entry)
      ? longMapping(entry, variables)
      : shortMapping(interpolated(String(entry), variables));
    if (mapping === null) {
      leave(shown, 'this is no mapping of ports that init can read, such as "8080:80"');
      continue;
    }
    const { host, published, target, protocol } = mapping;
    const [first, last] = target;
    if (protocol !== 'tcp') leave(shown, `${protocol.toUpperCase()} can't be watched`);
    else if (published === null && unsetIn(entry, variables) !== null)
      leave(
        shown,
        `${unsetIn(entry, variables) ?? ''} is not set, neither in the environment nor in .env beside the file`,
      );
    else if (published === null) leave(shown, 'Docker takes another free port at each start: "8080:80" would keep it');
    else if (published[1] - published[0] !== last - first)
      leave(shown, 'Docker takes one port of a range: which one changes');
    else if (last - first >= MOST_PORTS) leave(shown, `more than ${String(MOST_PORTS)} ports`);
    else
      for (let offset = 0; offset <= last - first; offset += 1)
        found.push({
          ...shared,
          host: hostOfMapping(host),
          port: published[0] + offset,
          containerPort: first + offset,
        });
  }
  const distinct = found.filter(
    (port, index) => found.findIndex((other) => other.port === port.port && other.host === port.host) === index,
  );
  return distinct.map((port) => ({ ...port, isOneOfSeveral: distinct.length > 1 }));
}

/** Where this machine reaches what Docker binds. */
function hostOfMapping(host: string | null): string {
  if (host === null || host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '::1';
  return host;
}

/** An entry of `ports:` as people write it. */
function shownEntry(entry: unknown, variables: Variables): string {
  if (!isFields(entry)) return String(entry);
  const text = (name: string): string => interpolated(textAt(entry, name) ?? '', variables);
  return `${text('published')}:${text('target')}${text('protocol') === '' ? '' : `/${text('protocol')}`}`;
}

/** A variable in what an entry publishes that is not set and has no default; null where there is none. */
function unsetIn(entry: unknown, variables: Variables): string | null {
  const written = isFields(entry) ? (textAt(entry, 'published') ?? '') : String(entry);
  let unset: string | null = null;
  interpolated(written, variables, (name) => {
    unset ??= name;
  });
  return unset;
}

/** Whether its command or environment gives a Redis a password. */
function hasPassword(service: Fields): boolean {
  const command = listAt(service, 'command').join(' ');
  const environment = service['environment'];
  const names = Array.isArray(environment) ? environment.map(String) : Object.keys(fieldsAt(service, 'environment'));
  return (
    /--requirepass\b|\brequirepass\b/.test(command) || names.some((name) => /^(?:REDIS|VALKEY)_PASSWORD\b/.test(name))
  );
}

/**
 * `[HOST:][PUBLISHED:]TARGET[/PROTOCOL]`; null where the text is none.
 * @example shortMapping('127.0.0.1:3000-3005:80-85/tcp')
 */
export function shortMapping(text: string): PortMapping | null {
  const [, mapping = '', protocol = 'tcp'] = /^([^/]+)(?:\/([a-z]+))?$/i.exec(text.trim()) ?? [];
  const [, bracketed, rest = mapping] = /^\[([^\]]+)\]:(.*)$/.exec(mapping) ?? [];
  const parts = rest.split(':');
  const target = rangeOf(parts.pop() ?? '');
  const published = parts.pop() ?? '';
  // What precedes is an address, an IPv6 one even without brackets.
  const host = bracketed ?? (parts.length === 0 ? null : parts.join(':'));
  const range = published === '' ? null : rangeOf(published);
  if (target === null || (published !== '' && range === null)) return null;
  if (host !== null && !/^[\da-fA-F.:%a-z]*$/.test(host)) return null;
  return { host: host === '' ? null : host, published: range, target, protocol: protocol.toLowerCase() };
}

function longMapping(entry: Fields, variables: Variables): PortMapping | null {
  const text = (name: string): string => interpolated(textAt(entry, name) ?? '', variables);
  const target = rangeOf(text('target'));
  const published = text('published');
  const range = published === '' || published === '0' ? null : rangeOf(published);
  if (target === null || (published !== '' && published !== '0' && range === null)) return null;
  const host = text('host_ip').replace(/^\[|\]$/g, '');
  return {
    host: host === '' ? null : host,
    published: range,
    target,
    protocol: (text('protocol') || 'tcp').toLowerCase(),
  };
}

/** A port or `FIRST-LAST`; null where the text is neither. */
function rangeOf(text: string): [number, number] | null {
  const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return from !== '' && first >= 1 && last >= first && last <= 65_535 ? [first, last] : null;
}

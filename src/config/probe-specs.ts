/** From a service in the configuration to its probe, for each type of service. */
import { isIP } from 'node:net';

import type { ProbeSpec, TlsSpec, TcpSpec, HttpSpec, StatusRange, RedisSpec } from '../probe/spec.ts';
import { URL_PARSERS, type Secret } from './fields.ts';
import type { SectionReader } from './section-reader.ts';
import type { Tls, TcpEntry, HttpEntry, RedisEntry } from './config-schema.ts';
import {
  URL_FORMS,
  hostInUrl,
  hostOf,
  type TcpWhere,
  type HttpWhere,
  REDIS_PORT,
  type RedisWhere,
} from './target-url.ts';
import { durationText } from '../core/duration.ts';
import { withoutSecrets } from '../core/shown-url.ts';

/** How to probe a service, and where others may see that it is. */
export interface Drafted<Spec extends ProbeSpec> {
  /** Without user and password, and without what was kept out of the configuration. */
  readonly target: string;
  readonly probe: Spec;
}

/** What a URL of each kind says. */
type UrlOf<Kind extends keyof typeof URL_PARSERS> = Extract<
  ReturnType<(typeof URL_PARSERS)[Kind]>,
  { value: unknown }
>['value'];

/** Reads a URL that may be a secret; null where that fails, which is reported. */
async function readUrl<Kind extends keyof typeof URL_PARSERS>(
  reader: SectionReader,
  kind: Kind,
  url: Secret,
): Promise<UrlOf<Kind> | null> {
  const text = await reader.secret(url, ['url']);
  if (text === null) return null;
  const parsed = URL_PARSERS[kind](text);
  if ('value' in parsed) return parsed.value;
  reader.problem(['url'], `the URL that is kept there: ${parsed.problem}; ${URL_FORMS[kind]}`);
  return null;
}

/** The TLS of a service; `undefined` and `true` are all defaults. */
async function tlsSpec(reader: SectionReader, tls: Tls | undefined): Promise<TlsSpec> {
  const settings = tls === undefined || tls === true ? {} : tls;
  return {
    verify: settings.verify ?? true,
    ca: settings.ca === undefined ? null : await reader.certificates(settings.ca, ['tls', 'ca']),
    servername: settings.servername ?? null,
    minDays: settings.minDays ?? null,
    client: await reader.clientCertificate(settings, ['tls']),
  };
}

/** Reports an address that is not of the requested family. */
function checkFamily(reader: SectionReader, host: string, family: 4 | 6 | null): void {
  const of = isIP(host);
  if (of === 0 || family === null || of === family) return;
  reader.problem([], `"family" is ${String(family)}, but ${host} is an address of family ${String(of)}`);
}

const HOLD_MS = 25;

/** The probe of a TCP service; null where something is wrong, which is reported. */
export async function tcpSpec(
  entry: TcpEntry,
  family: 4 | 6 | null,
  timeoutMs: number,
  reader: SectionReader,
): Promise<Drafted<TcpSpec> | null> {
  const where = await tcpWhere(entry, reader);
  const send = await reader.secret(entry.send, ['send']);
  const tls = entry.tls === undefined ? null : await tlsSpec(reader, entry.tls);
  const holdMs = entry.hold ?? Math.min(HOLD_MS, timeoutMs / 2);
  if (holdMs >= timeoutMs && entry.expect === undefined) {
    const message = `${durationText(holdMs)} does not fit into the timeout of ${durationText(timeoutMs)}; less than it`;
    reader.problem(['hold'], message);
  }
  if (where === null) return null;
  checkFamily(reader, where.host, family);
  return {
    target: `tcp://${hostInUrl(where.host)}:${String(where.port)}`,
    probe: {
      kind: 'tcp',
      endpoint: { ...where, family, tls },
      holdMs,
      send,
      expect: entry.expect ?? null,
      ...(entry.identity && { identity: entry.identity.body }),
    },
  };
}

async function tcpWhere(entry: TcpEntry, reader: SectionReader): Promise<TcpWhere | null> {
  if (entry.url !== undefined) return readUrl(reader, 'tcp', entry.url);
  const host = hostOf(entry.host ?? '');
  return host === null || entry.port === undefined ? null : { host, port: entry.port };
}

const ACCEPTED: readonly StatusRange[] = [
  { from: 200, to: 299 },
  { from: 300, to: 399 },
];

/** Headers that belong to the connection and the length of the body: the program sends them itself. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** The probe of an HTTP service; null where something is wrong, which is reported. */
export async function httpSpec(
  entry: HttpEntry,
  family: 4 | 6 | null,
  reader: SectionReader,
): Promise<Drafted<HttpSpec> | null> {
  const where = await readUrl(reader, 'http', entry.url);
  const headers = await readHeaders(entry.headers, reader, OWN_HEADERS);
  const body = await reader.secret(entry.body, ['body']);
  const tls = await tlsSpec(reader, entry.tls);
  const method = entry.method ?? 'GET';
  if (method === 'HEAD' && entry.expect?.body !== undefined) {
    reader.problem(['expect', 'body'], 'a HEAD request is answered without a body; another "method"');
  }
  if (where === null) return null;
  checkFamily(reader, where.host, family);
  addAuthorization(headers, where, reader);
  const follow = entry.follow ?? 0;
  if (entry.tls !== undefined && !where.encrypted && follow === 0) {
    reader.problem(['tls'], 'conflicts with a URL without TLS; an https:// URL, or no "tls"');
  }
  return {
    target: targetOf(where, typeof entry.url === 'string'),
    probe: {
      kind: 'http',
      url: where.url,
      zone: where.zone,
      socketPath: where.socketPath,
      family,
      method,
      headers,
      body,
      expectStatus: entry.expect?.status ?? ACCEPTED,
      expectBody: entry.expect?.body ?? null,
      ...(entry.identity && { identity: httpIdentity(entry.identity) }),
      follow,
      tls,
    },
  };
}

/** Exactly one of the two is there. */
function httpIdentity({ header = '', body }: NonNullable<HttpEntry['identity']>): NonNullable<HttpSpec['identity']> {
  return body === undefined ? { header: header.toLowerCase() } : { body };
}

/** @param open whether the URL is in the configuration itself: otherwise only its host is shown */
function targetOf(where: HttpWhere, open: boolean): string {
  const { protocol, host, port, pathname, search } = new URL(where.url);
  const path = open ? withoutSecrets(pathname + search) : pathname === '/' && search === '' ? '/' : '/…';
  if (where.socketPath !== null) return `unix:${where.socketPath}:${open ? path : '/…'}`;
  const address = where.zone === null ? host : `${hostInUrl(where.host)}${port === '' ? '' : `:${port}`}`;
  return `${protocol}//${address}${path}`;
}

/**
 * The headers to send, with their secrets; what is wrong with them is reported.
 * @param own the headers that can't be configured, in lower case
 */
export async function readHeaders(
  entries: HttpEntry['headers'],
  reader: SectionReader,
  own: ReadonlySet<string>,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, secret] of Object.entries(entries ?? {})) {
    const path = ['headers', name];
    const key = name.toLowerCase();
    if (seen.has(key)) reader.problem(path, 'this header is given twice, in different case; remove one of the two');
    if (own.has(key)) reader.problem(path, 'gapwatch sends this header itself; leave it out');
    seen.add(key);
    const value = await reader.secret(secret, path);
    if (value === null) continue;
    if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value)) {
      reader.problem(
        path,
        "its value holds a character that a header can't have: a line break, a control or one beyond Latin-1",
      );
    }
    headers[name] = value;
  }
  return headers;
}

/** The user and password of the URL, as RFC 7617 sends them. */
export function addAuthorization(headers: Record<string, string>, where: HttpWhere, reader: SectionReader): void {
  if (where.username === null && where.password === null) return;
  const other = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
  if (other !== undefined) {
    reader.problem(
      ['headers', other],
      'conflicts with the user and password of "url", which are sent as this header; remove one of the two',
    );
  }
  const credentials = Buffer.from(`${where.username ?? ''}:${where.password ?? ''}`).toString('base64');
  headers['Authorization'] = `Basic ${credentials}`;
}

/** The probe of a Redis service; null where something is wrong, which is reported. */
export async function redisSpec(
  entry: RedisEntry,
  family: 4 | 6 | null,
  reader: SectionReader,
): Promise<Drafted<RedisSpec> | null> {
  const where = await redisWhere(entry, reader);
  const fields = {
    username: await reader.secret(entry.username, ['username']),
    password: await reader.secret(entry.password, ['password']),
    db: entry.db ?? null,
  };
  if (where === null) return null;
  for (const field of ['username', 'password', 'db'] as const) {
    if (entry[field] !== undefined && where[field] !== null) {
      reader.problem([field], 'conflicts with "url", which already says it; remove one of the two');
    }
  }
  const username = where.username ?? fields.username;
  const password = where.password ?? fields.password;
  if (username !== null && password === null && entry.password === undefined) {
    const field = entry.username === undefined ? 'url' : 'username';
    reader.problem([field], 'a user without a password; Redis takes a user only with one: "password"');
  }
  const { host, port, sentinels } = where;
  for (const node of sentinels?.nodes ?? [where]) checkFamily(reader, node.host, family);
  if (sentinels !== undefined && entry.role === 'replica')
    reader.problem(['role'], '"replica" conflicts with "url": sentinels name the master; "master", or no "role"');
  const db = where.db ?? fields.db ?? 0;
  const tls = where.encrypted || entry.tls !== undefined ? await tlsSpec(reader, entry.tls) : null;
  const scheme = `${tls === null ? 'redis' : 'rediss'}${sentinels === undefined ? '' : '+sentinel'}`;
  const hosts = (sentinels?.nodes ?? [where]).map((node) => `${hostInUrl(node.host)}:${String(node.port)}`).join(',');
  const path = [sentinels?.master ?? [], db === 0 ? [] : String(db)].flat().map((part) => `/${part}`);
  return {
    target: `${scheme}://${hosts}${path.join('')}`,
    probe: {
      kind: 'redis',
      endpoint: { host, port, family, tls },
      username,
      password,
      db,
      role: entry.role ?? (sentinels === undefined ? null : 'master'),
      ...(entry.write !== undefined && { write: entry.write }),
      ...(sentinels !== undefined && { sentinels }),
    },
  };
}

async function redisWhere(entry: RedisEntry, reader: SectionReader): Promise<RedisWhere | null> {
  if (entry.url !== undefined) return readUrl(reader, 'redis', entry.url);
  const host = hostOf(entry.host ?? '');
  if (host === null) return null;
  return { host, port: entry.port ?? REDIS_PORT, username: null, password: null, db: null, encrypted: false };
}

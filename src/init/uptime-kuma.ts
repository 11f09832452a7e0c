/** A backup of Uptime Kuma 1: the JSON of its Settings, Backup, Export. Pure. */
import { REDIS_PORT } from '../config/target-url.ts';
import { redacted } from '../core/shown-url.ts';
import { isFields, isTrueAt, listAt, textAt, type Fields } from './document.ts';
import type { Draft, Findings, LeftOut } from './draft.ts';
import { acceptedStatuses, BASIC_LOGIN, hostAndPort, MigratedService, textPattern } from './migrated-service.ts';

/** Types that only a connection proves here, and the ports of their connection strings. */
const DATABASES: ReadonlyMap<string, number> = new Map([
  ['postgres', 5432],
  ['mysql', 3306],
  ['sqlserver', 1433],
  ['mongodb', 27_017],
]);
const UNWATCHED: ReadonlyMap<string, string> = new Map([
  ['ping', "ICMP can't be watched: a port of the same host can"],
  ['tailscale-ping', "ICMP can't be watched"],
  ['dns', "DNS can't be watched"],
  ['docker', "Docker's own view can't be watched: a port of the container can"],
  ['push', 'it reports itself, and is not probed'],
  ['steam', "UDP can't be watched"],
  ['gamedig', "UDP can't be watched"],
  ['radius', "UDP can't be watched"],
  ['snmp', "UDP can't be watched"],
  ['real-browser', 'gapwatch has no browser'],
]);

/** The monitors of a backup. */
export function kumaServices(document: Fields): Findings {
  const drafts: Draft[] = [];
  const leftOut: LeftOut[] = [];
  const monitors = listAt(document, 'monitorList').filter(isFields);
  const groups = new Map(
    monitors.flatMap((monitor) =>
      textAt(monitor, 'type') === 'group' ? ([[textAt(monitor, 'id'), textAt(monitor, 'name') ?? '']] as const) : [],
    ),
  );
  if (listAt(document, 'notificationList').length > 0)
    leftOut.push({ what: 'notifications', why: 'see "hooks" in services.json' });
  if (listAt(document, 'proxyList').length > 0) leftOut.push({ what: 'proxies', why: 'gapwatch connects directly' });
  for (const monitor of monitors) {
    if (textAt(monitor, 'type') === 'group') continue;
    const taken = serviceOf(monitor, groups.get(textAt(monitor, 'parent')) ?? null);
    if ('why' in taken) leftOut.push(taken);
    else {
      drafts.push(taken.draft);
      leftOut.push(...taken.leftOut);
    }
  }
  return { drafts, leftOut };
}

function serviceOf(monitor: Fields, group: string | null): ReturnType<MigratedService['done']> | LeftOut {
  const type = textAt(monitor, 'type') ?? '';
  const name = textAt(monitor, 'name') ?? `${type} monitor`;
  const isPage = ['http', 'keyword', 'json-query'].includes(type);
  const isRedis = type === 'redis';
  const service = new MigratedService(name, isPage ? 'http' : isRedis ? 'redis' : 'tcp', group);
  const refused = (why: string): LeftOut => ({ what: service.name, why });
  if (isTrueAt(monitor, 'upsideDown')) return refused("upside down: a service that shall be down can't be watched");
  if (isTrueAt(monitor, 'invertKeyword'))
    return refused("an inverted keyword: what must not be in the page can't be expressed");
  if (isPage) {
    const problem = applyPage(service, monitor);
    if (problem !== null) return refused(problem);
  } else {
    const where =
      isRedis || DATABASES.has(type) ? connectionOf(monitor, DATABASES.get(type) ?? REDIS_PORT) : plainWhere(monitor);
    if (!['port', 'redis', 'smtp', 'mqtt', ...DATABASES.keys()].includes(type))
      return refused(UNWATCHED.get(type) ?? `the type ${type === '' ? 'is missing' : `${type} can't be watched`}`);
    if (where === null) return refused("its host and port can't be read");
    service.set('host', where.host);
    service.set('port', where.port);
    if (isRedis && where.password !== null) service.set('password', service.secret('PASSWORD', where.password));
    if (isRedis && where.username !== null) service.set('username', where.username);
    if (isRedis && where.database > 0) service.set('db', where.database);
    if (where.encrypted) service.tls(isTrueAt(monitor, 'ignoreTls') ? { verify: false } : null);
    if (type === 'smtp') service.set('expect', '/^220/');
    if (DATABASES.has(type) || type === 'mqtt') service.notTaken(`the ${type} query`, 'only the connection is watched');
  }
  if ('active' in monitor && !isTrueAt(monitor, 'active')) service.set('enabled', false);
  service.duration('interval', Number(textAt(monitor, 'interval') ?? '60') * 1000);
  service.duration(
    'timeout',
    (Number(textAt(monitor, 'timeout')) || Number(textAt(monitor, 'interval') ?? '60') * 0.8) * 1000,
  );
  const retries = Number(textAt(monitor, 'maxretries') ?? '0');
  if (retries > 0) service.set('fall', Math.min(100, retries + 1));
  return service.done('Uptime Kuma', group ?? '');
}

/** Returns why it can't be taken over; null where it can. */
function applyPage(service: MigratedService, monitor: Fields): string | null {
  const url = textAt(monitor, 'url') ?? '';
  if (!service.page(url)) return `its URL can't be read: ${redacted(url)}`;
  const method = textAt(monitor, 'method')?.toUpperCase() ?? 'GET';
  if (method !== 'GET') service.set('method', method);
  const written = textAt(monitor, 'headers');
  if (written !== null) {
    try {
      const headers: unknown = JSON.parse(written);
      service.headers(isFields(headers) ? headers : {});
    } catch {
      service.notTaken('headers', 'they are not JSON');
    }
  }
  const body = textAt(monitor, 'body');
  if (body !== null && method !== 'GET') service.payload('body', body);
  const ranges = listAt(monitor, 'accepted_statuscodes').map((range) => String(range).split('-').map(Number));
  const statuses = acceptedStatuses((status) =>
    ranges.some(([from = NaN, to = from]) => status >= from && status <= to),
  );
  if (statuses.length > 0) service.expect('status', statuses.length === 1 ? statuses[0] : statuses);
  const keyword = textAt(monitor, 'keyword');
  if (textAt(monitor, 'type') === 'keyword' && keyword !== null) service.expect('body', textPattern(keyword));
  if (textAt(monitor, 'type') === 'json-query')
    service.notTaken('its JSON query', 'only the status is watched: "expect.body" takes an expression');
  const redirects = Number(textAt(monitor, 'maxredirects') ?? '10');
  if (redirects > 0) service.set('follow', Math.min(20, redirects));
  if (isTrueAt(monitor, 'ignoreTls')) service.tls({ verify: false });
  const login = textAt(monitor, 'basic_auth_user');
  if (login !== null) service.login(BASIC_LOGIN);
  for (const method of ['mtls', 'ntlm', 'oauth2-cc'])
    if (textAt(monitor, 'authMethod') === method)
      service.notTaken(`its login (${method})`, 'it has to be written by hand');
  if (textAt(monitor, 'proxyId') !== null) service.notTaken('its proxy', 'gapwatch connects directly');
  return null;
}

interface Where {
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly encrypted: boolean;
  /** Of Redis. */
  readonly database: number;
}

function plainWhere(monitor: Fields): Where | null {
  const [host, port] = [textAt(monitor, 'hostname') ?? '', textAt(monitor, 'port') ?? ''];
  const where = hostAndPort(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  return where === null ? null : { ...where, username: null, password: null, encrypted: false, database: 0 };
}

/** From `redis://user:password@host:port`, `Server=host,1433;…` or `Host=host;Port=5432;…`. */
function connectionOf(monitor: Fields, defaultPort: number): Where | null {
  const text = textAt(monitor, 'databaseConnectionString') ?? '';
  const [, server, own] = /(?:^|;)\s*(?:server|host|data source)\s*=\s*(?:tcp:)?([^,;]+)(?:,(\d+))?/i.exec(text) ?? [];
  const [, given] = /(?:^|;)\s*port\s*=\s*(\d+)/i.exec(text) ?? [];
  if (server !== undefined) {
    const where = hostAndPort(`${server.trim()}:${own ?? given ?? String(defaultPort)}`);
    return where === null ? null : { ...where, username: null, password: null, encrypted: false, database: 0 };
  }
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const where = hostAndPort(`${url.hostname}:${url.port === '' ? String(defaultPort) : url.port}`);
  const plain = (part: string): string | null => (part === '' ? null : part);
  return (
    where && {
      ...where,
      ...{ username: plain(url.username), password: plain(url.password), encrypted: url.protocol === 'rediss:' },
      database: /^\/\d{1,4}$/.test(url.pathname) ? Number(url.pathname.slice(1)) : 0,
    }
  );
}

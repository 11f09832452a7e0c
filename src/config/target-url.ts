/**
 * Addresses of services: hosts, and the URLs of each kind of service.
 * A problem is a clause that holds nothing of the address: it may be a secret.
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** A value, or why there is none: a clause such as `its port is missing`, which holds nothing of the text. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** What all URLs have. User and password are decoded. */
interface UrlParts {
  /** In lower case, without the colon. */
  readonly scheme: string;
  readonly username: string | null;
  readonly password: string | null;
  /** A name in ASCII, or an address without brackets. */
  readonly host: string;
  readonly port: number | null;
  /** From the path on. */
  readonly rest: string;
}

/** Where an HTTP request goes. */
export interface HttpWhere {
  /** Without user and password. */
  readonly url: string;
  readonly host: string;
  /** The zone of an IPv6 address, which is not in the URL; null for none. */
  readonly zone: string | null;
  readonly encrypted: boolean;
  readonly socketPath: string | null;
  readonly username: string | null;
  readonly password: string | null;
}

/** Where a TCP connection goes. */
export interface TcpWhere {
  readonly host: string;
  readonly port: number;
}

/** Where a Redis is, and how to be let in. */
export interface RedisWhere extends TcpWhere {
  readonly username: string | null;
  readonly password: string | null;
  /** Null where the URL does not say. */
  readonly db: number | null;
  readonly encrypted: boolean;
  /** Where the host is one of several sentinels: all of them, and the name by which they know the master. */
  readonly sentinels?: { readonly nodes: readonly TcpWhere[]; readonly master: string };
}

/** How each kind of URL is written, for messages. */
export const URL_FORMS = {
  tcp: 'tcp://HOST:PORT',
  http: 'http://HOST[:PORT]/PATH, https://… or unix:/SOCKET:/PATH',
  redis: 'redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], rediss://… or redis+sentinel://HOST[:PORT],…/MASTER[/DB]',
} as const;

/** Redis' own port. */
export const REDIS_PORT = 6379;
/** The longest path of a unix socket on Linux, in bytes: unix(7), `sun_path` less its end. */
const SOCKET_PATH_LIMIT = 107;

/** A slash in a password ends the authority of a URL, and what follows would be taken for its path. */
const BROKEN_USERINFO = 'its user or password holds a / ? or #, which are written %2F %3F %23';

/** http://user:pass@word/…@host can be read in two ways, one of which shows half a password as the path. */
const AMBIGUOUS_AT = 'an @ follows the host too; in a password / is written %2F, in a path @ is written %40';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?(\[[^\]/?#]*\]|[^:/?#[\]]*)(?::([^/?#]*))?([/?#].*)?$/is;

/** The scheme of a text that begins like a URL with an authority, in lower case; otherwise null. */
export function schemeOf(text: string): string | null {
  return SCHEME.exec(text)?.[1]?.toLowerCase() ?? null;
}

/** A host as the look-up takes it: an address, or a name in ASCII; null where the text is neither. */
export function hostOf(text: string): string | null {
  if (isIP(text) !== 0) return text;
  // What follows a / ? or # would be cut off.
  if (text.length > 253 || /[/\\?#]/.test(text)) return null;
  const name = domainToASCII(text);
  // "3000" and "0x7f.1" are addresses by an obscure rule.
  return /^[\w.-]+$/.test(name) && isIP(name) === 0 ? name : null;
}

/** A host as a URL writes it. */
export function hostInUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function urlParts(text: string, schemes: readonly string[]): Parsed<UrlParts> {
  const match = URL_PARTS.exec(text);
  if (match === null) return { problem: 'it is not a URL' };
  const [, rawScheme = '', userinfo, rawHost = '', rawPort, rest = ''] = match;
  const scheme = rawScheme.toLowerCase();
  if (!schemes.includes(scheme)) return { problem: 'its scheme is not one for this type of service' };
  const bracketed = rawHost.startsWith('[');
  // In a URL the % before a zone is written %25 (RFC 6874), or as it is.
  const host = hostOf(bracketed ? rawHost.slice(1, -1).replace(/%25(?=.)/, '%') : rawHost);
  const port = rawPort === undefined || rawPort === '' ? null : portOf(rawPort);
  if (host === null || bracketed !== (isIP(host) === 6) || Number.isNaN(port)) {
    if (rest.includes('@')) return { problem: BROKEN_USERINFO };
    if (rawHost === '') return { problem: 'its host is missing' };
    if (Number.isNaN(port)) return { problem: 'its port is not a whole number from 1 to 65535' };
    return { problem: 'its host is neither a name nor an address' };
  }
  const colon = userinfo?.indexOf(':') ?? -1;
  const username = decoded(colon < 0 ? userinfo : userinfo?.slice(0, colon));
  const password = decoded(colon < 0 ? undefined : userinfo?.slice(colon + 1));
  if (username === undefined || password === undefined) {
    return { problem: 'its user or password holds a % that is no escape; a plain % is written %25' };
  }
  return { value: { scheme, username, password, host, port, rest } };
}

function portOf(digits: string): number {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  return port >= 1 && port <= 65_535 ? port : Number.NaN;
}

/** Null where there is none, undefined where it can't be decoded. */
function decoded(text: string | undefined): string | null | undefined {
  if (text === undefined || text === '') return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Reads `tcp://HOST:PORT`. */
export function tcpUrl(text: string): Parsed<TcpWhere> {
  const parsed = urlParts(text, ['tcp']);
  if ('problem' in parsed) return parsed;
  const { username, password, host, port, rest } = parsed.value;
  if (username !== null || password !== null)
    return { problem: 'it holds a user or password, which TCP does not know' };
  if (port === null) return { problem: 'its port is missing' };
  if (rest !== '' && rest !== '/') return { problem: 'something follows the port' };
  return { value: { host, port } };
}

/** Reads the URL of a Redis, `rediss` for TLS. */
export function redisUrl(text: string): Parsed<RedisWhere> {
  const parsed = urlParts(text, ['redis', 'rediss']);
  if ('problem' in parsed) return parsed;
  const { scheme, username, password, host, port, rest } = parsed.value;
  const db = /^\/?(\d{0,6})$/.exec(rest)?.[1];
  if (db === undefined) {
    if (rest.includes('@')) return { problem: BROKEN_USERINFO };
    return { problem: 'what follows the host is not the number of a database, such as /0' };
  }
  const encrypted = scheme === 'rediss';
  return {
    value: { host, port: port ?? REDIS_PORT, username, password, db: db === '' ? null : Number(db), encrypted },
  };
}

/** Reads the URL of a page, on a unix socket too. */
export function httpUrl(text: string): Parsed<HttpWhere> {
  if (/^unix:/i.test(text)) return unixUrl(text);
  const parsed = urlParts(text, ['http', 'https']);
  if ('problem' in parsed) return parsed;
  const { scheme, username, password, host, port, rest } = parsed.value;
  if (password !== null && rest.includes('@')) return { problem: AMBIGUOUS_AT };
  const [address = '', zone = null] = isIP(host) === 6 ? host.split('%') : [host];
  const url = requestUrl(`${scheme}://${hostInUrl(address)}${port === null ? '' : `:${String(port)}`}${rest}`);
  if (url === null) return { problem: 'it is not a URL' };
  return { value: { url, host, zone, encrypted: scheme === 'https', socketPath: null, username, password } };
}

/** `unix:/run/app.sock:/health`: a socket, and the path to ask for. */
function unixUrl(text: string): Parsed<HttpWhere> {
  const [, written = '', path = '/'] = /^unix:([^:]*)(?::(.*))?$/is.exec(text) ?? [];
  // After two of them a URL would name a host.
  const socketPath = written.replace(/^\/+/, '/');
  if (!socketPath.startsWith('/')) return { problem: 'its socket is not a path that begins with /' };
  if (socketPath.includes('\0')) return { problem: 'its socket holds a null character' };
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_LIMIT) {
    return { problem: `its socket's path is longer than the ${String(SOCKET_PATH_LIMIT)} bytes that the system takes` };
  }
  const url = path.startsWith('/') ? requestUrl(`http://localhost${path}`) : null;
  if (url === null) return { problem: 'what follows the socket is not a path that begins with /' };
  return {
    value: { url, host: 'localhost', zone: null, encrypted: false, socketPath, username: null, password: null },
  };
}

/** The URL as it is requested: without the part behind #. */
function requestUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  url.hash = '';
  return url.href;
}

/** An address to listen on; `off` for none. Port 0 takes a free one. */
export type Listen = { readonly host: string; readonly port: number } | 'off';

/** Reads `HOST:PORT` or `off`; null where the text is neither. */
export function parseListen(text: string): Listen | null {
  if (text === 'off') return 'off';
  const [, rawHost = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text) ?? [];
  const host = hostOf(rawHost.startsWith('[') ? rawHost.slice(1, -1) : rawHost);
  if (host === null || hostInUrl(host).startsWith('[') !== rawHost.startsWith('[') || Number(port) > 65_535)
    return null;
  return { host, port: Number(port) };
}

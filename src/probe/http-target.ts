/** What an HTTP probe asks, and of whom: the configured URL, or the one that a redirect leads to. */
import type { Dispatcher } from 'undici';

import { excerpt } from '../core/format.ts';
import { VERSION } from '../core/version.ts';
import { Dialler } from './dialler.ts';
import type { Failure } from './failure.ts';
import { explain } from './http-exchange.ts';
import type { HttpSpec } from './spec.ts';

/** One request. */
export interface HttpTarget {
  readonly url: URL;
  /** A unix socket to connect to instead of the URL's host; null for none. */
  readonly socketPath: string | null;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

const OWN_HEADERS: Readonly<Record<string, string>> = { 'user-agent': `gapwatch/${VERSION}`, accept: '*/*' };
/** Headers that are for one host only. */
const PRIVATE_HEADERS = new Set(['authorization', 'cookie', 'host', 'proxy-authorization']);
const BODY_HEADERS = new Set(['content-type', 'content-encoding', 'content-language', 'content-location']);

/** What the service's own URL is asked. */
export function firstTarget(spec: HttpSpec): HttpTarget {
  const { url, socketPath, method, body } = spec;
  const given = Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const headers = { ...OWN_HEADERS, ...Object.fromEntries(given) };
  return { url: new URL(url), socketPath, method, headers, body: body === null ? null : Buffer.from(body) };
}

/**
 * Where a redirect leads (RFC 9110, 15.4): what is for one host only goes to no other.
 * @param location as the server wrote it
 */
export function redirected(from: HttpTarget, status: number, location: string): HttpTarget | Failure {
  if (!URL.canParse(location, from.url.href)) return unusable(location, 'which is no address');
  const url = new URL(location, from.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return unusable(location, 'which HTTP can’t ask');
  url.username = '';
  url.password = '';
  const sameHost = url.origin === from.url.origin;
  const asGet = status === 303 ? from.method !== 'HEAD' : status < 303 && from.method === 'POST';
  const headers = Object.entries(from.headers).filter(
    ([name]) => (sameHost || !PRIVATE_HEADERS.has(name)) && (!asGet || !BODY_HEADERS.has(name)),
  );
  return {
    url,
    socketPath: sameHost ? from.socketPath : null,
    method: asGet ? 'GET' : from.method,
    headers: Object.fromEntries(headers),
    body: asGet ? null : from.body,
  };
}

function unusable(location: string, why: string): Failure {
  return { reason: 'status', message: `redirected to ${excerpt(location)}, ${why}` };
}

/** Connects to a target. */
export function diallerFor({ url, socketPath }: HttpTarget, { family, tls }: HttpSpec): Dialler {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port);
  return new Dialler({ host, port, family, tls: secure ? tls : null }, explain, socketPath);
}

/** A target's request as undici takes it. */
export function requestTo({ url, method, headers, body }: HttpTarget): Dispatcher.DispatchOptions {
  return {
    path: url.pathname + url.search,
    method,
    headers: Object.entries(headers).flat(),
    body,
    // Probes on one connection overlap, whatever their method: undici never repeats one, it has no other connection.
    idempotent: true,
    blocking: false,
  };
}

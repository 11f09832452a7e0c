/** What an HTTP probe asks, and of whom: the configured URL, or the one that a redirect leads to. */
import { excerpt } from '../core/format.ts';
import { withoutSecrets } from '../core/shown-url.ts';
import { VERSION } from '../core/version.ts';
import { Dialler } from './dialler.ts';
import type { Failure } from './failure.ts';
import type { HttpSpec } from './spec.ts';

/** One request. */
export interface HttpTarget {
  readonly url: URL;
  /** Whether it is of the configured origin: what is configured goes to no other. */
  readonly isOwn: boolean;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

const OWN_HEADERS: Readonly<Record<string, string>> = {
  'User-Agent': `gapwatch/${VERSION}`,
  Accept: '*/*',
  'Accept-Encoding': 'identity',
};
const BODY_HEADERS = new Set(['content-type', 'content-encoding', 'content-language', 'content-location']);
/** Methods whose request has a length although it has no body (RFC 9110, 8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);
/** What no header can hold: it would end it, or is beyond Latin-1. The configuration refuses it already. */
const NOT_IN_A_HEADER = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** What the service's own URL is asked. */
export function firstTarget(spec: HttpSpec): HttpTarget {
  const { url, method, headers, body } = spec;
  return { url: new URL(url), isOwn: true, method, headers, body: body === null ? null : Buffer.from(body) };
}

/**
 * Where a redirect leads (RFC 9110, 15.4). What is configured - headers, body, client certificate - may be a secret, and goes
 * to no other origin than the service's own: another port is one, and http is one for https.
 * @param location as the server wrote it
 */
export function redirected(from: HttpTarget, status: number, location: string): HttpTarget | Failure {
  const written = asText(location);
  if (!URL.canParse(written, from.url.href)) return unusable(written, 'which is no address');
  const url = new URL(written, from.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return unusable(written, 'which HTTP can’t ask');
  url.username = '';
  url.password = '';
  const asGet = status === 303 ? from.method !== 'HEAD' : status < 303 && from.method === 'POST';
  const method = asGet ? 'GET' : from.method;
  const body = asGet ? null : from.body;
  if (!from.isOwn || url.origin !== from.url.origin) {
    if (body !== null) return unusable(written, 'another origin, to which no body is sent');
    return { url, isOwn: false, method, headers: {}, body };
  }
  const headers = Object.entries(from.headers).filter(([name]) => !asGet || !BODY_HEADERS.has(name.toLowerCase()));
  return { url, isOwn: true, method, headers: Object.fromEntries(headers), body };
}

function unusable(location: string, why: string): Failure {
  return { reason: 'status', message: `redirected to ${excerpt(withoutSecrets(location))}, ${why}` };
}

/** A header's bytes as text: UTF-8 where they are that, as browsers take it. */
function asText(header: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'));
  } catch {
    return header.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  }
}

/** Connects to a target. */
export function diallerFor({ url, isOwn }: HttpTarget, spec: HttpSpec): Dialler {
  const { family, zone, socketPath } = spec;
  const secure = url.protocol === 'https:';
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const host = isOwn && zone !== null ? `${address}%${zone}` : address;
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port);
  const tls = isOwn ? spec.tls : { ...spec.tls, servername: null, client: null };
  return new Dialler({ host, port, family, tls: secure ? tls : null }, isOwn ? socketPath : null);
}

/**
 * A target's request as it is sent.
 * @param keep whether the connection is to stay open after it
 * @returns or why it can't be sent
 */
export function requestTo({ url, method, headers, body }: HttpTarget, keep: boolean): Buffer | Failure {
  const lines = new Map<string, [name: string, value: string]>();
  const length = body !== null || WITH_BODY.has(method) ? { 'Content-Length': String(body?.length ?? 0) } : {};
  const own = { Host: url.host, Connection: keep ? 'keep-alive' : 'close', ...OWN_HEADERS };
  for (const [name, value] of Object.entries({ ...own, ...headers, ...length })) {
    if (NOT_IN_A_HEADER.test(value) || name.toLowerCase() === 'transfer-encoding') {
      return { reason: 'error', message: `the request can't be sent: its header ${excerpt(name)}` };
    }
    lines.set(name.toLowerCase(), [name, value]);
  }
  const head = [`${method} ${url.pathname}${url.search} HTTP/1.1`];
  for (const [name, value] of lines.values()) head.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)]);
}

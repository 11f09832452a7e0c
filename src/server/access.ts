/**
 * Access: which clients are let in, and what they see.
 *
 * - A client that shows the token sees all. It comes as `Authorization: Bearer`, for a websocket also as `?token=`, and for a
 *   browser as the password of `Authorization: Basic`.
 * - Where `public` is set, every other client sees the public view.
 * - Otherwise, where a token is set, no client sees anything without it, on a loopback address neither: a proxy on this machine
 *   would pass strangers on.
 * - Otherwise, on a loopback address every client on the machine sees all, unless it shows that it came through a proxy.
 *
 * What a browser sends on its own (no token, or the password that it remembers) counts only for the monitor's own pages:
 * `Origin` reveals another site's page, `Host` a name that was made to point here (DNS rebinding).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

import type { View } from './public-view.ts';

interface AccessRules {
  /** The address that is listened on. */
  readonly host: string;
  /** A secret; null where there is none. */
  readonly token: string | null;
  readonly public: boolean;
}

export interface Granted {
  readonly view: View;
  /** Whether the client showed the token. */
  readonly trusted: boolean;
}

export interface Refused {
  /** 401: a token is needed, or this one is wrong. 403: a page of another site, or under another name. */
  readonly status: 401 | 403;
  readonly problem: string;
}

/** Whether only this machine reaches an address. A name is taken for what it is called, not for what it resolves to. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

export class Access {
  #loopback = false;
  #tokenHash: Buffer | null = null;
  #public = false;

  constructor(rules: AccessRules) {
    this.change(rules);
  }

  /** Other rules from now on. */
  change({ host, token, public: isPublic }: AccessRules): void {
    this.#loopback = isLoopback(host);
    this.#tokenHash = token === null || token === '' ? null : hash(token);
    this.#public = isPublic;
  }

  /** Whether any client may be let in: otherwise it makes no sense to listen. */
  get possible(): boolean {
    return this.#loopback || this.#public || this.#tokenHash !== null;
  }

  /** Whether a token is configured. */
  get hasToken(): boolean {
    return this.#tokenHash !== null;
  }

  /** @param queryToken the token in the query of a websocket; null where there is none */
  judge(headers: IncomingHttpHeaders, queryToken: string | null): Granted | Refused {
    const bearer = queryToken ?? /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? null;
    const password = bearer === null ? passwordOf(headers.authorization) : null;
    if (this.#tokenHash !== null && bearer !== null && !timingSafeEqual(hash(bearer), this.#tokenHash))
      return { status: 401, problem: 'this is not the token' };
    if (this.#tokenHash !== null && bearer !== null) return { view: 'private', trusted: true };
    // A proxy's own password is none of ours.
    if (this.#tokenHash !== null && password !== null && timingSafeEqual(hash(password), this.#tokenHash))
      // A browser adds a password that it remembers to the requests of every page.
      return foreignPage(headers) ?? { view: 'private', trusted: true };
    if (this.#public) return { view: 'public', trusted: false };
    if (this.#tokenHash !== null || !this.#loopback)
      return { status: 401, problem: 'a token is needed here: Authorization: Bearer TOKEN' };
    return throughProxy(headers) ?? foreignName(headers) ?? foreignPage(headers) ?? { view: 'private', trusted: false };
  }
}

/** Of equal length for every token, so that a comparison takes equally long. */
function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function passwordOf(authorization: string | undefined): string | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? null : text.slice(colon + 1);
}

/** Headers that proxies add. */
const OF_PROXIES =
  /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-connecting-ip)$/;

/** Refuses what came through a proxy: it may be a stranger's. */
function throughProxy(headers: IncomingHttpHeaders): Refused | null {
  if (!Object.keys(headers).some((name) => OF_PROXIES.test(name))) return null;
  const problem =
    'this request came through a proxy, and without a token only clients on this machine see anything; set feed.token, or feed.public, in the configuration';
  return { status: 403, problem };
}

/** Refuses what was asked under a name that others may give to this address. */
function foreignName(headers: IncomingHttpHeaders): Refused | null {
  const name = hostName(headers.host);
  if (name !== null && (isLoopback(name) || name.endsWith('.localhost'))) return null;
  const problem =
    'this monitor answers under localhost and its loopback address only; behind a proxy set feed.public or use feed.token';
  return { status: 403, problem };
}

/** The name in a `Host`, without port and brackets; null where there is none. */
function hostName(host: string | undefined): string | null {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host ?? '') ?? [];
  return (bracketed ?? plain)?.toLowerCase() ?? null;
}

/** Refuses what a page of another site asks for. */
function foreignPage(headers: IncomingHttpHeaders): Refused | null {
  const { origin, host } = headers;
  const own = origin === undefined || origin === `http://${host ?? ''}` || origin === `https://${host ?? ''}`;
  // Images, scripts and the like carry no Origin. A link from elsewhere may lead here.
  const site = headers['sec-fetch-site'];
  const embedded = (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate';
  if (own && !embedded) return null;
  return { status: 403, problem: "a page of another site may not read this monitor's feed" };
}

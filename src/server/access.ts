/**
 * Access: which clients are let in, and what they see.
 *
 * - A client that shows the token sees all. It comes as `Authorization: Bearer`, for a websocket also as `?token=`, as the
 *   password of `Authorization: Basic`, and for a browser as the cookie of a login.
 * - Where `public` is set, every other client sees the public view.
 * - Otherwise, where a token is set, no client sees anything without it, on a loopback address neither: a proxy on this machine
 *   would pass strangers on.
 * - Otherwise, on a loopback address every client on the machine sees all, unless it shows that it came through a proxy.
 *
 * What a browser sends on its own (no token, a cookie, or the password that it remembers) counts only for the monitor's own pages, and
 * those of the origins from which a proxy serves them: `Origin` reveals another site's page, `Host` a name that was made to
 * point here (DNS rebinding).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

import { sessionIn, sessionOf } from './login.ts';
import type { View } from './public-view.ts';

/** Whom the feed lets in. */
export interface AccessRules {
  /** A secret: a client that shows it sees all and may mark; null for none. */
  readonly token: string | null;
  /** Whether clients without the token see the public view. */
  readonly public: boolean;
  /** Origins from which a proxy serves the page. */
  readonly origins?: readonly string[];
  /** Origins whose pages may frame the page. */
  readonly embed?: readonly string[];
  /** Proxies, and networks of them, that say whose request they pass on. */
  readonly proxies?: readonly string[];
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
  /** What a browser has that logged in; null where there is no token. */
  #session: string | null = null;
  #public = false;
  #origins: readonly string[] = [];

  /** @param host the address that is listened on */
  constructor(host: string, rules: AccessRules) {
    this.change(host, rules);
  }

  /** Other rules from now on. */
  change(host: string, { token, public: isPublic, origins = [] }: AccessRules): void {
    this.#loopback = isLoopback(host);
    this.#tokenHash = token === null || token === '' ? null : hash(token);
    this.#session = token === null || token === '' ? null : sessionOf(token);
    this.#public = isPublic;
    this.#origins = origins;
  }

  /** Whether any client may be let in: otherwise it makes no sense to listen. */
  get possible(): boolean {
    return this.#loopback || this.#public || this.#tokenHash !== null;
  }

  /** Whether a token is configured. */
  get hasToken(): boolean {
    return this.#tokenHash !== null;
  }

  /** The session of a browser that logs in with a token, or why it gets none. */
  logIn(headers: IncomingHttpHeaders, token: string | null): { readonly session: string } | Refused {
    const foreign = this.#foreignPage(headers);
    if (foreign !== null) return foreign;
    if (this.#session === null || this.#tokenHash === null)
      return { status: 403, problem: 'this monitor has no token, so there is nothing to log in to' };
    if (token === null || !timingSafeEqual(hash(token), this.#tokenHash))
      return { status: 401, problem: 'This is not the token.' };
    return { session: this.#session };
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
      return this.#foreignPage(headers) ?? { view: 'private', trusted: true };
    const session = sessionIn(headers.cookie);
    if (this.#session !== null && session !== null && timingSafeEqual(hash(session), hash(this.#session)))
      return this.#foreignPage(headers) ?? { view: 'private', trusted: true };
    if (this.#public) return { view: 'public', trusted: false };
    if (this.#tokenHash !== null || !this.#loopback)
      return { status: 401, problem: 'a token is needed here: Authorization: Bearer TOKEN' };
    return (
      throughProxy(headers) ?? foreignName(headers) ?? this.#foreignPage(headers) ?? { view: 'private', trusted: false }
    );
  }

  /** Refuses what a page of another site asks for. */
  #foreignPage({ origin, host, ...headers }: IncomingHttpHeaders): Refused | null {
    const own = [undefined, `http://${host ?? ''}`, `https://${host ?? ''}`, ...this.#origins].includes(origin);
    // Images, scripts and the like carry no Origin. A link from elsewhere may lead here.
    const site = headers['sec-fetch-site'];
    const embedded = (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate';
    if (own && !embedded) return null;
    return {
      status: 403,
      problem:
        "a page of another site may not read this monitor's feed; where a proxy serves it there, set feed.origins",
    };
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

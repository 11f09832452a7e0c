/** The paths that are served over HTTP, all of them in one table. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { type Archive, ArchiveError } from '../core/archive.ts';
import type { FeedSource } from '../core/source.ts';
import type { Access, Granted } from './access.ts';
import type { Api } from './api.ts';
import { badgeSvg, endpointBadge } from './badge.ts';
import { type HttpResponse, ASK_FOR_TOKEN, json, errorResponse, knows, text } from './http-response.ts';
import { gatusStatuses, kumaHeartbeats, kumaPage } from './kuma-gatus.ts';
import { loggedIn, loginPage, tokenInForm } from './login.ts';
import { expositionType } from './exposition.ts';
import { takeMark, takeNote } from './marks-and-notes.ts';
import type { Scrape } from './metrics.ts';
import { openApi } from './openapi.ts';
import { type Page, prefersGzip } from './page-files.ts';
import { isBad, servicesOf, unexpected } from './query.ts';
import { STATUSPAGE_DOCUMENTS } from './statuspage.ts';
import type { TtlCache } from './ttl-cache.ts';

/** What the handlers need. */
export interface Served {
  readonly source: FeedSource;
  readonly access: Access;
  readonly archive: Pick<Archive, 'problem'> | null;
  readonly api: Api;
  readonly page: Page;
  /** The answer to a scrape. */
  readonly metrics: (scrape: Scrape) => Promise<string>;
  /** Answers of the API, by what was asked. */
  readonly recent: TtlCache<HttpResponse>;
}

/** One request, after its path has found its route. */
interface Asked {
  readonly request: IncomingMessage;
  readonly granted: Granted;
  readonly query: URLSearchParams;
  /** The name in the path, where it has one. */
  readonly name: string;
}

type Handler = (served: Served, asked: Asked) => HttpResponse | Promise<HttpResponse>;

interface Route {
  readonly path: RegExp;
  readonly method: 'GET' | 'POST';
  readonly handler: Handler;
}

const ROUTES: readonly Route[] = [
  { path: /^\/api\/v1\/(status|gaps|events|timeline|days)$/, method: 'GET', handler: apiAnswer },
  { path: /^\/api\/v1\/marks$/, method: 'POST', handler: mark },
  { path: /^\/api\/v1\/notes$/, method: 'POST', handler: note },
  { path: /^\/api\/v2\/(.+)\.json$/, method: 'GET', handler: statuspageAnswer },
  { path: /^\/api\/status-page\/(heartbeat\/)?default$/, method: 'GET', handler: kumaAnswer },
  // Readers of Uptime Kuma link there.
  { path: /^\/status\/default$/, method: 'GET', handler: () => ({ ...text('', 302), headers: { location: '../' } }) },
  { path: /^\/api\/v1\/endpoints\/statuses$/, method: 'GET', handler: gatusAnswer },
  { path: /^\/feed\.(atom)$/, method: 'GET', handler: apiAnswer },
  { path: /^\/badge\/(.+)\.svg$/, method: 'GET', handler: badge },
  { path: /^\/badge\/(.+)\.json$/, method: 'GET', handler: badgeJson },
  { path: /^\/openapi\.json$/, method: 'GET', handler: () => json(openApi()) },
  { path: /^\/metrics$/, method: 'GET', handler: scraped },
  {
    path: /^\/feed$/,
    method: 'GET',
    handler: () => errorResponse(426, 'the feed is a websocket', { upgrade: 'websocket' }),
  },
];

/** Answered to every client: they say nothing of the services, and what supervises this process has no token. */
const OPEN: Readonly<Record<string, (served: Served) => HttpResponse>> = {
  '/healthz': () => text('ok'),
  '/readyz': ready,
};

/**
 * Answers a request.
 * @param url of the request
 * @param waitS in how many seconds its address may ask again; null where it may now
 */
export async function answerTo(
  served: Served,
  request: IncomingMessage,
  url: URL,
  waitS: number | null,
): Promise<HttpResponse> {
  const { pathname: path, searchParams: query } = url;
  if (request.httpVersionMajor > 1) return errorResponse(505, 'HTTP/1.1 is spoken here');
  // RFC 9112, 3.2: which of them is meant can't be known.
  if (request.rawHeaders.filter((text, n) => n % 2 === 0 && text.toLowerCase() === 'host').length > 1)
    return errorResponse(400, 'a request has one Host');
  if (path === '*') return options('GET, HEAD, POST');
  const open = Object.hasOwn(OPEN, path) ? OPEN[path] : undefined;
  if (open !== undefined) return allowed(request, 'GET', path) ?? open(served);
  if (waitS !== null)
    return errorResponse(429, 'too many requests come from this address', {
      'retry-after': String(waitS),
      connection: 'close',
    });
  if (path === '/login') return logIn(served, request);
  const granted = served.access.judge(request.headers, null);
  if ('status' in granted) {
    // A browser gets a form, and no dialog of its own.
    if (granted.status === 401 && path === '/' && wantsHtml(request)) return loginPage(401);
    return errorResponse(granted.status, granted.problem, granted.status === 401 ? ASK_FOR_TOKEN : {});
  }

  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (match === null) continue;
    const name = decoded(match[1] ?? '');
    if (name === null) return errorResponse(400, 'the path is not encoded as it should be');
    const wrong = allowed(request, route.method, path);
    if (wrong !== null) return wrong;
    const answer = await route.handler(served, { request, granted, query, name });
    return granted.view === 'public' && route.method === 'GET' ? shared(answer, request) : answer;
  }
  const asset = served.page.answer(path, request, granted.view);
  if (asset === null) return errorResponse(404, 'nothing is here');
  return allowed(request, 'GET', path) ?? asset;
}

/** The answer to a method that is not the one of a path; null where it is. */
function allowed(request: IncomingMessage, method: 'GET' | 'POST', path: string): HttpResponse | null {
  if (request.method === method || (request.method === 'HEAD' && method === 'GET')) return null;
  const allow = method === 'GET' ? 'GET, HEAD' : method;
  return request.method === 'OPTIONS' ? options(allow) : errorResponse(405, `${path} takes ${allow}`, { allow });
}

function wantsHtml({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true;
}

async function logIn({ access }: Served, request: IncomingMessage): Promise<HttpResponse> {
  if (!access.hasToken) return errorResponse(404, 'this monitor has no token, so there is nothing to log in to');
  if (request.method === 'GET' || request.method === 'HEAD') return loginPage(200);
  if (request.method !== 'POST')
    return errorResponse(405, '/login takes GET, HEAD, POST', { allow: 'GET, HEAD, POST' });
  const entered = access.logIn(request.headers, await tokenInForm(request));
  if ('session' in entered) return loggedIn(entered.session, request);
  return entered.status === 401 ? loginPage(401, entered.problem) : errorResponse(entered.status, entered.problem);
}

/** What the public may see, every page and cache may have: a cache asks again, and gets it once only where it did not change. */
function shared(answer: HttpResponse, { headers }: IncomingMessage): HttpResponse {
  const open = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
  if (answer.status !== 200) return { ...answer, headers: { ...answer.headers, ...open } };
  const etag = `"${createHash('sha256').update(answer.body).digest('base64url').slice(0, 20)}"`;
  const all = { ...answer.headers, ...open, 'cache-control': 'public, no-cache', etag };
  if (!knows(headers['if-none-match'], etag)) return { ...answer, headers: all };
  return { status: 304, type: answer.type, body: '', headers: all };
}

function options(allow: string): HttpResponse {
  return { ...text('', 204), headers: { allow } };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** Clients may ask for much, again and again: equal questions at the same time get the same answer. */
async function apiAnswer(
  { api, recent, page }: Served,
  { request, granted: { view }, query, name }: Asked,
): Promise<HttpResponse> {
  const method = name as 'status' | 'gaps' | 'events' | 'timeline' | 'days' | 'atom';
  const answer = await fromHistory(
    recent.get(`${method} ${view} ${query.toString()}`, () => api[method](view, query, page.site.title)),
  );
  return inGzip(answer, request);
}

async function statuspageAnswer(
  {
    api,
    recent,
    page: {
      site: { title },
    },
  }: Served,
  { granted: { view }, request, name }: Asked,
): Promise<HttpResponse> {
  const document = STATUSPAGE_DOCUMENTS.find((one) => one === name);
  if (document === undefined) return errorResponse(404, 'nothing is here');
  // Caches add parameters to make a request their own, and Statuspage passes over them.
  const home = `http://${request.headers.host ?? ''}/`;
  const url = URL.canParse(home) ? new URL(home).href : '';
  const answer = await fromHistory(
    recent.get(`v2/${document} ${view} ${url}`, () => api.statuspage(view, document, { url, title })),
  );
  return inGzip(answer, request);
}

/** Both views are the same; parameters are passed over, as readers add some of their own. */
async function kumaAnswer({ source, recent, page }: Served, { request, name }: Asked): Promise<HttpResponse> {
  const make = (): object => (name === '' ? kumaPage(source, page.site) : kumaHeartbeats(source));
  return inGzip(await recent.get(`kuma ${name}`, () => json(make())), request);
}

async function gatusAnswer({ source, recent }: Served, { request }: Asked): Promise<HttpResponse> {
  return inGzip(await recent.get('gatus', () => json(gatusStatuses(source))), request);
}

async function fromHistory(answer: Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    // Its own words may name a path.
    return errorResponse(503, 'the history does not answer at present');
  }
}

const packed = promisify(gzip);
/** What is shorter is not worth it. */
const LEAST_PACKED = 1000;

/** An answer as gzip where the client takes it: 90 days of 200 services are 20 times smaller. */
async function inGzip(answer: HttpResponse, { headers }: IncomingMessage): Promise<HttpResponse> {
  const vary = { ...answer.headers, vary: [answer.headers?.['vary'] ?? [], 'accept-encoding'].flat().join(', ') };
  const isWanted = prefersGzip([headers['accept-encoding'] ?? ''].flat().join(','));
  if (!isWanted || answer.body.length < LEAST_PACKED) return { ...answer, headers: vary };
  return { ...answer, body: await packed(answer.body), headers: { ...vary, 'content-encoding': 'gzip' } };
}

async function scraped({ metrics, source }: Served, { request, granted, query }: Asked): Promise<HttpResponse> {
  const problem = unexpected(query, [], ['service']);
  if (problem !== null) return errorResponse(400, problem);
  const services = servicesOf(query, (name) => source.board.services.has(name));
  if (isBad(services)) return errorResponse(404, services.problem);
  const isOpen = request.headers.accept?.includes('application/openmetrics-text') === true;
  const body = await metrics({ isOpen, services, isPublic: granted.view === 'public' });
  return inGzip({ status: 200, type: expositionType(isOpen), body, headers: { vary: 'accept' } }, request);
}

function mark({ source, access }: Served, { request, granted }: Asked): HttpResponse | Promise<HttpResponse> {
  return granted.trusted ? takeMark(request, source) : needsToken(access, 'a mark');
}

function note({ source, access }: Served, { request, granted }: Asked): HttpResponse | Promise<HttpResponse> {
  return granted.trusted ? takeNote(request, source) : needsToken(access, 'a note');
}

function needsToken({ hasToken }: Access, what: string): HttpResponse {
  if (hasToken) return errorResponse(401, `${what} needs the token: Authorization: Bearer TOKEN`, ASK_FOR_TOKEN);
  return errorResponse(403, `${what} needs the token, and this monitor has none: set feed.token in its configuration`);
}

function badge({ source }: Served, { name }: Asked): HttpResponse {
  const service = source.board.services.get(name);
  if (service === undefined) return errorResponse(404, 'no service has this name');
  const headers = {
    'cache-control': 'no-cache',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'cross-origin-resource-policy': 'cross-origin',
  };
  return { status: 200, type: 'image/svg+xml; charset=utf-8', body: badgeSvg(name, service.status), headers };
}

function badgeJson({ source }: Served, { name }: Asked): HttpResponse {
  const service = source.board.services.get(name);
  if (service === undefined) return errorResponse(404, 'no service has this name');
  return json(endpointBadge(name, service.status));
}

function ready({ source, archive }: Served): HttpResponse {
  if ((source.problem ?? null) !== null)
    return text('the state of the services is not known at present: the log says more', 503);
  const now = source.now();
  const waiting = [...source.board.services.values()].filter((service) => {
    if (service.state === 'up' || service.state === 'down') return false;
    const { upMs, downMs } = service.totalsAt(now);
    return upMs + downMs === 0;
  });
  // Still ready: it probes and serves without a disk. No path is shown.
  const problem = (archive?.problem ?? null) === null ? '' : '\nthe history has a problem: the log says more';
  if (waiting.length === 0) return text(`ready${problem}`);
  return text(
    `${String(waiting.length)} of ${String(source.board.services.size)} services had no answer yet${problem}`,
    503,
  );
}

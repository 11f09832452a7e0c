/** Requests of strangers: whatever they ask for, however, and whoever they say that they are. */
import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';

import { openApi } from '../../src/server/openapi.ts';
import { TOKEN } from './scene.ts';

/** The service that strangers ask for, whose name they may not see. */
export const SHOP = 'shop';

export interface StrangeRequest {
  readonly method: string;
  /** As it is sent, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Shows that its sender is a stranger even to a monitor that has no token. */
  readonly isForeign: boolean;
}

interface Disguise {
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly isForeign: boolean;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const through = (headers: Readonly<Record<string, string>>): Disguise => ({ headers, isForeign: true });
const guess = (headers: Readonly<Record<string, string>>, query = ''): Disguise => ({
  headers,
  query,
  isForeign: false,
});

/** What four kinds of proxies send by their default lines, and each of their headers alone. */
const PROXIES: readonly Disguise[] = [
  { 'x-real-ip': '192.0.2.1', 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' },
  { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-host': 'status.example.org', 'x-forwarded-server': 'proxy' },
  { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
  { 'x-forwarded-for': '::1', 'x-forwarded-host': 'localhost', via: '1.1 Caddy' },
  { forwarded: 'for=127.0.0.1;host=localhost' },
  ...['via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'].map((name) => ({ [name]: 'x' })),
].map(through);

/** Names that an attacker made to point here. */
const NAMES: readonly Disguise[] = [
  ...['evil.example', 'evil.example:9720', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '0.0.0.0'],
  ...[
    '127.0.0.1.',
    'localhost@evil.example',
    '2130706433',
    '[::ffff:10.0.0.1]',
    'xn--localhost',
    '127.0.0.1,evil.example',
  ],
].map((host) => through({ host }));

/** Pages of other sites, and what they embed. */
const ORIGINS: readonly Disguise[] = [
  ...[
    'http://evil.example',
    'https://evil.example:9720',
    'null',
    'http://localhost:3000',
    'file://',
    'http://127.0.0.1',
  ],
]
  .map((origin) => through({ origin }))
  .concat([
    through({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }),
    through({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', origin: 'http://evil.example' }),
    through({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', origin: 'http://other.localhost' }),
  ]);

const WRONG_TOKENS = ['', 'x', `${TOKEN}x`, TOKEN.slice(0, -1), TOKEN.toUpperCase(), ` ${TOKEN}x`, `${TOKEN}, x`, '*'];

/** Guesses of the token, wherever one may be shown. */
const TOKENS: readonly Disguise[] = WRONG_TOKENS.flatMap((token) => [
  guess({ authorization: `Bearer ${token}` }),
  guess({ authorization: `Basic ${base64(`anyone:${token}`)}` }),
  guess({ cookie: `gapwatch=${token}` }),
  guess({}, `token=${encodeURIComponent(token)}`),
]).concat([
  guess({ authorization: TOKEN }),
  guess({ authorization: `Token ${TOKEN}` }),
  guess({ authorization: `Basic ${base64(`${TOKEN}:`)}` }),
  guess({ authorization: `Basic ${TOKEN}` }),
  guess({ authorization: 'Digest username="x"' }),
  guess({ 'x-token': TOKEN, 'x-api-key': TOKEN }),
  guess({ cookie: `gapwatch=${TOKEN}` }),
]);

/** Every path that there is, and ways around what is checked by its path. */
const PATHS: readonly string[] = [
  ...Object.keys(openApi()['paths'] as object).map((path) => path.replace('{name}', SHOP)),
  ...['/feed', '/page.js', '/login/', '/status/default', '/api/v1/status/', '//api/v1/status', '/./api/v1/status'],
  ...['/x/../api/v1/status', '/%61pi/v1/status', '/api%2fv1%2fstatus', '/api/v1/status%00', '/healthz/../metrics'],
  ...[
    '/healthz/..%2fmetrics',
    '/login/../metrics',
    '/readyz?/../metrics',
    '/metrics;/healthz',
    '/METRICS',
    '/api/v1/status?x=1',
  ],
  ...[
    `/api/v1/gaps?service=${SHOP}`,
    '/api/v1/events?after=0',
    '/../../etc/passwd',
    '/badge/..%2f..%2fmetrics.svg',
    '/.git/config',
  ],
  ...[`/metrics?service=${SHOP}`, '/services.json', '/gapwatch.db', '/assets/logo.svg'],
];

const METHODS = ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const ASKED_BY_EACH_METHOD = ['/', '/api/v1/status', '/metrics', '/api/v1/marks', '/api/v1/notes'];

function requestsOf({ headers, query, isForeign }: Disguise): StrangeRequest[] {
  const all = [
    ...PATHS.map((path) => ['GET', path] as const),
    ...METHODS.flatMap((method) => ASKED_BY_EACH_METHOD.map((path) => [method, path] as const)),
  ];
  return all.map(([method, path]) => {
    const asked = query === undefined || query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    return { method, path: asked, headers, isForeign };
  });
}

/** All of them: each path and each method, under each disguise and none. */
export const STRANGE_REQUESTS: readonly StrangeRequest[] = [
  guess({}),
  ...PROXIES,
  ...NAMES,
  ...ORIGINS,
  ...TOKENS,
].flatMap(requestsOf);

/** Paths that are open to all: they say nothing of the services. */
const OPEN = /^\/(healthz|readyz)(?![^?])/;

export interface Answer {
  /** 0 where the connection was cut. */
  readonly status: number;
  readonly headers: object;
  readonly body: string;
}

/** That an answer says nothing. @param secrets words that stand for what may not be seen */
export function assertNothing(
  { method, path, headers: asked }: StrangeRequest,
  { status, body, headers }: Answer,
  secrets: readonly string[],
): void {
  const where = `${method} ${path} ${JSON.stringify(asked)}: ${String(status)} ${body.slice(0, 300)}`;
  assert.ok(status >= 400 || OPEN.test(path) || method === 'OPTIONS', where);
  const seen = `${JSON.stringify(headers)}\n${body}`;
  for (const secret of secrets) assert.ok(!seen.includes(secret), `${secret} is seen: ${where}`);
}

/** How many are on their way at a time. */
const TOGETHER = 16;

/**
 * Sends all of them, and looks at each answer.
 * @param url to which they go; a path in it comes before theirs
 * @returns how many there were
 */
export async function sendAll(
  url: string,
  requests: readonly StrangeRequest[],
  look: (request: StrangeRequest, answer: Answer) => void,
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: TOGETHER });
  const waiting = requests.values();
  const send = async (): Promise<void> => {
    for (const one of waiting) look(one, await answerTo(url, one, agent));
  };
  try {
    await Promise.all(Array.from({ length: TOGETHER }, send));
  } finally {
    agent.destroy();
  }
  return requests.length;
}

async function answerTo(url: string, { method, path, headers }: StrangeRequest, agent: Agent): Promise<Answer> {
  const { hostname, port, pathname } = new URL(url);
  const asked = request({ agent, hostname, port, method, path: pathname.replace(/\/$/, '') + path, headers });
  // Also one that comes after the answer has begun.
  asked.on('error', () => undefined);
  asked.end();
  let body = '';
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    for await (const chunk of response as AsyncIterable<Buffer>) body += chunk.toString();
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    // Cut off.
    return { status: 0, headers: {}, body };
  }
}

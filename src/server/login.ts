/**
 * A browser's way in: a form takes the token, and a cookie stands for it from then on. The page and its websocket need nothing
 * else. The cookie is derived from the token, so that a restart of the monitor ends no session, and another token ends all.
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { HttpResponse } from './http-response.ts';

const NAME = 'gapwatch';
/** In seconds: 30 days. */
const LASTS_S = 2_592_000;
/** A form with a token. */
const FORM_BYTES = 4096;

/** What the cookie of a token holds. */
export function sessionOf(token: string): string {
  return createHmac('sha256', token).update('gapwatch session 1').digest('base64url');
}

/** The session in a `Cookie` header; null where there is none. */
export function sessionIn(cookies: string | undefined): string | null {
  for (const cookie of (cookies ?? '').split(';')) {
    const [name, value] = cookie.trim().split('=');
    if (name === NAME && value !== undefined) return value;
  }
  return null;
}

/**
 * The answer to the right token: the cookie, and the way to the page. Its path is left out: it is then the folder of the login,
 * under whatever prefix a proxy has it.
 */
export function loggedIn(session: string, { headers: { origin } }: IncomingMessage): HttpResponse {
  // A browser names its own scheme; behind a proxy that ends TLS, ours is another one.
  const secure = origin?.startsWith('https:') === true ? '; Secure' : '';
  const cookie = `${NAME}=${session}; Max-Age=${String(LASTS_S)}; HttpOnly; SameSite=Strict${secure}`;
  return {
    status: 303,
    type: 'text/plain; charset=utf-8',
    body: '',
    headers: { location: './', 'set-cookie': cookie },
  };
}

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;color-scheme:light dark;max-width:22rem;margin:20vh auto 0;padding:0 1rem}' +
  'label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}' +
  'input,button{padding:.5rem;margin:.25rem 0 1rem}[role=alert]{color:#c0341d}' +
  '@media(prefers-color-scheme:dark){[role=alert]{color:#ff8a70}}';
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @param problem what was wrong with the last try, as text without markup; null for none */
export function loginPage(status: number, problem: string | null = null): HttpResponse {
  const alert = problem === null ? '' : `<p role="alert">${problem}</p>`;
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>gapwatch: log in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head>
<body><h1>gapwatch</h1>${alert}<form method="post" action="login">
<label for="token">Token (<code>feed.token</code> of this monitor)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button></form></body></html>
`;
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="gapwatch"' } : {};
  return {
    status,
    type: 'text/html; charset=utf-8',
    body,
    headers: { 'content-security-policy': POLICY, ...challenge },
  };
}

/** The token that a form holds; null where it holds none, or is none. */
export async function tokenInForm(request: IncomingMessage): Promise<string | null> {
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(request.headers['content-type'] ?? '')) return null;
  let body = '';
  for await (const chunk of request as AsyncIterable<Buffer>) {
    body += chunk.toString('latin1');
    if (body.length > FORM_BYTES) return null;
  }
  return new URLSearchParams(body).get('token');
}

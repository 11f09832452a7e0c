/** The address of another monitor's feed, as people write it. */

export interface FeedUrl {
  /** Of the websocket; without the token. */
  readonly url: URL;
  /** A secret; null where none is given. */
  readonly token: string | null;
  /** Where the paths of its API begin: `…/api/v1/`. */
  readonly api: URL;
  /** For people: without the token. */
  readonly shown: string;
}

const PROTOCOLS: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };

/**
 * Reads `ws://HOST:PORT/feed`, `http://HOST:PORT` (the status page's address), or `HOST:PORT`; wss and https likewise. A
 * token may stand in it as `?token=`, and services to narrow to as `?service=` (repeated).
 * @returns null where the text is none of these
 */
export function parseFeedUrl(text: string): FeedUrl | null {
  const whole = /^[a-z]+:\/\//i.test(text) ? text : `ws://${text}`;
  if (!URL.canParse(whole)) return null;
  const url = new URL(whole);
  const protocol = PROTOCOLS[url.protocol];
  if (protocol === undefined || url.username !== '' || url.password !== '' || url.hash !== '') return null;
  const token = url.searchParams.get('token');
  url.searchParams.delete('token');
  if ([...url.searchParams.keys()].some((name) => name !== 'service')) return null;
  url.protocol = protocol;
  if (url.pathname.endsWith('/')) url.pathname += 'feed';
  const api = new URL('api/v1/', url);
  api.search = '';
  api.protocol = protocol === 'wss:' ? 'https:' : 'http:';
  return { url, token, api, shown: url.href };
}

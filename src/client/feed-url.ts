/** The address of another monitor's feed, as people write it. */
import { excerpt } from '../core/format.ts';
import { redacted } from '../core/shown-url.ts';

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

/** Of a feed, where none is named. */
export const DEFAULT_PORT = '9720';

/**
 * Reads `ws://HOST:PORT/feed`, `http://HOST:PORT` (the status page's address), `HOST:PORT`, `HOST` or `PORT`; wss and https
 * likewise. Without a scheme, the port is 9720 where none is named, and a port alone is on 127.0.0.1. A path that is no feed's
 * is what the page and the feed are under. A token may stand in it as `?token=`, or before an `@` (`TOKEN@HOST`, `USER:TOKEN@HOST`), and
 * services to narrow to as `?service=` (repeated).
 * @returns null where the text is none of these
 */
export function parseFeedUrl(text: string): FeedUrl | null {
  const whole = wholeUrl(text.trim());
  if (!URL.canParse(whole)) return null;
  const url = new URL(whole);
  const protocol = PROTOCOLS[url.protocol];
  if (protocol === undefined || url.hash !== '') return null;
  const user = decoded(url.password === '' ? url.username : url.password);
  const token = url.searchParams.get('token') ?? (user === '' ? null : user);
  if (user === null || (user !== '' && token !== user)) return null;
  url.username = url.password = '';
  url.searchParams.delete('token');
  if ([...url.searchParams.keys()].some((name) => name !== 'service')) return null;
  url.protocol = protocol;
  // What is no address as it is written became one by the rules of URLs: 9720 is 0.0.37.248 there.
  if (/^\d+(\.\d+){3}$/.test(url.hostname) && !whole.includes(url.hostname)) return null;
  const isPage = !/^wss?:/i.test(whole) && !url.pathname.endsWith('/feed');
  if (isPage) url.pathname = url.pathname.replace(/\/(?:index\.html)?$/, '').concat('/');
  if (url.pathname.endsWith('/')) url.pathname += 'feed';
  const api = new URL('api/v1/', url);
  api.search = '';
  api.protocol = protocol === 'wss:' ? 'https:' : 'http:';
  return { url, token, api, shown: url.href };
}

/** What was taken for the address of a feed, for people: without whatever may be a token in it. */
export function shownFeed(text: string): string {
  const plain = text.replace(/[^/@]*@/g, '…@').replace(/([?&;][^=&;#]+)=[^&;#]*/g, '$1=…');
  return text === '' ? '""' : excerpt(redacted(plain)).slice(1, -1);
}

function wholeUrl(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  if (/^:?\d+(?=[/?]|$)/.test(text)) return `http://127.0.0.1:${text.replace(/^:/, '')}`;
  const [, host = '', rest = ''] = /^(\[[^\]]*\](?::\d+)?|[^/?#]*)(.*)$/s.exec(text) ?? [];
  // An IPv6 address without its brackets has no port.
  const isBare6 = host.split(':').length > 2 && !host.startsWith('[');
  const named = isBare6 ? `[${host}]` : host;
  return `http://${named}${/:\d+$/.test(named) && !named.endsWith(']') ? '' : `:${DEFAULT_PORT}`}${rest}`;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

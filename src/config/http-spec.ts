/** From an HTTP service in the configuration to its probe. */
import type { HttpSpec, StatusRange } from '../probe/spec.ts';
import type { Reader } from './section-reader.ts';
import type { HttpEntry } from './config-schema.ts';
import type { HttpWhere } from './target-url.ts';
import { checkFamily, readUrl, tlsSpec, type Drafted } from './spec-common.ts';

const ACCEPTED: readonly StatusRange[] = [
  { from: 200, to: 299 },
  { from: 300, to: 399 },
];

/** Headers that belong to the connection and the length of the body: the probe sends them itself. */
const OWN_HEADERS = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** The probe of an HTTP service; null where something is wrong, which is told. */
export async function httpSpec(
  entry: HttpEntry,
  family: 4 | 6 | null,
  reader: Reader,
): Promise<Drafted<HttpSpec> | null> {
  const where = await readUrl(reader, 'http', entry.url);
  const headers = await readHeaders(entry, reader);
  const body = await reader.secret(entry.body, ['body']);
  const tls = await tlsSpec(reader, entry.tls);
  const method = entry.method ?? 'GET';
  if (method === 'HEAD' && entry.expect?.body !== undefined) {
    reader.problem(['expect', 'body'], 'a HEAD request is answered without a body; another "method"');
  }
  if (where === null) return null;
  checkFamily(reader, where.host, family);
  addAuthorization(headers, where, reader);
  const follow = entry.follow ?? 0;
  if (entry.tls !== undefined && !where.encrypted && follow === 0) {
    reader.problem(['tls'], 'stands beside a URL without TLS; an https:// URL, or no "tls"');
  }
  return {
    target: targetOf(where, typeof entry.url === 'string'),
    probe: {
      kind: 'http',
      url: where.url,
      socketPath: where.socketPath,
      family,
      method,
      headers,
      body,
      expectStatus: entry.expect?.status ?? ACCEPTED,
      expectBody: entry.expect?.body ?? null,
      follow,
      tls,
    },
  };
}

/** @param open whether the URL stands in the configuration itself; of one that does not, only the host is told */
function targetOf(where: HttpWhere, open: boolean): string {
  const { origin, pathname, search } = new URL(where.url);
  if (where.socketPath !== null) return `unix:${where.socketPath}:${open ? pathname + search : '/…'}`;
  if (open) return where.url;
  return `${origin}${pathname === '/' && search === '' ? '/' : '/…'}`;
}

async function readHeaders(entry: HttpEntry, reader: Reader): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, secret] of Object.entries(entry.headers ?? {})) {
    const path = ['headers', name];
    const key = name.toLowerCase();
    if (seen.has(key))
      reader.problem(path, 'this header stands here twice, in other letters; one of the two has to go');
    if (OWN_HEADERS.has(key)) reader.problem(path, 'the probe sends this header itself; leave it out');
    seen.add(key);
    const value = await reader.secret(secret, path);
    if (value === null) continue;
    if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value)) {
      reader.problem(
        path,
        "its value holds a character that a header can't have: a line break, a control or one beyond Latin-1",
      );
    }
    headers[name] = value;
  }
  return headers;
}

/** The user and password of the URL, as RFC 7617 sends them. */
function addAuthorization(headers: Record<string, string>, where: HttpWhere, reader: Reader): void {
  if (where.username === null && where.password === null) return;
  const other = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
  if (other !== undefined) {
    reader.problem(
      ['headers', other],
      'stands beside the user and password of "url", which are sent as this header; one of the two has to go',
    );
  }
  const credentials = Buffer.from(`${where.username ?? ''}:${where.password ?? ''}`).toString('base64');
  headers['Authorization'] = `Basic ${credentials}`;
}

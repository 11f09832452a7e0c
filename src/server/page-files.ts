/** Serves the files of the status page. */
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';

import { type HttpResponse, knows } from './http-response.ts';

/** The page talks to the monitor that it came from, and to no other host. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

interface Packed extends PageAsset {
  readonly gzipped: Buffer;
}

export class Page {
  readonly #assets: ReadonlyMap<string, Packed>;
  /** Origins whose pages may frame it. */
  embed: readonly string[];

  constructor(assets: PageAssets, embed: readonly string[] = []) {
    this.embed = embed;
    this.#assets = new Map(
      [...assets].map(([path, asset]) => [path, { ...asset, gzipped: gzipSync(asset.body, { level: 9 }) }]),
    );
  }

  /** The file at a path; null where there is none. */
  answer(path: string, request: IncomingMessage): HttpResponse | null {
    const asset = this.#assets.get(path);
    if (asset === undefined) return null;
    const { type } = asset;
    const isPacked = prefersGzip([request.headers['accept-encoding'] ?? ''].flat().join(','));
    // A strong tag is that of the bytes that are sent (RFC 9110, 8.8.3.3).
    const etag = isPacked ? asset.etag.replace(/"$/, '-gzip"') : asset.etag;
    const headers = {
      'cache-control': 'no-cache',
      'content-security-policy': `${POLICY}; frame-ancestors ${this.embed.length === 0 ? "'none'" : this.embed.join(' ')}`,
      etag,
      vary: 'accept-encoding',
    };
    if (knows(request.headers['if-none-match'], etag)) return { status: 304, type, body: '', headers };
    if (!isPacked) return { status: 200, type, body: asset.body, headers };
    return { status: 200, type, body: asset.gzipped, headers: { ...headers, 'content-encoding': 'gzip' } };
  }
}

/** Whether a client takes gzip, and as readily as what is not packed (RFC 9110, 12.5.3). */
export function prefersGzip(accepted: string): boolean {
  const weights = new Map(
    accepted.split(',').map((one) => {
      const [coding = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((part) => part.startsWith('q='))?.slice(2);
      return [coding, weight === undefined ? 1 : Number(weight)];
    }),
  );
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return gzip > 0 && gzip >= (weights.get('identity') ?? 0);
}

export interface PageAsset {
  /** The `Content-Type`. */
  readonly type: string;
  readonly body: Buffer;
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
}

/** By path: `/` is the page itself. */
export type PageAssets = ReadonlyMap<string, PageAsset>;

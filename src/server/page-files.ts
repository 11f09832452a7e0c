/** Serves the files of the status page. */
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { HttpResponse } from './http-response.ts';

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
  "frame-ancestors 'none'",
].join('; ');

interface Packed extends PageAsset {
  readonly gzipped: Buffer;
}

export class Page {
  readonly #assets: ReadonlyMap<string, Packed>;

  constructor(assets: PageAssets) {
    this.#assets = new Map(
      [...assets].map(([path, asset]) => [path, { ...asset, gzipped: gzipSync(asset.body, { level: 9 }) }]),
    );
  }

  /** The file at a path; null where there is none. */
  answer(path: string, request: IncomingMessage): HttpResponse | null {
    const asset = this.#assets.get(path);
    if (asset === undefined) return null;
    const { type, etag } = asset;
    const headers = {
      'cache-control': 'no-cache',
      'content-security-policy': POLICY,
      etag,
      vary: 'accept-encoding',
    };
    const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    if (known.includes(etag)) return { status: 304, type, body: '', headers };
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding'])))
      return { status: 200, type, body: asset.body, headers };
    return { status: 200, type, body: asset.gzipped, headers: { ...headers, 'content-encoding': 'gzip' } };
  }
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

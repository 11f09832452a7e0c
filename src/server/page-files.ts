/** Serves the files of the status page: what its owner configured, and the present state, are set into its HTML. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { FeedSource } from '../core/source.ts';
import { xmlText } from './atom.ts';
import { type HttpResponse, knows } from './http-response.ts';
import { brand, presentTable } from './page-html.ts';
import type { View } from './public-view.ts';

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
/** An SVG that is opened by itself is a document: it may draw, and run nothing. */
const LOGO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

const LOGO_TYPES = { svg: 'image/svg+xml', png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' } as const;
const LOGO_PATH = /^\/assets\/logo\.(\w+)$/;

/** Where the HTML has what is set in: `%title%`. */
const MARKS = /%(title|description|brand|intro|present)%/g;
const TITLE = 'gapwatch';
const DESCRIPTION = 'The state of the services, live, with every gap';
/** How long a page with its state is given out again, in milliseconds. */
const RECENT_MS = 1000;

/** How the page introduces itself; null for what is not configured. */
export interface Site {
  readonly title: string | null;
  readonly description: string | null;
  readonly logo: { readonly kind: keyof typeof LOGO_TYPES; readonly body: Buffer } | null;
  /** An http or https address. */
  readonly home: string | null;
}

const NO_SITE: Site = { title: null, description: null, logo: null, home: null };

interface Packed extends PageAsset {
  readonly gzipped: Buffer;
}

export class Page {
  readonly #assets: ReadonlyMap<string, Packed>;
  readonly #html: string | null;
  readonly #source: FeedSource;
  readonly #recent = new Map<View, { readonly at: number; readonly page: Packed }>();
  #site: Site;
  #logo: Packed | null = null;
  /** Origins whose pages may frame it. */
  embed: readonly string[];

  constructor(
    assets: PageAssets,
    source: FeedSource,
    { site = NO_SITE, embed = [] }: { readonly site?: Site; readonly embed?: readonly string[] } = {},
  ) {
    this.embed = embed;
    this.#source = source;
    this.#assets = new Map([...assets].map(([path, asset]) => [path, packed(asset)]));
    const html = assets.get('/')?.body.toString() ?? '';
    this.#html = html.search(MARKS) === -1 ? null : html;
    this.#site = site;
    this.site = site;
  }

  /** As it is configured; null where it is not. */
  get site(): Site {
    return this.#site;
  }

  set site(site: Site) {
    this.#site = site;
    this.#logo = site.logo === null ? null : packed(tagged(LOGO_TYPES[site.logo.kind], site.logo.body));
    this.#recent.clear();
  }

  /** The file at a path; null where there is none. */
  answer(path: string, request: IncomingMessage, view: View): HttpResponse | null {
    const isLogo = LOGO_PATH.exec(path)?.[1] === this.#site.logo?.kind && this.#logo !== null;
    const asset = isLogo ? this.#logo : path === '/' ? this.#page(view) : this.#assets.get(path);
    if (asset === undefined || asset === null) return null;
    const { type } = asset;
    const isPacked = prefersGzip([request.headers['accept-encoding'] ?? ''].flat().join(','));
    // A strong tag is that of the bytes that are sent (RFC 9110, 8.8.3.3).
    const etag = isPacked ? asset.etag.replace(/"$/, '-gzip"') : asset.etag;
    const policy = isLogo ? LOGO_POLICY : POLICY;
    const headers = {
      'cache-control': 'no-cache',
      'content-security-policy': `${policy}; frame-ancestors ${this.embed.length === 0 ? "'none'" : this.embed.join(' ')}`,
      etag,
      vary: 'accept-encoding',
    };
    if (knows(request.headers['if-none-match'], etag)) return { status: 304, type, body: '', headers };
    if (!isPacked) return { status: 200, type, body: asset.body, headers };
    return { status: 200, type, body: asset.gzipped, headers: { ...headers, 'content-encoding': 'gzip' } };
  }

  /** The page, for browsers without JavaScript with the present state. */
  #page(view: View): Packed | undefined {
    if (this.#html === null) return this.#assets.get('/');
    const recent = this.#recent.get(view);
    const at = performance.now();
    if (recent !== undefined && at - recent.at < RECENT_MS) return recent.page;
    const { title, description, logo, home } = this.#site;
    const parts: Readonly<Record<string, string>> = {
      title: xmlText(title ?? TITLE),
      description: xmlText(description ?? DESCRIPTION),
      brand: brand({ title: title ?? TITLE, logo: logo?.kind ?? null, home }),
      intro: description === null ? '' : `<p class="description">${xmlText(description)}</p>`,
      present: presentTable(this.#source, view),
    };
    const html = this.#html.replace(MARKS, (_, name: string) => parts[name] ?? '');
    const page = packed(tagged('text/html; charset=utf-8', Buffer.from(html)));
    this.#recent.set(view, { at, page });
    return page;
  }
}

function packed(asset: PageAsset): Packed {
  return { ...asset, gzipped: gzipSync(asset.body) };
}

function tagged(type: string, body: Buffer): PageAsset {
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"` };
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

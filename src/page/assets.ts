/**
 * The files of the status page, as `npm run build` leaves them beside this module: the static ones, and the browser's
 * modules, of which only those that the page imports are served.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

import type { PageAsset, PageAssets } from '../feed/page-assets.ts';

const FOLDER = new URL('./assets/', import.meta.url);
const ENTRY = 'page/browser/main.js';
/** In the page: where the list of its modules goes, so that a browser fetches all of them at once. */
const MODULES = '<!-- modules -->';

/** The parts of the style sheet, in the order in which they count. */
const STYLES = ['base', 'top', 'services', 'panel', 'news', 'narrow'];

/**
 * Reads them: `/` is the page, everything else is below `/assets/`.
 * @throws Error where the page was not built
 */
export function pageAssets(): PageAssets {
  const modules = modulesFrom(ENTRY);
  const preloads = [...modules.keys()].map((path) => `<link rel="modulepreload" href="/assets/${path}" />`);
  const page = read('index.html').toString().replace(MODULES, preloads.join('\n    '));
  const style = Buffer.concat(STYLES.map((part) => read(`style/${part}.css`)));
  return new Map<string, PageAsset>([
    ['/', asset('text/html; charset=utf-8', Buffer.from(page))],
    ['/assets/style.css', asset('text/css; charset=utf-8', style)],
    ['/assets/icon.svg', asset('image/svg+xml', read('icon.svg'))],
    ...[...modules].map(([path, body]) => [`/assets/${path}`, asset('text/javascript; charset=utf-8', body)] as const),
  ]);
}

/** A module and all that it imports, by path. */
function modulesFrom(entry: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const wanted = [entry];
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (found.has(path)) continue;
    const body = read(path);
    found.set(path, body);
    for (const [, to] of body.toString().matchAll(/^(?:import|export)\b[^'"]*['"](\.[^'"]+)['"];?$/gm))
      if (to !== undefined) wanted.push(posix.join(posix.dirname(path), to));
  }
  return found;
}

function asset(type: string, body: Buffer): PageAsset {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"`;
  return { type, body, etag };
}

function read(path: string): Buffer {
  try {
    return readFileSync(new URL(path, FOLDER));
  } catch (error) {
    throw new Error(`the status page was not built (${path} is missing): npm run build`, { cause: error });
  }
}

/** The files of the status page, as the build leaves them beside this module. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FOLDER = new URL('./assets/', import.meta.url);

const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/assets/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/assets/page.css', 'page.css', 'text/css; charset=utf-8'],
  ['/assets/icon.svg', 'icon.svg', 'image/svg+xml'],
];

/** One file as it is served. */
interface PageAsset {
  /** The `Content-Type`. */
  readonly type: string;
  readonly body: Buffer;
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
}

/**
 * Reads the files, by the path under which they are served; `/` is the page itself.
 * @throws Error where the page was not built
 */
export function pageAssets(): ReadonlyMap<string, PageAsset> {
  return new Map(
    FILES.map(([path, file, type]) => {
      const body = read(file);
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"`;
      return [path, { type, body, etag }];
    }),
  );
}

function read(file: string): Buffer {
  try {
    return readFileSync(new URL(file, FOLDER));
  } catch (error) {
    throw new Error(`the status page was not built (${file} is missing): npm run build`, { cause: error });
  }
}

/** The files of the status page, as the feed serves them. */

export interface PageAsset {
  /** The `Content-Type`. */
  readonly type: string;
  readonly body: Buffer;
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
}

/** By path: `/` is the page itself. */
export type PageAssets = ReadonlyMap<string, PageAsset>;

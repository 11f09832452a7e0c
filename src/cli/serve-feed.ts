/** Serves a monitor's feed as the command line and the configuration ask for it. */
import { isDeepStrictEqual } from 'node:util';

import type { Logger } from 'pino';

import { commandLinePlace, invalid } from '../config/config-error.ts';
import { type Listen, parseListen } from '../config/target-url.ts';
import type { Config } from '../config/load-config.ts';
import type { Archive } from '../core/archive.ts';
import { safeExcerpt } from '../core/shown-url.ts';
import type { FeedSource, HookFigures } from '../core/source.ts';
import { pageAssets } from '../page/page-assets.ts';
import { FeedError } from '../server/feed-error.ts';
import { FeedServer } from '../server/feed-server.ts';

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 9720 };

export interface FeedRequest {
  /** The option `--listen` as typed. */
  readonly option: string | undefined;
  readonly settings: Config['feed'];
  /** What is said where only the default address is taken: then there is no feed. Without it that is an error too. */
  readonly goOn?: (why: string) => void;
  /** What the past is read from; null where nothing is kept. */
  readonly archive: Archive | null;
  readonly hooks?: () => readonly HookFigures[];
  readonly log: Logger;
}

/** The feed of a monitor or a hub, which other settings may move, begin or end. */
export class ServedFeed {
  readonly #source: FeedSource;
  readonly #request: FeedRequest;
  readonly #option: Listen | null;
  #settings: Config['feed'];
  #server: FeedServer | null = null;
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(source: FeedSource, request: FeedRequest) {
    this.#source = source;
    this.#request = request;
    this.#option = listenOf(request.option);
    this.#settings = request.settings;
  }

  /** @throws ConfigError, FeedError */
  static async start(source: FeedSource, request: FeedRequest): Promise<ServedFeed> {
    const feed = new ServedFeed(source, request);
    const { goOn, settings } = request;
    try {
      feed.#server = await feed.#serve(settings);
    } catch (error) {
      const isDefault = feed.#option === null && settings.listen === null;
      const onlyDefault = isDefault && error instanceof FeedError && error.code === 'address-in-use';
      if (!onlyDefault || goOn === undefined) throw error;
      goOn(
        `No feed: ${DEFAULT_LISTEN.host}:${String(DEFAULT_LISTEN.port)} is taken. --listen HOST:PORT serves it elsewhere.`,
      );
    }
    return feed;
  }

  /** Where it is; null where it is nowhere. */
  get url(): string | null {
    return this.#server?.address.url ?? null;
  }

  /** For diagnostics; null where there is no feed. */
  get figures(): { readonly url: string; readonly clients: number } | null {
    return this.#server === null ? null : { url: this.#server.address.url, clients: this.#server.clients };
  }

  /**
   * Serves under other settings.
   * @returns what users have to know beside that, as sentences that begin with a blank; empty where there is nothing
   * @throws FeedError where it can't be served so: then it is served as before
   */
  change(settings: Config['feed']): Promise<string> {
    const changing = this.#change(settings);
    // The caller takes what is wrong; the end only waits.
    this.#changing = changing.catch(() => undefined);
    return changing;
  }

  async close(): Promise<void> {
    await this.#changing;
    await this.#server?.close();
  }

  async #change(settings: Config['feed']): Promise<string> {
    const urlBefore = this.url;
    const isOther = !isDeepStrictEqual(settings.listen, this.#settings.listen);
    const listen = this.#listenOf(settings);
    if (this.#server !== null && listen !== 'off') await this.#server.change(listen, settings);
    else if (this.#server !== null) {
      void this.#server.close();
      this.#server = null;
    } else if (isOther) this.#server = await this.#serve(settings);
    this.#settings = settings;
    if (isOther && this.#option !== null) return ' --listen on the command line goes before feed.listen.';
    if (this.url === urlBefore) return '';
    return this.url === null ? ' The feed is off now.' : ` The feed is at ${this.url} now.`;
  }

  async #serve(settings: Config['feed']): Promise<FeedServer | null> {
    const listen = this.#listenOf(settings);
    if (listen === 'off') return null;
    const { archive, hooks, log } = this.#request;
    const parts = { monitor: this.#source, archive, ...(hooks && { hooks }), page: pageAssets(), log };
    return FeedServer.start({ ...settings, listen, ...parts });
  }

  /** The command line goes before the file. */
  #listenOf({ listen }: Config['feed']): Listen {
    return this.#option ?? listen ?? DEFAULT_LISTEN;
  }
}

function listenOf(option: string | undefined): Listen | null {
  if (option === undefined) return null;
  const listen = parseListen(option);
  if (listen !== null) return listen;
  const message = `${safeExcerpt(option)} is no address to listen on; HOST:PORT such as 127.0.0.1:9720, or off`;
  throw invalid([{ ...commandLinePlace('--listen'), message }]);
}

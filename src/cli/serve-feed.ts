/** Serves a monitor's feed as the command line and the configuration ask for it. */
import type { Logger } from 'pino';

import { commandLinePlace, invalid } from '../config/config-error.ts';
import { type Listen, parseListen } from '../config/target-url.ts';
import type { Config } from '../config/load-config.ts';
import type { Archive } from '../core/archive.ts';
import { safeExcerpt } from '../core/shown-url.ts';
import type { FeedSource } from '../core/source.ts';
import { pageAssets } from '../page/page-assets.ts';
import { FeedError, FeedServer } from '../server/feed-server.ts';

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 9720 };

export interface FeedRequest {
  /** The option `--listen` as typed. */
  readonly option: string | undefined;
  readonly settings: Config['feed'];
  /** What is said where only the default address is taken: then there is no feed. Without it that is an error too. */
  readonly goOn?: (why: string) => void;
  /** What the past is read from; null where nothing is kept. */
  readonly archive: Archive | null;
  readonly log: Logger;
}

/**
 * @returns the server; null where none is wanted
 * @throws ConfigError, FeedError
 */
export async function serveFeed(monitor: FeedSource, request: FeedRequest): Promise<FeedServer | null> {
  const { option, settings, archive, log } = request;
  const asked = listenOf(option) ?? settings.listen;
  const listen = asked ?? DEFAULT_LISTEN;
  if (listen === 'off') return null;
  const { token, public: isPublic } = settings;
  try {
    return await FeedServer.start({ listen, token, public: isPublic, monitor, archive, page: pageAssets(), log });
  } catch (error) {
    const onlyDefault = asked === null && error instanceof FeedError && error.code === 'address-in-use';
    if (!onlyDefault || request.goOn === undefined) throw error;
    request.goOn(
      `No feed: ${DEFAULT_LISTEN.host}:${String(DEFAULT_LISTEN.port)} is taken. --listen HOST:PORT serves it elsewhere.`,
    );
    return null;
  }
}

function listenOf(option: string | undefined): Listen | null {
  if (option === undefined) return null;
  const listen = parseListen(option);
  if (listen !== null) return listen;
  const message = `${safeExcerpt(option)} is no address to listen on; HOST:PORT such as 127.0.0.1:9720, or off`;
  throw invalid([{ ...commandLinePlace('--listen'), message }]);
}

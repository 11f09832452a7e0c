/** Clients of feeds, for tests. */
import { FeedClient } from '../../src/client/feed-client.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import type { FeedReader } from '../../src/core/source.ts';

export function clientOf(url: string, reader: FeedReader, samples = false): FeedClient {
  const parsed = parseFeedUrl(url);
  if (parsed === null) throw new Error(`no feed: ${url}`);
  const client = new FeedClient(parsed, samples);
  client.subscribe(reader);
  return client;
}

/** The addresses of other monitors' feeds, as they stand on the command line. */
import { commandLinePlace, invalid } from '../config/config-error.ts';
import { type FeedUrl, parseFeedUrl } from '../client/feed-url.ts';

/** @throws ConfigError where one is no feed */
export function feedUrls(texts: readonly string[]): FeedUrl[] {
  return texts.map((text) => {
    const url = parseFeedUrl(text);
    if (url !== null) return url;
    const message =
      'this is no feed; ws://HOST:PORT/feed, http://HOST:PORT or HOST:PORT, with ?token=… where one is needed';
    throw invalid([{ ...commandLinePlace(text.replace(/([?&]token=)[^&]*/, '$1…')), message }]);
  });
}

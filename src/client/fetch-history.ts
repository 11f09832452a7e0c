/** Reads the past of another monitor's services from its API. */
import { request } from 'undici';
import { z } from 'zod';

import { gapFacts, listOf, timelineSchema } from '../core/message-schema.ts';
import type { ServiceHistory } from '../core/source.ts';
import type { FeedUrl } from './feed-url.ts';

const TIMEOUT_MS = 10_000;

const timelineAnswer = z.object({
  services: z.array(z.object({ service: z.string(), timeline: timelineSchema })),
});
const gapsAnswer = z.object({ gaps: listOf(gapFacts.extend({ service: z.string() })) });

/**
 * What a monitor kept of its services, as far as it answers; nothing where it does not.
 * @param from milliseconds since the epoch, by its clock
 */
export async function fetchHistory(url: FeedUrl, from: number): Promise<ServiceHistory[]> {
  try {
    const [timelines, gaps] = await Promise.all([
      get(url, 'timeline', { from }, timelineAnswer),
      get(url, 'gaps', { since: from }, gapsAnswer),
    ]);
    return timelines.services.map(({ service, timeline }) => ({
      service,
      timeline,
      gaps: gaps.gaps.filter((gap) => gap.service === service),
    }));
  } catch {
    // The past is optional: the present is shown without it.
    return [];
  }
}

async function get<T>(
  { api, token, url: feed }: FeedUrl,
  path: string,
  query: Readonly<Record<string, number>>,
  schema: z.ZodType<T>,
): Promise<T> {
  const url = new URL(path, api);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(Math.max(0, Math.floor(value))));
  for (const service of feed.searchParams.getAll('service')) url.searchParams.append('service', service);
  const { body } = await request(url, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  return schema.parse(await body.json());
}

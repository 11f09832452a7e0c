/** Reads the past of another monitor's services from its API. */
import { Agent, request } from 'undici';
import { z } from 'zod';

import { gapsSchema, timelineSchema } from '../core/message-schema.ts';
import type { ServiceHistory } from '../core/source.ts';
import type { FeedUrl } from './feed-url.ts';

const TIMEOUT_MS = 10_000;
/** Answers are not trusted: a longer one is none. */
const AGENT = new Agent({ maxResponseSize: 16 * 1024 * 1024 });

const timelineAnswer = z.object({
  services: z.array(z.object({ service: z.string(), timeline: timelineSchema })),
});
const gapsAnswer = z.object({ gaps: gapsSchema });

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
  return schema.parse((await askApi({ token }, url)).value);
}

/**
 * Asks a monitor's API.
 * @param post what is sent; left out to read
 * @throws Error where there is no answer in time, or it is no JSON
 */
export async function askApi(
  { token }: Pick<FeedUrl, 'token'>,
  url: URL,
  post?: object,
): Promise<{ readonly statusCode: number; readonly value: unknown }> {
  const { statusCode, body } = await request(url, {
    dispatcher: AGENT,
    method: post === undefined ? 'GET' : 'POST',
    headers: {
      ...(post !== undefined && { 'content-type': 'application/json' }),
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    ...(post !== undefined && { body: JSON.stringify(post) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { statusCode, value: await body.json() };
}

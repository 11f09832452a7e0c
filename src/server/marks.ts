/** `POST /api/v1/marks`: somebody marks a moment. */
import type { IncomingMessage } from 'node:http';

import { z } from 'zod';

import { type HttpResponse, json, errorResponse } from './http-response.ts';
import type { FeedSource } from '../core/source.ts';

/** A mark is a few words. */
const BODY_BYTES = 4096;

/** Marks are shown in terminals: nothing in them may be a command to one. */
const markSchema = z.strictObject({
  text: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^\P{C}*$/u),
});

const EXPECTED = 'expected { "text": "…" } with 1 to 200 characters, none of them a control character';

/** Takes a mark; the answer tells its number and its time. */
export async function takeMark(request: IncomingMessage, source: FeedSource): Promise<HttpResponse> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json *(;|$)/i.test(type)) return errorResponse(415, 'a mark is sent as application/json');
  const body = await bodyOf(request);
  if (body === null)
    return errorResponse(413, `a mark is not longer than ${String(BODY_BYTES)} bytes`, { connection: 'close' });
  const mark = markSchema.safeParse(parsed(body));
  if (!mark.success) return errorResponse(400, EXPECTED);
  try {
    return json(await source.mark(mark.data.text), 201);
  } catch (error) {
    // A hub has to tell it to the bus first.
    return errorResponse(503, `not marked: ${error instanceof Error ? error.message : 'the bus is away'}`);
  }
}

/** The body of a request; null where it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What clients with the token may write: marks and notes. */
import type { IncomingMessage } from 'node:http';

import { z } from 'zod';

import { NOTE_KINDS } from '../core/messages.ts';
import { isOneLine } from '../core/printable.ts';
import type { FeedSource } from '../core/source.ts';
import { type HttpResponse, errorResponse, json } from './http-response.ts';

/** A mark is a few words, a note some lines, and may name many services. */
const MARK_BYTES = 4096;
const NOTE_BYTES = 65_536;

/** Marks are shown in terminals: nothing in them may be a command to one. */
export const markSchema = z.strictObject({
  text: z.string().trim().min(1).max(200).refine(isOneLine),
});

const EXPECTED = 'expected { "text": "…" } with 1 to 200 characters, none of them a control character or a line break';

/** Takes a mark; the answer has its number and its time. */
export async function takeMark(request: IncomingMessage, source: FeedSource): Promise<HttpResponse> {
  const body = await jsonIn(request, 'a mark', MARK_BYTES);
  if ('refusal' in body) return body.refusal;
  const mark = markSchema.safeParse(body.value);
  if (!mark.success) return errorResponse(400, EXPECTED);
  try {
    return json(await source.mark(mark.data.text), 201);
  } catch (error) {
    return notWritten('not marked', error);
  }
}

/** A hub has to write to the bus first. */
function notWritten(what: string, error: unknown): HttpResponse {
  return errorResponse(503, `${what}: ${error instanceof Error ? error.message : 'the bus is unreachable'}`);
}

/** Milliseconds since the epoch, or ISO 8601 with a zone; no monitor ran before 2000, and numbers of events end in 2255. */
const noteTime = z
  .union([z.number(), z.iso.datetime({ offset: true }).transform((written) => Date.parse(written))])
  .pipe(z.number().min(Date.UTC(2000)).max(Date.UTC(2255)));
export const noteSchema = z.strictObject({
  id: z.string().min(1).max(200).optional(),
  kind: z.enum(NOTE_KINDS).optional(),
  text: z.string().trim().min(1).max(1000).refine(isOneLine).optional(),
  from: noteTime.optional(),
  to: noteTime.nullable().optional(),
  services: z.array(z.string().max(500)).max(1000).optional(),
});

const NOTE_FIELDS: Readonly<Record<string, string>> = {
  id: 'the id of the note to change; left out for a new one',
  kind: '"maintenance", "incident" or "info"',
  text: '1 to 1000 characters, none of them a control character or a line break',
  from: 'milliseconds since the epoch, or a time such as "2026-12-01T02:00:00Z"',
  to: 'as "from", and not before it; or null for no end',
  services: 'a list of names of services; left out or empty for all',
};

/** Takes a note, or the change of one; the answer has it as it stands then. */
export async function takeNote(request: IncomingMessage, source: FeedSource): Promise<HttpResponse> {
  if (source.note === undefined) return errorResponse(501, 'this source takes no notes');
  const body = await jsonIn(request, 'a note', NOTE_BYTES);
  if ('refusal' in body) return body.refusal;
  const read = noteSchema.safeParse(body.value);
  if (!read.success) {
    const field = String(read.error.issues[0]?.path[0] ?? '');
    const allowed = NOTE_FIELDS[field];
    const problem = `expected an object with ${Object.keys(NOTE_FIELDS).join(', ')}`;
    return errorResponse(400, allowed === undefined ? problem : `${field}: ${allowed}`);
  }
  const { services } = read.data;
  const draft = { ...read.data, ...(services && { services: [...new Set(services)] }) };
  const isNew = draft.id === undefined;
  if (isNew && draft.text === undefined) return errorResponse(400, `text: ${NOTE_FIELDS['text'] ?? ''}`);
  const known = source.board.notes.get(draft.id ?? '');
  if (!isNew && known === null) return errorResponse(404, 'no note has this id');
  const [from, to] = [draft.from ?? known?.from ?? source.now(), draft.to === undefined ? known?.to : draft.to];
  if (to !== null && to !== undefined && to < from) return errorResponse(400, `to: ${NOTE_FIELDS['to'] ?? ''}`);
  if (services?.some((name) => !source.board.services.has(name)) === true)
    return errorResponse(400, 'services: one of them is not watched here');
  try {
    return json(await source.note(draft), isNew ? 201 : 200);
  } catch (error) {
    return notWritten('no note was written', error);
  }
}

/** The JSON of a request; undefined where it is none. @param what with its article, for messages */
async function jsonIn(
  request: IncomingMessage,
  what: string,
  most: number,
): Promise<{ readonly value: unknown } | { readonly refusal: HttpResponse }> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json *(;|$)/i.test(type))
    return { refusal: errorResponse(415, `${what} is sent as application/json`) };
  const body = await bodyOf(request, most);
  if (body !== null) return { value: parsed(body) };
  return { refusal: errorResponse(413, `${what} is not longer than ${String(most)} bytes`, { connection: 'close' }) };
}

/** The body of a request; null where it is too long. */
async function bodyOf(request: IncomingMessage, most: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) return null;
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

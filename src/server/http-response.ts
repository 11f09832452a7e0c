/** Answers over HTTP: what a handler returns, and how it is sent. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

import { toJson } from '../core/printable.ts';

export interface HttpResponse {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** Beside those that every answer has. */
  readonly headers?: OutgoingHttpHeaders;
}

/** Of every answer. Nothing is kept by caches, run, framed, or embedded in pages of others, unless a handler says so. */
const HEADERS: OutgoingHttpHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  // With `no-referrer` a browser would hide from our own login that the form is ours (Fetch standard, "append a request Origin header").
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

export function json(value: unknown, status = 200): HttpResponse {
  return { status, type: 'application/json; charset=utf-8', body: `${toJson(value)}\n` };
}

export function text(body: string, status = 200): HttpResponse {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}

/** An answer that says what is wrong with what was asked. */
export function errorResponse(status: number, problem: string, headers: OutgoingHttpHeaders = {}): HttpResponse {
  return { ...json({ error: problem }, status), headers };
}

/** The headers that ask for the token; a browser then asks its user for a password. */
export const ASK_FOR_TOKEN: OutgoingHttpHeaders = {
  'www-authenticate': ['Bearer realm="gapwatch"', 'Basic realm="gapwatch: any name, the token as password"'],
};

/** Whether an `If-None-Match` names a tag (RFC 9110, 13.1.2: a weak comparison). */
export function knows(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch ?? '';
  return known.trim() === '*' || [...known.matchAll(/"[^"]*"/g)].some(([tag]) => tag === etag);
}

export function send(request: IncomingMessage, response: ServerResponse, answer: HttpResponse): void {
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body);
  // RFC 9110, 8.6: a length of 0 would be that of the answer that is not sent.
  const isBare = answer.status === 204 || answer.status === 304;
  response.writeHead(answer.status, {
    ...HEADERS,
    ...(!isBare && { 'content-type': answer.type, 'content-length': body.length }),
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' || isBare ? undefined : body);
}

/** A whole answer as bytes, for a connection that is closed after it. */
export function closingAnswer(
  status: number,
  reason: string,
  problem: string,
  headers: readonly string[] = [],
): string {
  const body = `${toJson({ error: problem })}\n`;
  const lines = [
    `HTTP/1.1 ${String(status)} ${reason}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${String(Buffer.byteLength(body))}`,
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

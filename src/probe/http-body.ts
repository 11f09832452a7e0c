/** The text of a body: content codings taken off (RFC 9110, 8.4), and its bytes decoded by its charset. */
import { TextDecoder } from 'node:util';
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

import { excerpt } from '../core/format.ts';
import { listOf, type ReplyHead } from './http-reply.ts';

/** Bytes that a body may have once it is decoded: a bound for what is packed on purpose. */
const DECODED_LIMIT = 8_388_608;

/** A body may have been cut at the limit of what is read: what is there is decoded. */
const ZLIB = { maxOutputLength: DECODED_LIMIT, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { maxOutputLength: DECODED_LIMIT, finishFlush: constants.BROTLI_OPERATION_FLUSH };

const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  chunked: (body) => body,
  gzip: (body) => gunzipSync(body, ZLIB),
  'x-gzip': (body) => gunzipSync(body, ZLIB),
  deflate: inflated,
  br: (body) => brotliDecompressSync(body, BROTLI),
};

const MARKS: readonly (readonly [mark: Buffer, charset: string])[] = [
  [Buffer.of(0xef, 0xbb, 0xbf), 'utf-8'],
  [Buffer.of(0xfe, 0xff), 'utf-16be'],
  [Buffer.of(0xff, 0xfe), 'utf-16le'],
];

/** The text of a body, or the clause that says why it can't be read. */
export function bodyText(headers: ReplyHead['headers'], body: Buffer): { readonly text: string } | { problem: string } {
  const codings = [...listOf(headers, 'content-encoding'), ...listOf(headers, 'transfer-encoding')];
  let bytes = body;
  for (const coding of codings.reverse()) {
    const decode = DECODERS[coding];
    if (decode === undefined) return { problem: `the body is coded as ${excerpt(coding)}, which can't be decoded` };
    try {
      if (bytes.length > 0) bytes = decode(bytes);
    } catch (error) {
      const isTooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      const why = isTooLong ? `decodes to more than ${String(DECODED_LIMIT)} bytes` : `is not ${coding}`;
      return { problem: `the body ${why}, though it is announced as ${coding}` };
    }
  }
  return { text: decoded(bytes, headers.get('content-type')?.[0] ?? '') };
}

/** Servers send it with the header of zlib, as they should, or without. */
function inflated(body: Buffer): Buffer {
  try {
    return inflateSync(body, ZLIB);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw error;
    return inflateRawSync(body, ZLIB);
  }
}

/**
 * Decodes as browsers do (WHATWG Encoding): by its byte order mark, by the charset that it is announced with or that it
 * names itself, and otherwise as UTF-8 or, where it is none, Windows-1252.
 */
function decoded(body: Buffer, contentType: string): string {
  const [, mark] = MARKS.find(([bytes]) => body.subarray(0, bytes.length).equals(bytes)) ?? [];
  const [, announced] = /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType) ?? [];
  const [, named] = /<meta[^>]{1,200}charset\s*=\s*["']?([\w-]+)/i.exec(body.toString('latin1', 0, 1024)) ?? [];
  for (const label of [mark, announced, named]) {
    const decoder = label === undefined ? null : decoderOf(label);
    // The end may have been cut in the middle of a character.
    if (decoder !== null) return decoder.decode(body, { stream: true });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(body);
  }
}

function decoderOf(label: string): TextDecoder | null {
  try {
    return new TextDecoder(label);
  } catch {
    return null; // an unknown charset counts as none
  }
}

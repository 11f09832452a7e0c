/**
 * Reads the reply of an HTTP/1 server (RFC 9112), and takes what browsers take of servers that bend the rules: lines that end
 * with a mere LF, folded headers, lengths given twice, a status of any number of digits. A parser that is strict, as Node's and
 * undici's is, would call a service down that every visitor sees.
 */
import { excerpt } from '../core/format.ts';

/** Bytes of all header lines of a reply, interim replies and trailers included: as much as Chromium takes. */
const HEAD_LIMIT = 262_144;
/** Bytes of a line before a chunk. */
const CHUNK_LINE_LIMIT = 16_384;
/** Interim replies (1xx) that are read before the real one. */
const INTERIM_LIMIT = 100;

const STATUS_LINE = /^HTTP\/(\d+)(?:\.(\d+))?[ \t]+(\d{1,9})(?:[ \t]+(.*)|)$/i;
const BEGINNING = 'HTTP/';

/** What comes is no HTTP reply. The message is a clause for people, on one line. */
export class ReplyError extends Error {}

/** The status line and the header lines of a reply. */
export interface ReplyHead {
  readonly status: number;
  /** The status as it was written, with the reason phrase: the server's own words. */
  readonly statusText: string;
  /** By their names in lower case, in the order in which they came. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Whether the server keeps the connection open after it. */
  readonly persistent: boolean;
}

type Stage = 'status' | 'header' | 'body' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailer' | 'done';

export class ReplyReader {
  readonly #isHead: boolean;
  readonly #onHead: (head: ReplyHead) => void;
  readonly #onData: (chunk: Buffer) => void;
  #stage: Stage = 'status';
  /** The beginning of a line that is not here whole yet. */
  #line = '';
  #headBytes = 0;
  #interim = 0;
  #version = 1.1;
  #status = 0;
  #statusText = '';
  #headers = new Map<string, string[]>();
  #lastName: string | null = null;
  /** Bytes of the body, or of the chunk, still to come; Infinity where the close of the connection ends it. */
  #left = 0;

  /**
   * @param isHead whether HEAD was asked, whose reply has no body
   * @param onHead called with the head of the reply; not with those of interim replies
   * @param onData called with each part of the body
   */
  constructor(isHead: boolean, onHead: (head: ReplyHead) => void, onData: (chunk: Buffer) => void) {
    this.#isHead = isHead;
    this.#onHead = onHead;
    this.#onData = onData;
  }

  /** Whether the whole reply was read. */
  get done(): boolean {
    return this.#stage === 'done';
  }

  /**
   * Takes the next bytes. Returns how many of them belong to the reply: all, unless it is done before.
   * @throws ReplyError
   */
  take(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#stage !== 'done') {
      if (this.#stage === 'body' || this.#stage === 'chunk') {
        const part = chunk.subarray(at, Math.min(chunk.length, at + this.#left));
        this.#left -= part.length;
        at += part.length;
        this.#onData(part);
        if (this.#left === 0) this.#stage = this.#stage === 'body' ? 'done' : 'chunk-end';
        continue;
      }
      const feed = chunk.indexOf(10, at);
      const end = feed < 0 ? chunk.length : feed + 1;
      this.#line += chunk.toString('latin1', at, end);
      this.#checkLine(end - at);
      at = end;
      if (feed < 0) break;
      const line = this.#line.replace(/\r?\n$/, '');
      this.#line = '';
      this.#takeLine(line);
    }
    return at;
  }

  /** The connection has ended. Returns whether that is how the reply ends. */
  end(): boolean {
    if (this.#stage === 'body' && this.#left === Infinity) this.#stage = 'done';
    return this.done;
  }

  /** Refuses what is too long, and what is no reply already by its first bytes. */
  #checkLine(bytes: number): void {
    if (this.#stage === 'chunk-line' || this.#stage === 'chunk-end') {
      if (this.#line.length > CHUNK_LINE_LIMIT) throw new ReplyError('the line before a chunk is too long');
      return;
    }
    this.#headBytes += bytes;
    if (this.#headBytes > HEAD_LIMIT) throw new ReplyError('its headers are too long');
    if (this.#stage !== 'status' || /^\r?\n?$/.test(this.#line)) return;
    const beginning = this.#line.slice(0, BEGINNING.length).toUpperCase();
    if (BEGINNING.startsWith(beginning)) return;
    if (/^[\x14-\x17]\x03/.test(this.#line))
      throw new ReplyError('TLS is spoken there, which is asked for by https://');
    throw new ReplyError(`it begins with ${excerpt(this.#line)}`);
  }

  #takeLine(line: string): void {
    switch (this.#stage) {
      case 'status':
        if (line !== '') this.#takeStatus(line);
        return;
      case 'header':
        if (line === '') this.#endHead();
        else this.#takeHeader(line);
        return;
      case 'chunk-line':
        this.#takeChunkLine(line);
        return;
      case 'chunk-end':
        if (line !== '') throw new ReplyError('a chunk is longer than was announced');
        this.#stage = 'chunk-line';
        return;
      case 'trailer':
        if (line === '') this.#stage = 'done';
        return;
      default:
    }
  }

  #takeStatus(line: string): void {
    const [, major, minor = '0', status = '', reason = ''] = STATUS_LINE.exec(line) ?? [];
    if (major === undefined) throw new ReplyError(`its status line is ${excerpt(line)}`);
    this.#version = Number(`${major}.${minor}`);
    this.#status = Number(status);
    this.#statusText = `${status} ${reason}`.trim();
    this.#headers = new Map();
    this.#lastName = null;
    this.#stage = 'header';
  }

  #takeHeader(line: string): void {
    if (line.includes('\0')) throw new ReplyError('a header holds a null character');
    if (/^[ \t]/.test(line)) {
      const values = this.#lastName === null ? undefined : this.#headers.get(this.#lastName);
      if (values !== undefined) values.push(`${values.pop() ?? ''} ${line.trim()}`.trim());
      return;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    this.#lastName = name;
    // A line that is no header is passed over.
    if (name === '') return;
    const value = line.slice(colon + 1).trim();
    const values = this.#headers.get(name);
    if (values === undefined) this.#headers.set(name, [value]);
    else values.push(value);
  }

  #endHead(): void {
    const status = this.#status;
    if (status === 101) throw new ReplyError('it changes to another protocol (101)');
    if (status >= 100 && status < 200) {
      this.#interim += 1;
      if (this.#interim > INTERIM_LIMIT) throw new ReplyError('interim replies without end, and no real one');
      this.#stage = 'status';
      return;
    }
    const isChunked = listOf(this.#headers, 'transfer-encoding').includes('chunked');
    const hasBody = !this.#isHead && status !== 204 && status !== 304;
    const length = hasBody && !isChunked ? contentLength(this.#headers) : null;
    const untilClose = hasBody && !isChunked && length === null;
    const options = listOf(this.#headers, 'connection');
    const isKept = this.#version >= 1.1 ? !options.includes('close') : options.includes('keep-alive');
    if (hasBody && isChunked) this.#stage = 'chunk-line';
    else if (!hasBody || length === 0) this.#stage = 'done';
    else {
      this.#stage = 'body';
      this.#left = length ?? Infinity;
    }
    const persistent = isKept && !untilClose;
    this.#onHead({ status, statusText: this.#statusText, headers: this.#headers, persistent });
  }

  #takeChunkLine(line: string): void {
    // What follows a semicolon is an extension.
    const size = /^[ \t]*([\da-f]{1,13})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new ReplyError(`the size of a chunk is ${excerpt(line)}`);
    this.#left = parseInt(size, 16);
    this.#stage = this.#left === 0 ? 'trailer' : 'chunk';
  }
}

/** The words of a header that is a list, in lower case. */
export function listOf(headers: ReplyHead['headers'], name: string): string[] {
  const words = (headers.get(name) ?? []).join(',').toLowerCase().split(',');
  return words.map((word) => word.trim()).filter((word) => word !== '');
}

/** The announced length of the body; null where there is none that can be read: then the close ends it. */
function contentLength(headers: ReplyHead['headers']): number | null {
  const lengths = new Set(
    listOf(headers, 'content-length')
      .filter((length) => /^\d{1,15}$/.test(length))
      .map(Number),
  );
  if (lengths.size > 1) throw new ReplyError(`its length is given as ${[...lengths].join(' and ')}`);
  const [length = null] = lengths;
  return length;
}

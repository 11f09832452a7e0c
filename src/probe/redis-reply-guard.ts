/**
 * Stands before the library's decoder and lets through only what it can take: whole RESP2 replies to commands that were
 * sent, of a bounded size. (ioredis 6 throws past every handler at a null that was not asked for, at a push message that
 * is malformed, and makes room for an array as long as is announced.)
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { excerpt } from '../core/format.ts';

/** Bytes of one reply. */
const LIMIT = 1_048_576;
/** Elements of one array, and arrays in one reply: more than any ROLE has. */
const ELEMENTS = 1024;
/** Characters that are kept of a line: a type and a length. */
const HEAD = 24;

const LINE_FEED = 10;
const PONG = Buffer.from('+PONG\r\n');

export class ReplyGuard {
  /** Replies still to come, without the one that is being read. */
  #due = 0;
  /** Values still to come of the reply that is being read. */
  #open = 0;
  #bytes = 0;
  #arrays = 0;
  /** Bytes of a bulk string still to come, its line end included. */
  #bulk = 0;
  /** The beginning of a line that is not here whole yet. */
  #head = '';

  /** Whether nothing is due, and nothing half read. */
  get isIdle(): boolean {
    return this.#due === 0 && this.#open === 0;
  }

  /** A command is sent. */
  expect(): void {
    this.#due += 1;
  }

  /** Takes the next bytes. Returns what is wrong with them; null where the decoder may have them. */
  check(chunk: Buffer): string | null {
    if (this.#open === 0 && this.#due > 0 && chunk.equals(PONG)) {
      this.#due -= 1;
      return null;
    }
    for (let at = 0; at < chunk.length;) {
      if (this.#open === 0) {
        if (this.#due === 0)
          return `got a reply that was not asked for: ${excerpt(chunk.toString('latin1', at, at + 80))}`;
        this.#due -= 1;
        this.#open = 1;
        this.#bytes = 0;
        this.#arrays = 0;
      }
      const end = this.#bulk > 0 ? Math.min(at + this.#bulk, chunk.length) : endOfLine(chunk, at);
      this.#bytes += end - at;
      if (this.#bytes > LIMIT) return `a reply of more than ${String(LIMIT)} bytes`;
      const problem = this.#bulk > 0 ? this.#takeBulk(end - at) : this.#takeLine(chunk, at, end);
      if (problem !== null) return problem;
      at = end;
    }
    return null;
  }

  #takeBulk(bytes: number): null {
    this.#bulk -= bytes;
    if (this.#bulk === 0) this.#open -= 1;
    return null;
  }

  #takeLine(chunk: Buffer, from: number, to: number): string | null {
    if (this.#head.length < HEAD) this.#head += chunk.toString('latin1', from, Math.min(to, from + HEAD));
    const type = this.#head[0] ?? '';
    if (!'+-:$*'.includes(type)) return `not a Redis reply: ${excerpt(this.#head)}`;
    if (chunk[to - 1] !== LINE_FEED) return null;
    const line = this.#head;
    this.#head = '';
    this.#open -= 1;
    return type === '$' || type === '*' ? this.#takeLength(type, line) : null;
  }

  #takeLength(type: '$' | '*', line: string): string | null {
    const written = line.slice(1).trimEnd();
    if (written === '-1') return null;
    const length = /^\d+$/.test(written) ? Number(written) : NaN;
    if (type === '$') {
      if (length > LIMIT) return `announced a reply of ${written} bytes`;
      this.#bulk = length + 2;
      this.#open += 1;
    } else {
      this.#arrays += 1;
      if (length > ELEMENTS || this.#arrays > ELEMENTS) return `announced an array of ${written} elements`;
      this.#open += length;
    }
    return Number.isNaN(length) ? `not a Redis reply: ${excerpt(line)}` : null;
  }
}

/** The index behind the end of the line, or of the chunk where the line goes on. */
function endOfLine(chunk: Buffer, from: number): number {
  const at = chunk.indexOf(LINE_FEED, from);
  return at < 0 ? chunk.length : at + 1;
}

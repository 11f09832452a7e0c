/**
 * One client of the feed, on the server's side. It gets a hello, then catches up from the log at the pace at which it
 * reads, and is live from then on. What waits for it in memory is bounded: samples are dropped first, then it is closed
 * and can resume.
 */
import type { Socket } from 'node:net';

import type { WebSocket } from 'ws';

import type { Channel, Live } from './channel.ts';
import type { EventLog } from '../core/event-log.ts';
import { RateLimit } from '../core/rate-limit.ts';

/** Bytes that may wait for a client before its samples are dropped. */
const SAMPLES_WAIT = 64 * 1024;
/** Bytes that may wait for a client before it is closed: some 4,000 events. */
const EVENTS_WAIT = 1024 * 1024;
/** Bytes that may wait before a client that catches up is left to read. */
const CATCH_UP_WAIT = 64 * 1024;
/** Bytes that a client may send at once, and in a second: it has nothing to say but pings and pongs. */
const SENDS_AT_ONCE = 16 * 1024;
const SENDS_PER_S = 2048;
/** What a ping costs, however short it is: 128 of them at once, 16 in a second. */
const FRAME_COST = 128;
/** Events read from the log at a time. */
const CHUNK = 256;

/** Why the server closes: the codes of the contract. */
export const CLOSE = { stops: 1001, notAllowed: 1008, comeBack: 1013 } as const;
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** A client whose connection is closed has this long to agree; a slow one, to read what waits for it. In milliseconds. */
const GRACE: Record<CloseCode, number> = { 1001: 1500, 1008: 1500, 1013: 10_000 };

/** Closes a connection, by force where the client does not. The reason is cut to what a close frame holds. */
export function closeSocket(ws: WebSocket, code: CloseCode, reason: string): void {
  if (ws.readyState !== ws.OPEN) return;
  ws.close(
    code,
    Buffer.from(reason)
      .subarray(0, 123)
      .toString()
      .replace(/\uFFFD+$/, ''),
  );
  const timer = setTimeout(() => {
    ws.terminate();
  }, GRACE[code]);
  ws.once('close', () => {
    clearTimeout(timer);
  });
}

/** What all clients share. */
export interface Sent {
  readonly log: EventLog;
  /** The frame of a heartbeat that says: up to here you have all. */
  allSent(): Buffer;
}

export class Subscriber implements Live {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #sent: Sent;
  readonly #log: EventLog;
  /** The last event that was written, while it catches up. */
  #position = 0;
  #live = false;
  /** Something was sent meanwhile that the log does not hold. */
  #stale = false;
  #resumes = false;
  #catchesUp = false;
  #answered = true;
  readonly #sends = new RateLimit(SENDS_AT_ONCE, SENDS_PER_S);

  /** @param socket the one below `ws` */
  constructor(ws: WebSocket, socket: Socket, channel: Channel, sent: Sent) {
    this.#ws = ws;
    this.#socket = socket;
    this.#channel = channel;
    this.#sent = sent;
    this.#log = sent.log;
    // Of a chunk, which may hold ten thousand frames, the library has only begun with the first.
    socket.on('data', (chunk: Buffer) => {
      this.#limit(chunk.length);
    });
    ws.on('pong', () => {
      this.#answered = true;
      this.#limit(FRAME_COST);
    });
    ws.on('ping', (data) => {
      this.#limit(FRAME_COST);
      // The library would queue an answer for each, however many wait already.
      if (ws.readyState === ws.OPEN && socket.writableLength <= CATCH_UP_WAIT) ws.pong(data);
    });
    ws.on('message', () => {
      this.close(CLOSE.notAllowed, 'this feed only speaks; marks go to POST /api/v1/marks');
    });
  }

  /** @param after the event after which it resumes; null for a fresh start */
  begin(after: number | null): void {
    this.#resumes = after !== null && this.#log.canResume(after);
    if (this.#resumes && after !== null) {
      // What it has beyond the newest was lost here in a kill.
      this.#position = Math.min(after, this.#log.newest);
      this.#greet(this.#position);
    } else {
      this.#position = this.#greet(0);
    }
    void this.#catchUp();
  }

  /** The services have changed, or something else that a hello has. */
  greetAgain(): void {
    if (!this.#live) {
      this.#stale = true;
      return;
    }
    this.#channel.leave(this);
    this.#live = false;
    this.#resumes = true;
    this.#position = this.#greet(this.#log.newest);
    void this.#catchUp();
  }

  /** Something was sent that is not kept in the log: a client that catches up gets it in another hello. */
  missesUnlogged(): void {
    if (!this.#live) this.#stale = true;
  }

  write(frames: Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#socket.writableLength > EVENTS_WAIT) {
      this.close(CLOSE.comeBack, 'too slow: come back with ?after=SEQ&monitor=ID');
      return;
    }
    this.#socket.write(frames);
  }

  writeSamples(frames: Buffer): void {
    if (this.#socket.writableLength <= SAMPLES_WAIT) this.write(frames);
  }

  /**
   * Sends a heartbeat, and now and then asks whether the client is still there.
   * @param asks a client that did not answer since the last time it was asked is closed
   */
  beat(heartbeat: Buffer, asks: boolean): void {
    if (asks && !this.#answered) {
      this.close(CLOSE.comeBack, 'no answer to a ping: come back with ?after=SEQ&monitor=ID');
      return;
    }
    if (this.#live) this.write(heartbeat);
    if (!asks || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#answered = false;
    this.#ws.ping();
  }

  close(code: CloseCode, reason: string): void {
    this.#channel.leave(this);
    this.#live = false;
    closeSocket(this.#ws, code, reason);
  }

  /** Closes a client that sends more than it may, and reads nothing more of it. */
  #limit(cost: number): void {
    if (this.#sends.take(cost) || this.#ws.isPaused) return;
    this.#ws.pause();
    // What the library finds wrong with the same bytes says more.
    setImmediate(() => {
      this.close(CLOSE.notAllowed, 'too much was sent: this feed takes a ping now and then');
    });
  }

  /** Returns the number of the newest event that the hello knows of. */
  #greet(atLeast: number): number {
    const { parts, seq } = this.#channel.greeting(this.#resumes, this.#log.newest, atLeast);
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    return seq;
  }

  /** Sends what the log has beyond the client's position, at the pace at which it reads; then it is live. */
  async #catchUp(): Promise<void> {
    if (this.#catchesUp) return;
    this.#catchesUp = true;
    while (this.#isOpen && !this.#live) {
      if (this.#socket.writableLength > CATCH_UP_WAIT) await this.#drained();
      else if (this.#position < this.#log.newest) await this.#sendMissed();
      else if (this.#stale) {
        this.#stale = false;
        this.#resumes = true;
        this.#position = this.#greet(this.#position);
      } else {
        this.#live = true;
        this.#channel.enter(this);
        if (this.#resumes) this.write(this.#sent.allSent());
      }
    }
    this.#catchesUp = false;
  }

  async #sendMissed(): Promise<void> {
    const { newest } = this.#log;
    const events = await this.#log.after(this.#position, CHUNK);
    if (!this.#isOpen) return;
    if (events === null) {
      const isKept = this.#position >= this.#log.completeAfter;
      const why = isKept ? 'the history does not answer' : 'too slow: events that you miss are not kept any more';
      this.close(CLOSE.comeBack, why);
      return;
    }
    this.#position = events.at(-1)?.seq ?? newest;
    const frames = this.#channel.frames(events);
    if (frames !== null) this.#socket.write(frames);
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  /** Resolves when the client has read what waits for it, or is gone. */
  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#ws.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#ws.on('close', done);
    });
  }
}

/** A connection to a feed that reconnects without end: one websocket at a time, and a growing pause between attempts. */
import { type RawData, WebSocket } from 'ws';

import { problemOfAnswer, problemOfClose, problemOfError } from './connection-problem.ts';

/** The pause after the first attempt that fails, and the longest; each is cut by a random part, up to a half. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A feed that says nothing for this long is gone: its heartbeats come every 5 s. */
const SILENCE_MS = 15_000;
/**
 * So often it is looked whether something came. Looks are counted, and not the time: a process that was stopped, or starved, finds
 * its timers due before it has read what came meanwhile.
 */
const LOOK_MS = 1000;
const HANDSHAKE_MS = 10_000;
/** The longest message that is taken: a hello of ten thousand services. */
const MAX_PAYLOAD_MIB = 16;
/** Bytes of pongs that may wait for a feed that pings and does not read. */
const PONGS_WAIT = 64 * 1024;
/** Once messages took this long, as long a pause follows: a flood gets half of the time at most, and waits in the network. */
const BUSY_MS = 25;
/** That pause is no longer. */
const LONGEST_REST_MS = 1000;

export interface FeedConnectionEvents {
  /** Where to connect to, for the next attempt. */
  target(): URL;
  /** @param text null for a message that is no text */
  onMessage(text: string | null): void;
  /** A ping was answered after this time, in milliseconds. */
  onRoundTrip(tookMs: number): void;
  /**
   * There is no connection, or none any more.
   * @param problem why, for people
   * @param retryMs when the next attempt is made
   */
  onClose(problem: string, retryMs: number): void;
}

export class FeedConnection {
  readonly #events: FeedConnectionEvents;
  readonly #headers: Readonly<Record<string, string>>;
  #ws: WebSocket | null = null;
  #failures = 0;
  #problem: string | null = null;
  #retry: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #looks = 0;
  #greeted = false;
  #busyMs = 0;
  #closed = false;

  /** Begins to connect. */
  constructor(token: string | null, events: FeedConnectionEvents) {
    this.#events = events;
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` };
    this.#connect();
  }

  /** The connection is of use: the next break is followed by a short pause again. */
  confirm(): void {
    this.#failures = 0;
  }

  /** Its hello came. */
  greeted(): void {
    this.#greeted = true;
  }

  /** Asks for a round trip. */
  ping(): void {
    if (this.#ws?.readyState !== WebSocket.OPEN) return;
    // The time goes with it: a ping that was sent before another answer came is not taken for that one's.
    this.#ws.ping(String(performance.now()));
  }

  /** Breaks the connection; another one is made. */
  drop(problem: string): void {
    this.#problem = problem;
    const ws = this.#ws;
    // What has come already is not taken any more.
    this.#ws = null;
    ws?.terminate();
  }

  /** Ends it for good. */
  close(): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#endSilence();
    this.#ws?.terminate();
  }

  #connect(): void {
    this.#problem = null;
    this.#greeted = false;
    const target = this.#events.target();
    const ws = new WebSocket(target, {
      headers: this.#headers,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_PAYLOAD_MIB * 1024 * 1024,
      perMessageDeflate: false,
      autoPong: false,
    });
    this.#ws = ws;
    ws.on('open', () => {
      this.#received();
      this.ping();
    });
    ws.on('message', (data, isBinary) => {
      if (this.#closed || this.#ws !== ws) return;
      this.#received();
      const before = performance.now();
      this.#events.onMessage(isBinary ? null : textOf(data));
      this.#rest(ws, performance.now() - before);
    });
    ws.on('ping', (data) => {
      if (ws.readyState === WebSocket.OPEN && ws.bufferedAmount <= PONGS_WAIT) ws.pong(data);
    });
    ws.on('pong', (data) => {
      const tookMs = performance.now() - Number(data.toString());
      if (tookMs >= 0 && tookMs <= SILENCE_MS) this.#events.onRoundTrip(tookMs);
    });
    ws.on('unexpected-response', (_request, response) => {
      this.#problem ??= problemOfAnswer(response, target, 'authorization' in this.#headers);
      ws.terminate();
    });
    ws.on('error', (error: NodeJS.ErrnoException) => {
      this.#problem ??= problemOfError(error, target);
    });
    ws.once('close', (code, reason) => {
      this.#endSilence();
      if (!this.#closed) this.#reconnect(this.#problem ?? problemOfClose(code, reason.toString()));
    });
  }

  #reconnect(problem: string): void {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    const retryMs = pause * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#retry = setTimeout(() => {
      this.#connect();
    }, retryMs);
    this.#events.onClose(problem, retryMs);
  }

  /** Leaves time to all else after messages that took this long together. */
  #rest(ws: WebSocket, tookMs: number): void {
    if (this.#busyMs === 0)
      setImmediate(() => {
        this.#busyMs = 0;
      });
    this.#busyMs += tookMs;
    if (this.#busyMs < BUSY_MS || ws.isPaused) return;
    ws.pause();
    // It may have been stopped meanwhile, for however long.
    const restMs = Math.min(this.#busyMs, LONGEST_REST_MS);
    setTimeout(() => {
      ws.resume();
    }, restMs);
  }

  #received(): void {
    // Whatever else comes: it has no more time than this for its first hello.
    if (this.#greeted) this.#looks = 0;
    this.#silence ??= setInterval(() => {
      this.#looks += 1;
      if (this.#looks < SILENCE_MS / LOOK_MS) return;
      this.#endSilence();
      this.drop(`${this.#greeted ? 'nothing' : 'no hello'} came for ${String(SILENCE_MS / 1000)} s`);
    }, LOOK_MS);
  }

  #endSilence(): void {
    if (this.#silence !== null) clearInterval(this.#silence);
    this.#silence = null;
    this.#looks = 0;
  }
}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data)
    ? data.toString()
    : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]).toString();
}

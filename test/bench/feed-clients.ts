/**
 * Many clients of one feed, in a process of their own: `node feed-clients.js PORT COUNT READS`. They are as light as can
 * be, so that the server is measured and not they. With READS `no` they stop reading after the handshake.
 *
 * Sends `open` when all are connected. Told `collect`, sends how long after its probe's answer each `down` arrived since
 * the last time. Told `read`, reads all that waits and sends the codes with which they were closed.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { Clock } from '../../src/core/clock.ts';

const [port, count, reads] = process.argv.slice(2);
const clock = new Clock();
/** The first byte of a text frame. */
const TEXT = 0x81;
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const WAVE = 100;

let latencies: number[] = [];
/** The bytes that the last client got, which the next one gets too, and the answers that they are about: read once for all. */
let last: { readonly bytes: Buffer; readonly answered: readonly number[] } | null = null;
const codes: Record<string, number> = {};

class Client {
  readonly socket: Socket;
  readonly ready: Promise<void>;
  #rest = Buffer.alloc(0);
  #open = false;
  #markReady: () => void = () => undefined;

  constructor() {
    this.socket = connect({ host: '127.0.0.1', port: Number(port) });
    this.ready = new Promise((resolve) => (this.#markReady = resolve));
    this.socket.on('error', () => undefined);
    this.socket.on('data', (data) => {
      this.#take(data);
    });
    this.socket.write(
      'GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
  }

  #take(data: Buffer): void {
    const now = clock.epoch(clock.now());
    const isWhole = this.#open && this.#rest.length === 0;
    if (isWhole && last?.bytes.equals(data) === true) {
      for (const at of last.answered) latencies.push(now - at);
      return;
    }
    let bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    if (!this.#open) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#open = true;
      bytes = bytes.subarray(end + 4);
      if (reads === 'no') this.socket.pause();
      this.#markReady();
    }
    const answered: number[] = [];
    let isControl = false;
    for (;;) {
      const length = frameLength(bytes);
      if (length === null || bytes.length < length.head + length.body) break;
      const [first = 0] = bytes;
      const body = bytes.subarray(length.head, length.head + length.body);
      if (first === TEXT) answered.push(...answeredIn(body));
      else {
        isControl = true;
        this.#control(first, body);
      }
      bytes = bytes.subarray(length.head + length.body);
    }
    for (const at of answered) latencies.push(now - at);
    this.#rest = Buffer.from(bytes);
    if (isWhole && !isControl && bytes.length === 0) last = { bytes: Buffer.from(data), answered };
  }

  #control(first: number, body: Buffer): void {
    if (first === 0x89) this.socket.write(PONG);
    if (first === 0x88) {
      const code = String(body.readUInt16BE());
      codes[code] = (codes[code] ?? 0) + 1;
    }
  }
}

/** When the probe was answered whose change to `down` a message is about. */
function answeredIn(body: Buffer): number[] {
  if (body.length > 1000 || !body.includes('"to":"down"')) return [];
  const [, answered] = /"notAfter":([\d.]+)/.exec(body.toString()) ?? [];
  return [Number(answered)];
}

function frameLength(bytes: Buffer): { head: number; body: number } | null {
  const short = bytes[1];
  if (short === undefined) return null;
  if (short < 126) return { head: 2, body: short };
  if (short === 126) return bytes.length < 4 ? null : { head: 4, body: bytes.readUInt16BE(2) };
  return bytes.length < 10 ? null : { head: 10, body: bytes.readUIntBE(4, 6) };
}

const clients: Client[] = [];
for (let n = 0; n < Number(count); n += WAVE) {
  const wave = Array.from({ length: Math.min(WAVE, Number(count) - n) }, () => new Client());
  await Promise.all(wave.map(({ ready }) => ready));
  clients.push(...wave);
}

process.on('message', (order: { type: 'collect' | 'read' }) => {
  if (order.type === 'collect') {
    process.send?.(latencies);
    latencies = [];
    return;
  }
  void (async () => {
    const open = clients.filter(({ socket }) => !socket.closed);
    const closed = open.map(({ socket }) => once(socket, 'close'));
    for (const { socket } of open) socket.resume();
    await Promise.all(closed);
    process.send?.(codes);
  })();
});
process.on('disconnect', () => process.exit(0));
process.send?.('open');

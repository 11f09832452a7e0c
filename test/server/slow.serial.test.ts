/** Slow clients and hostile ones: they slow no other client down, and what waits for them is bounded. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { type FeedServer } from '../../src/server/feed-server.ts';
import { ask, handshake, raw } from './asking.ts';
import type { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { Listener } from './listener.ts';
import { scripted, served } from './scene.ts';

const TEXT = 'x'.repeat(200);
/** Thousands of these are more than the kernel takes. */
const LONG_TEXT = 'x'.repeat(2000);

describe('a client that does not read', () => {
  let source: ScriptedMonitor;
  let feed: FeedServer;
  let ws: string;
  before(async () => {
    source = scripted();
    ({ feed, ws } = await served(source));
  });
  after(async () => {
    await feed.close();
  });

  it('is closed with 1013 and can resume; the others receive all', async () => {
    const [slow, quick] = [await Listener.open(ws), await Listener.open(ws)];
    slow.ws.pause();
    const begin = source.events.newest;
    for (let n = 1; n <= 40_000; n++) {
      source.mark(TEXT);
      if (n % 100 === 0) await turn();
    }
    slow.ws.resume();
    const { code, reason } = await slow.closed;
    assert.equal(code, 1013);
    assert.match(reason, /too slow.*after/);
    assert.ok(slow.seqs.length < 40_000, 'it was closed before the end');
    await quick.find(({ type, seq }) => type === 'mark' && seq === source.events.newest);
    assert.deepEqual(
      quick.seqs,
      Array.from({ length: 40_000 }, (_, index) => begin + 1 + index),
    );
    const again = await Listener.open(`${ws}?after=${String(source.events.newest - 15_000)}&monitor=scripted`);
    await again.first('heartbeat');
    assert.equal(again.seqs.length, 15_000);
    await Promise.all([quick.close(), again.close()]);
  });

  it('loses its samples first', async () => {
    const client = await Listener.open(`${ws}?samples=1`);
    client.ws.pause();
    // Some 40 MB of samples: far more than the kernel takes. They wait for company 40 ms long.
    for (let n = 0; n < 20; n++) {
      source.samples(10_000);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    for (let n = 0; n < 100; n++) source.mark(`after ${String(n)}`);
    client.ws.resume();
    await client.find(({ text }) => text === 'after 99');
    const samples = client.received.filter(({ type }) => type === 'sample').length;
    assert.ok(samples > 0 && samples < 200_000, String(samples));
    assert.equal(client.seqs.length, 100);
    await client.close();
  });

  it('catches up at its own pace with what it missed', async () => {
    const begin = source.events.newest;
    for (let n = 0; n < 19_000; n++) source.mark(LONG_TEXT);
    const client = new Listener(`${ws}?after=${String(begin)}&monitor=scripted`);
    await once(client.ws, 'open');
    client.ws.pause();
    for (let n = 0; n < 50; n++) source.mark('meanwhile');
    client.ws.resume();
    await client.first('heartbeat');
    assert.deepEqual(
      client.seqs,
      Array.from({ length: 19_050 }, (_, index) => begin + 1 + index),
    );
    await client.close();
  });

  it('gets another hello when it has caught up, where the log has not all', async () => {
    const begin = source.events.newest;
    for (let n = 0; n < 15_000; n++) source.mark(LONG_TEXT);
    const client = new Listener(`${ws}?after=${String(begin)}&monitor=scripted`);
    await once(client.ws, 'open');
    client.ws.pause();
    source.status('web', 'down');
    source.watch('web', 'new');
    client.ws.resume();
    await client.first('heartbeat');
    const [first, ...rest] = client.received.filter(({ type }) => type === 'hello');
    assert.equal((first?.['services'] as { status: string }[])[0]?.status, 'unknown');
    assert.equal(rest.length, 1);
    assert.equal(rest[0]?.['resumed'], true);
    assert.equal(rest[0]['seq'], source.events.newest);
    assert.deepEqual(
      (rest[0]['services'] as { service: string; status: string }[]).map(({ service, status }) => [service, status]),
      [
        ['web', 'down'],
        ['new', 'unknown'],
      ],
    );
    await client.close();
  });

  it('is closed when it does not answer pings; who answers stays', async () => {
    const [dead, alive] = [await Listener.open(ws), await Listener.open(ws)];
    dead.ws.pause();
    for (let round = 0; round < 8; round++) {
      source.heartbeat();
      // The pong of the one that answers is here when the next question has been answered.
      const asked = once(alive.ws, 'pong');
      alive.ws.ping();
      await asked;
    }
    dead.ws.resume();
    const { code, reason } = await dead.closed;
    assert.equal(code, 1013);
    assert.match(reason, /ping/);
    assert.equal(alive.ws.readyState, alive.ws.OPEN);
    assert.equal(alive.received.filter(({ type }) => type === 'heartbeat').length, 8);
    await alive.close();
  });
});

describe('a hostile client', () => {
  let source: ScriptedMonitor;
  let feed: FeedServer;
  let ws: string;
  before(async () => {
    source = scripted();
    ({ feed, ws } = await served(source));
  });
  after(async () => {
    await feed.close();
  });

  it('is closed when it talks, or sends much', async () => {
    const talks = await Listener.open(ws);
    talks.ws.send('hello');
    assert.equal((await talks.closed).code, 1008);
    const much = await Listener.open(ws);
    much.ws.send('x'.repeat(100_000));
    assert.equal((await much.closed).code, 1009);
  });

  it('is closed when it breaks the protocol', async () => {
    const socket = await opened(ws);
    // A text frame without a mask.
    socket.write(Buffer.from([0x81, 0x01, 0x61]));
    await once(socket, 'close');
  });

  it('fills no memory with pings that it does not wait for', async () => {
    const socket = await opened(ws);
    socket.pause();
    // A ping with 125 bytes, masked with zeros, again and again: 40 MB of them.
    const ping = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const many = Buffer.concat(Array.from({ length: 8000 }, () => ping));
    const before = process.memoryUsage().rss;
    const closed = closing(socket);
    for (let n = 0; n < 40 && !socket.destroyed; n++) {
      if (!socket.write(many)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    }
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 30e6, `${String(Math.round(grown / 1e6))} MB`);
    const other = await Listener.open(ws);
    await other.close();
    socket.destroy();
  });

  const masked = (head: number, text = ''): Buffer =>
    Buffer.concat([Buffer.from([head, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
  const floods: readonly (readonly [string, Buffer])[] = [
    ['pings', masked(0x89)],
    ['long pings', masked(0x89, 'x'.repeat(125))],
    ['pongs', masked(0x8a)],
    ['fragments of nothing', masked(0x00)],
  ];
  for (const [what, frame] of floods)
    it(`is closed with 1008 when it floods with ${what}, and the others get what happens`, async () => {
      const other = await Listener.open(ws);
      const socket = await opened(ws);
      let received = Buffer.alloc(0);
      socket.on('data', (data: Buffer) => (received = Buffer.concat([received, data])));
      if (frame[0] === 0) socket.write(masked(0x01));
      const many = Buffer.concat(Array.from({ length: 10_000 }, () => frame));
      const push = (): void => {
        while (!socket.destroyed && socket.write(many));
      };
      socket.on('drain', push);
      const closed = closing(socket);
      push();
      source.mark('beside the flood');
      await other.find(({ text }) => text === 'beside the flood');
      await closed;
      // A close frame: 1008 is 0x03f0.
      assert.ok(received.includes(Buffer.from([0x03, 0xf0])), received.subarray(-200).toString('latin1'));
      assert.equal(other.ws.readyState, other.ws.OPEN);
      await other.close();
    });

  it('may ping now and then, also some at once', async () => {
    const client = await Listener.open(ws);
    let pongs = 0;
    client.ws.on('pong', () => pongs++);
    for (let n = 0; n < 100; n++) client.ws.ping();
    while (pongs < 100) await once(client.ws, 'pong');
    assert.equal(client.ws.readyState, client.ws.OPEN);
    await client.close();
  });

  it('is cut off when it piles up requests on a connection', async () => {
    const { hostname, port } = new URL(ws);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    let answers = 0;
    socket.on('data', (data: Buffer) => (answers += data.toString().split('HTTP/1.1 200').length - 1));
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5000));
    await closing(socket);
    assert.ok(answers < 100, String(answers));
    // Ten at once are nothing unusual.
    const ten = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10);
    const last = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    assert.equal((await raw(ws, ten + last)).split('HTTP/1.1 200').length - 1, 11);
  });

  it('is closed when its headers do not come', async () => {
    const { hostname, port } = new URL(ws);
    const begun = performance.now();
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write('GET /feed HTTP/1.1\r\nHost: loc');
    socket.resume();
    await once(socket, 'close');
    assert.ok(performance.now() - begun > 4000);
  });

  it('is refused when its headers are too long', async () => {
    const reply = await ask(ws.replace('ws:', 'http:'), { headers: { 'x-long': 'x'.repeat(10_000) } });
    assert.equal(reply.status, 431);
  });

  it('leaves nothing behind when it goes', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => Listener.open(`${ws}?samples=1`)));
    assert.ok(source.samplesWanted());
    await Promise.all(clients.map((client) => client.close()));
    while (source.samplesWanted()) await turn();
    const metrics = await ask(ws.replace('ws:', 'http:').replace('/feed', '/metrics'));
    assert.match(metrics.body, /^gapwatch_feed_clients 0$/m);
  });
});

/** Resolves when it is closed, with an error or without. */
function closing(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

async function opened(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  socket.write(handshake('/feed'));
  await once(socket, 'data');
  socket.resume();
  return socket;
}

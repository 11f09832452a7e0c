/** How many connections are held, and how many requests are answered. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, Socket } from 'node:net';
import { describe, it } from 'node:test';

import { AddressRates, defaultLimits, limitConnections } from '../../src/server/connection-limits.ts';
import { raw } from './asking.ts';
import { Listener } from './listener.ts';
import { scripted, served } from './scene.ts';

describe('the limits on connections', () => {
  it('leave half of the descriptors to the probes', () => {
    const { total } = defaultLimits();
    assert.ok(total > 0 && total <= 10_000);
  });

  it('refuse what is too much in all, and take more when others have gone', async () => {
    const warnings: object[] = [];
    const server = createServer((_, response) => response.end('ok'));
    limitConnections(server, { total: 3, perAddress: 1 }, () => false, {
      warn: (details: object) => warnings.push(details),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const open = async (): Promise<Socket> => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    // From this machine a proxy may stand for many: only the limit in all holds.
    const sockets = [await open(), await open(), await open()];
    for (const socket of sockets) {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1.1 200/);
    }
    const extra = await open();
    await once(extra, 'close');
    await once(await open(), 'close');
    assert.deepEqual(warnings, [{ total: 3 }]);
    sockets[0]!.destroy();
    for (let tries = 0; tries < 100; tries++) {
      const socket = await open();
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean];
      if (Buffer.isBuffer(answer)) {
        server.close();
        server.closeAllConnections();
        return;
      }
    }
    assert.fail('none was taken any more');
  });

  it('hold for each address, but not for a proxy, which stands for many', () => {
    const server = createServer();
    limitConnections(server, { total: 10, perAddress: 1 }, (address) => address === '192.0.2.2', {
      warn: () => undefined,
    });
    const stays = (remoteAddress: string): boolean => {
      const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
      server.emit('connection', socket);
      return !socket.destroyed;
    };
    assert.deepEqual(['192.0.2.1', '192.0.2.1'].map(stays), [true, false]);
    assert.deepEqual(['192.0.2.2', '::ffff:192.0.2.2'].map(stays), [true, true]);
  });
});

describe('the rate of an address', () => {
  it('is counted for each, and more may be had with time', async () => {
    const rates = new AddressRates({ most: 100, perSecond: 100 }, { most: 2, perSecond: 100 });
    const stranger = '192.0.2.1';
    assert.equal(rates.take(stranger), null);
    assert.equal(rates.take('::ffff:192.0.2.1'), null);
    assert.equal(rates.take(stranger), 1);
    assert.equal(rates.take('192.0.2.2'), null);
    for (const remoteAddress of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      for (let n = 0; n < 40; n++) assert.equal(rates.take(remoteAddress), null);
    // However much was asked for, no more is owed than could be had at once.
    for (let n = 0; n < 1000; n++) rates.take(stranger);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(rates.take(stranger), null);
  });

  it('is 429 for a request and 1008 for a client of the feed; what supervises the monitor is answered all the same', async () => {
    const rates = new AddressRates({ most: 4, perSecond: 0.1 });
    const { feed, ws } = await served(scripted(), { rates });
    const ask = (path: string): Promise<Response> => fetch(`${feed.address.url}${path}`);
    assert.equal((await ask('/api/v1/status')).status, 200);
    let refused = await ask('/api/v1/status');
    for (let n = 0; n < 4; n++) refused = await ask('/api/v1/status');
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) >= 10);
    assert.equal(refused.headers.get('connection'), 'close');
    const { code, reason } = await new Listener(ws).closed;
    assert.equal(code, 1008);
    assert.match(reason, /from this address: come back in \d+ s/);
    assert.equal((await ask('/healthz')).status, 200);
    assert.notEqual((await ask('/readyz')).status, 429);
    await feed.close();
  });
});

describe('requests that are piled up on one connection', () => {
  it('are answered in order, one in each turn of the loop', async () => {
    const { feed } = await served(scripted());
    const paths = Array.from({ length: 32 }, (_, n) => (n % 2 === 0 ? '/healthz' : '/nothing'));
    const answers = await raw(
      feed.address.url,
      paths
        .map((path, n) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${n === 31 ? 'Connection: close\r\n' : ''}\r\n`)
        .join(''),
    );
    assert.deepEqual(
      [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      paths.map((path) => (path === '/healthz' ? '200' : '404')),
    );
    await feed.close();
  });
});

/** Masters by sentinels: real ones that answer, are away, hang, ask for a password or know no such master, and servers that are none. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';

import type { RedisSpec } from '../../src/probe/spec.ts';
import { AMPLE_MS, endpoint, Probing, redisSpec, verdict } from '../support/probing.ts';
import { RedisSentinel, RedisServer } from '../support/redis.ts';
import { freePort, saying, serve, silent } from '../support/servers.ts';
import { waitFor } from '../support/wait-for.ts';

const CONNECTIONS = ['new', 'kept'] as const;

async function startedWith(t: TestContext, ...settings: string[]): Promise<[RedisServer, RedisSentinel]> {
  const master = await RedisServer.start();
  t.after(() => master.close());
  const sentinel = await RedisSentinel.start(master, settings);
  t.after(() => sentinel.close());
  return [master, sentinel];
}

async function asking(
  t: TestContext,
  ports: readonly number[],
  over: Partial<RedisSpec> = {},
  connection: (typeof CONNECTIONS)[number] = 'new',
): Promise<Probing> {
  const sentinels = { nodes: ports.map((port) => ({ host: '127.0.0.1', port })), master: 'shop' };
  const spec = redisSpec(0, { endpoint: endpoint(ports[0] ?? 0), role: 'master', sentinels, ...over });
  const probing = await Probing.of(spec, connection);
  t.after(() => {
    probing.close();
  });
  return probing;
}

describe('the master that sentinels name', () => {
  for (const connection of CONNECTIONS) {
    it(`is probed, wherever it is (${connection})`, async (t) => {
      const [master, sentinel] = await startedWith(t);
      const probing = await asking(t, [sentinel.port], {}, connection);
      for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'up');
      const other = await RedisServer.start();
      t.after(() => other.close());
      await sentinel.say('sentinel', 'remove', 'shop');
      await sentinel.say('sentinel', 'monitor', 'shop', '127.0.0.1', String(other.port), '1');
      // Over a kept connection the sentinel is asked once a second.
      await waitFor(async () => {
        assert.equal(verdict(await probing.probe()), 'up');
        return probing.masters.at(-1)?.endsWith(String(other.port)) === true;
      });
      assert.deepEqual(
        [...new Set(probing.masters)],
        [master, other].map(({ port }) => `127.0.0.1:${String(port)}`),
      );
      await master.close();
      assert.equal(verdict(await probing.probe()), 'up');
      assert.deepEqual(probing.lost, []);
    });

    it(`is down once it is demoted, and up at once where the sentinel names another (${connection})`, async (t) => {
      const [master, sentinel] = await startedWith(t);
      const probing = await asking(t, [sentinel.port], {}, connection);
      assert.equal(verdict(await probing.probe()), 'up');
      await master.say('replicaof', '127.0.0.1', '1');
      const sample = await probing.probe();
      assert.equal(verdict(sample), 'role');
      assert.equal(sample.message, 'its role is "replica", not "master"');
      const other = await RedisServer.start();
      t.after(() => other.close());
      await sentinel.say('sentinel', 'remove', 'shop');
      await sentinel.say('sentinel', 'monitor', 'shop', '127.0.0.1', String(other.port), '1');
      assert.equal(verdict(await probing.probe()), 'up');
      assert.deepEqual(probing.lost, []);
    });

    it(`can not be known while the sentinel is away (${connection})`, async (t) => {
      const [, sentinel] = await startedWith(t);
      const probing = await asking(t, [sentinel.port], {}, connection);
      assert.equal(verdict(await probing.probe()), 'up');
      await sentinel.kill();
      const sample = await probing.probe();
      // A kept connection is a kept connection.
      assert.equal(verdict(sample), connection === 'kept' ? 'up' : 'refused');
      if (connection === 'new')
        assert.equal(sample.message, `sentinel: nothing listens there (127.0.0.1:${String(sentinel.port)})`);
      await sentinel.revive();
      assert.equal(verdict(await probing.probe()), 'up');
    });
  }

  it('is what the next sentinel says where one is away, or hangs', async (t) => {
    const [master, sentinel] = await startedWith(t);
    const hanging = await serve(silent);
    t.after(() => hanging.close());
    const probing = await asking(t, [await freePort(), hanging.port, sentinel.port]);
    const first = await probing.probe(1500);
    assert.equal(verdict(first), 'up', String(first.message));
    assert.ok((first.phases.dnsMs ?? 0) > 400, String(first.phases.dnsMs));
    // The one that answered is asked first from then on.
    const second = await probing.probe(1500);
    assert.ok((second.phases.dnsMs ?? 0) < 200, String(second.phases.dnsMs));
    assert.deepEqual(new Set(probing.masters), new Set([`127.0.0.1:${String(master.port)}`]));
  });

  it('is written to, signed in to and selected by what the URL says', async (t) => {
    const [master, sentinel] = await startedWith(t, 'sentinel auth-pass shop secret');
    await master.say('config', 'set', 'requirepass', 'secret');
    const probing = await asking(t, [sentinel.port], { password: 'secret', db: 3, write: 'gapwatch:write' });
    assert.equal(verdict(await probing.probe()), 'up');
    assert.equal(await master.say('-a', 'secret', '--no-auth-warning', '-n', '3', 'hvals', 'gapwatch:write'), '1');
    assert.equal(verdict(await (await asking(t, [sentinel.port])).probe()), 'auth');
  });

  const AWAY: readonly [name: string, reply: string, found: string, message: RegExp][] = [
    ['knows no such master', '*-1\r\n', 'error', /^sentinel 127\.0\.0\.1:\d+: it knows no master "shop"$/],
    [
      'asks for a password',
      '-NOAUTH Authentication required.\r\n',
      'auth',
      /^sentinel \S+: SENTINEL was answered: NOAUTH/,
    ],
    ['is no sentinel', "-ERR unknown command 'SENTINEL'\r\n", 'error', /: SENTINEL was answered: ERR unknown command/],
    [
      'says that it does not know',
      '-IDONTKNOW I have not enough info\r\n',
      'error',
      /: SENTINEL was answered: IDONTKNOW/,
    ],
    ['is no Redis', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'protocol', /^sentinel /],
    ['names a port that is none', '*2\r\n$1\r\nh\r\n$5\r\n65536\r\n', 'protocol', /not by an address$/],
    ['names port 0', '*2\r\n$9\r\n127.0.0.1\r\n$1\r\n0\r\n', 'protocol', /not by an address$/],
    ['names a host that is none', '*2\r\n$3\r\na/b\r\n$4\r\n6379\r\n', 'protocol', /not by an address$/],
    ['names no host', '*2\r\n$0\r\n\r\n$4\r\n6379\r\n', 'protocol', /not by an address$/],
    ['names too little', '*1\r\n$9\r\n127.0.0.1\r\n', 'protocol', /not by an address$/],
    ['names a number', ':1\r\n', 'protocol', /not by an address$/],
    ['names an array in an array', '*2\r\n*0\r\n$4\r\n6379\r\n', 'protocol', /not by an address$/],
  ];
  for (const [name, reply, found, message] of AWAY) {
    it(`is ${found} where the sentinel ${name}`, async (t) => {
      const server = await serve(saying(reply));
      const probing = await asking(t, [server.port]);
      const sample = await probing.probe(AMPLE_MS);
      assert.equal(verdict(sample), found, String(sample.message));
      assert.match(String(sample.message), message);
      assert.deepEqual(probing.masters, []);
      await server.idle();
      await server.close();
    });
  }

  it('is not known in time where the sentinel accepts and is silent, or closes', async (t) => {
    const hanging = await serve(silent);
    t.after(() => hanging.close());
    const sample = await (await asking(t, [hanging.port])).probe(200);
    assert.equal(verdict(sample), 'timeout-reply');
    assert.match(String(sample.message), /^sentinel: connected, no full reply within 19\d ms \(127\.0\.0\.1:\d+\)$/);
    const closing = await serve((socket) => {
      socket.resume().end();
    });
    t.after(() => closing.close());
    assert.equal(verdict(await (await asking(t, [closing.port])).probe()), 'closed');
  });

  it('may be a name, which is looked up', async (t) => {
    const master = await RedisServer.start();
    t.after(() => master.close());
    const port = String(master.port);
    const server = await serve(saying(`*2\r\n$9\r\nlocalhost\r\n$${String(port.length)}\r\n${port}\r\n`));
    t.after(() => server.close());
    const probing = await asking(t, [server.port]);
    assert.equal(verdict(await probing.probe()), 'up');
    assert.deepEqual(probing.masters, [`localhost:${port}`]);
  });
});

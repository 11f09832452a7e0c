/** Redis: a real one in all its states, and servers that are none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

import type { Sample } from '../../src/core/model.ts';
import type { RedisSpec } from '../../src/probe/spec.ts';
import { certificate } from '../support/certificates.ts';
import { AMPLE_MS, endpoint, Probing, redisSpec, tlsOf, verdict } from '../support/probing.ts';
import { RedisServer } from '../support/redis.ts';
import { held, released } from '../support/resources.ts';
import { freePort, pouring, saying, serve, type Behaviour } from '../support/servers.ts';

const MIB = 1_048_576;

async function started(t: TestContext, ...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(args);
  t.after(() => server.close());
  return server;
}

async function watching(t: TestContext, port: number, over: Partial<RedisSpec> = {}, kept = false): Promise<Probing> {
  const probing = await Probing.of(redisSpec(port, over), kept ? 'kept' : 'new');
  t.after(() => {
    probing.close();
  });
  return probing;
}

async function found(
  t: TestContext,
  port: number,
  over: Partial<RedisSpec> = {},
  timeoutMs = AMPLE_MS,
): Promise<Sample> {
  const probing = await watching(t, port, over);
  return probing.probe(timeoutMs);
}

describe('a real Redis', () => {
  it('with requirepass is up for who knows the password', async (t) => {
    const { port } = await started(t, '--requirepass', 'open sesame');
    assert.equal(verdict(await found(t, port, { password: 'open sesame' })), 'up');
    assert.equal(verdict(await found(t, port, { username: 'default', password: 'open sesame' })), 'up');
    const wrong = await found(t, port, { password: 'sesame open' });
    assert.equal(verdict(wrong), 'auth');
    assert.doesNotMatch(String(wrong.message), /sesame/);
    assert.equal(verdict(await found(t, port, { username: 'nobody', password: 'open sesame' })), 'auth');
    const none = await found(t, port);
    assert.equal(verdict(none), 'auth');
    assert.match(String(none.message), /^PING was answered: NOAUTH/);
  });

  it('without a password is up for who sends one, and nothing is printed', async (t) => {
    const { port } = await started(t);
    const warn = t.mock.method(console, 'warn');
    assert.equal(verdict(await found(t, port, { password: 'needless' })), 'up');
    assert.equal(warn.mock.callCount(), 0);
  });

  it('with ACL users is up for those who may PING, and reports who answers to those who may ask', async (t) => {
    const { port } = await started(
      t,
      '--user',
      'probe',
      'on',
      '>one',
      '+ping',
      '--user',
      'mute',
      'on',
      '>two',
      '+info',
    );
    const silent = await watching(t, port, { username: 'probe', password: 'one' });
    assert.equal(verdict(await silent.probe()), 'up');
    assert.deepEqual(silent.identities, []);
    const mute = await found(t, port, { username: 'mute', password: 'two' });
    assert.equal(verdict(mute), 'auth');
    assert.match(String(mute.message), /NOPERM/);
    assert.equal(verdict(await found(t, port, { username: 'probe', password: 'one', role: 'master' })), 'auth');
  });

  it('is down for who selects a database that is not there', async (t) => {
    const { port } = await started(t, '--databases', '4');
    assert.equal(verdict(await found(t, port, { db: 3 })), 'up');
    const sample = await found(t, port, { db: 4 });
    assert.equal(verdict(sample), 'error');
    assert.match(String(sample.message), /^SELECT was answered: ERR DB index is out of range/);
  });

  it('is loading while it loads', async (t) => {
    const server = await started(t);
    await server.say('eval', "for i = 1, 20000 do redis.call('set', i, i) end", '0');
    await server.say('save');
    // 1 ms for each key: longer than the test takes.
    await server.restart(
      ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'],
      'Loading RDB',
    );
    const sample = await found(t, server.port);
    assert.equal(verdict(sample), 'loading');
    assert.match(String(sample.message), /LOADING/);
    const kept = await watching(t, server.port, {}, true);
    assert.equal(verdict(await kept.probe()), 'loading');
    assert.deepEqual(kept.lost, []);
  });

  it('has its role', async (t) => {
    const master = await started(t);
    const replica = await started(t, '--replicaof', `127.0.0.1 ${String(master.port)}`);
    assert.equal(verdict(await found(t, master.port, { role: 'master' })), 'up');
    assert.equal(verdict(await found(t, replica.port, { role: 'replica' })), 'up');
    const sample = await found(t, replica.port, { role: 'master' });
    assert.equal(verdict(sample), 'role');
    assert.equal(sample.message, 'its role is "replica", not "master"');
    const kept = await watching(t, master.port, { role: 'master' }, true);
    assert.equal(verdict(await kept.probe()), 'up');
    await master.say('replicaof', '127.0.0.1', String(replica.port));
    assert.equal(verdict(await kept.probe()), 'role');
  });

  it('refuses a replica’s PING where it must not serve stale data', async (t) => {
    const { port } = await started(
      t,
      '--replicaof',
      `127.0.0.1 ${String(await freePort())}`,
      '--replica-serve-stale-data',
      'no',
    );
    const sample = await found(t, port);
    assert.equal(verdict(sample), 'error');
    assert.match(String(sample.message), /MASTERDOWN/);
  });

  it('is silent while its clients are paused, and while it is stopped', async (t) => {
    const server = await started(t);
    const [fresh, kept] = [await watching(t, server.port), await watching(t, server.port, {}, true)];
    assert.deepEqual([verdict(await fresh.probe()), verdict(await kept.probe())], ['up', 'up']);
    await server.say('client', 'pause', '60000', 'all');
    assert.equal(verdict(await fresh.probe(150)), 'timeout-reply');
    await server.restart();
    assert.equal(verdict(await kept.probe()), 'up');
    server.signal('SIGSTOP');
    const samples = await Promise.all([fresh.probe(150), kept.probe(150)]);
    assert.deepEqual(samples.map(verdict), ['timeout-reply', 'timeout-reply']);
    server.signal('SIGCONT');
    assert.deepEqual([verdict(await fresh.probe()), verdict(await kept.probe())], ['up', 'up']);
  });

  it('refuses more clients than it may have', async (t) => {
    const { port } = await started(t, '--maxclients', '1');
    const kept = await watching(t, port, {}, true);
    assert.equal(verdict(await kept.probe()), 'up');
    const sample = await found(t, port);
    assert.equal(verdict(sample), 'error');
    assert.match(String(sample.message), /max number of clients/);
  });

  it('is another one after a restart', async (t) => {
    const server = await started(t);
    for (const kept of [false, true]) {
      const probing = await watching(t, server.port, {}, kept);
      const [first] = await Promise.all([once(probing, 'identity'), probing.probe()]);
      assert.match(String(first), /^[0-9a-f]{40}$/);
      await server.restart();
      // Who answers is asked once a second at most.
      await probing.probe();
      if (kept) await server.say('client', 'kill', 'type', 'normal');
      const later = { now: () => performance.now() + 1000, stalledMs: () => 0, lastFreeAt: () => performance.now() };
      const [second] = await Promise.all([once(probing, 'identity'), probing.probe(AMPLE_MS, later)]);
      assert.equal(probing.identities.length, 2);
      assert.notDeepEqual(second, first);
    }
  });

  it('speaks TLS', async (t) => {
    const { cert, key } = await certificate('IP:127.0.0.1');
    const server = await started(t);
    const [certFile, keyFile] = [join(server.folder, 'cert.pem'), join(server.folder, 'key.pem')];
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
    const port = await freePort();
    const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', certFile];
    await server.restart(['--tls-port', String(port), '--tls-auth-clients', 'no', ...files]);
    const secure = (ca: string | null): Partial<RedisSpec> => ({ endpoint: endpoint(port, { tls: tlsOf({ ca }) }) });
    assert.equal(verdict(await found(t, port, secure(cert))), 'up');
    assert.equal(verdict(await found(t, port, secure(null))), 'tls');
    const plain = { endpoint: endpoint(server.port, { tls: tlsOf({}) }) };
    assert.equal(verdict(await found(t, server.port, plain, 300)), 'tls');
  });
});

describe('a server that is no Redis', () => {
  const inspect = async (t: TestContext, behave: Behaviour, over: Partial<RedisSpec> = {}): Promise<Sample> => {
    const before = held();
    const server = await serve(behave);
    const sample = await found(t, server.port, over);
    await server.idle();
    await server.close();
    await released(before);
    return sample;
  };

  const REPLIES: readonly [name: string, said: string, reason: string, over?: Partial<RedisSpec>][] = [
    ['another answer', '+HELLO\r\n', 'protocol'],
    ['no answer to PING', '$-1\r\n', 'protocol'],
    ['a number', ':1\r\n', 'protocol'],
    ['an array', '*2\r\n+PONG\r\n*1\r\n$4\r\nPONG\r\n', 'protocol'],
    ['an empty error', '-\r\n', 'error'],
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'protocol'],
    ['a push message', '>1\r\n_\r\n', 'protocol'],
    ['2 GB announced', '$2147483648\r\n', 'protocol'],
    ['an array of 30 million announced', '*30000000\r\n', 'protocol'],
    ['a length that is none', '$12x\r\nPONG\r\n', 'protocol'],
    ['a negative length', '$-2\r\n', 'protocol'],
    ['arrays in arrays without end', '*1\r\n'.repeat(100_000), 'protocol'],
    ['protected mode', '-DENIED Redis is running in protected mode\r\n', 'auth'],
    ['an old wrong password', '-ERR invalid password\r\n-NOAUTH\r\n-NOAUTH\r\n', 'auth', { password: 'x' }],
    ['an old needless password', '-ERR Client sent AUTH, but no password is set\r\n+PONG\r\n', 'up', { password: 'x' }],
    ['another answer to AUTH', '+PONG\r\n+PONG\r\n+PONG\r\n', 'protocol', { password: 'x' }],
    ['no role', '+PONG\r\n*0\r\n', 'protocol', { role: 'master' }],
  ];
  for (const [name, said, reason, over] of REPLIES) {
    it(`says ${name}`, async (t) => {
      assert.equal(verdict(await inspect(t, saying(said), over)), reason);
      // By bytes, it is the same.
      const dripping: Behaviour = (socket) => {
        socket.setNoDelay(true);
        socket.once('data', () => {
          for (const byte of said.slice(0, 60)) socket.write(byte);
          socket.end(said.slice(60));
        });
      };
      assert.equal(verdict(await inspect(t, dripping, over)), reason);
    });
  }

  it('says more than was asked for', async (t) => {
    assert.equal(verdict(await inspect(t, saying('+PONG\r\n$-1\r\n$-1\r\n$-1\r\n'))), 'protocol');
  });

  it('speaks before it is asked', async (t) => {
    const early = (said: string): Behaviour => {
      return (socket) => {
        socket.resume().end(said);
      };
    };
    assert.equal(verdict(await inspect(t, early('+HELLO\r\n'))), 'protocol');
    assert.equal(verdict(await inspect(t, early('$-1\r\n'))), 'protocol');
    assert.equal(verdict(await inspect(t, early('-ERR max number of clients reached\r\n'))), 'error');
    const pair = await certificate('IP:127.0.0.1');
    const server = await serve(early('$-1\r\n'), pair);
    const secure = { endpoint: endpoint(server.port, { tls: tlsOf({ ca: pair.cert }) }) };
    for (let sent = 0; sent < 20; sent++) assert.equal(verdict(await found(t, server.port, secure)), 'protocol');
    await server.close();
  });

  it('repeats the password', async (t) => {
    const said = "-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n";
    const sample = await inspect(t, saying(said), { password: 'hunter2' });
    assert.equal(sample.message, 'AUTH was refused: ERR');
  });

  for (const [name, first, then] of [
    ['a line', '+', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['an error', '-', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['an array', '*1000\r\n', '$5000\r\n'.padEnd(5007, 'x') + '\r\n'],
  ] as const) {
    it(`says ${name} without end, of which no more is read than must`, async (t) => {
      let taken = 0;
      const behave = pouring(first, then, (bytes) => {
        taken = bytes;
      });
      assert.equal(verdict(await inspect(t, behave)), 'protocol');
      assert.ok(taken < 32 * MIB, `${String(taken)} bytes`);
    });
  }

  it('says on a kept connection what was not asked for', async (t) => {
    for (const said of ['$-1\r\n', '+PONG\r\n', '>3\r\n_\r\n']) {
      const server = await serve(saying('+PONG\r\n-NOPERM\r\n-NOPERM\r\n'));
      const probing = await watching(t, server.port, {}, true);
      assert.equal(verdict(await probing.probe()), 'up');
      const loss = probing.nextLoss();
      for (const socket of server.open) socket.write(said);
      assert.equal((await loss).reason, 'protocol');
      await server.close();
    }
  });
});

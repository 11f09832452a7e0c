/** The write of a Redis probe: to a real Redis in all states that take none, and to servers that answer it strangely. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

import type { RedisSpec } from '../../src/probe/spec.ts';
import { AMPLE_MS, Probing, redisSpec, verdict } from '../support/probing.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { RedisServer } from '../support/redis.ts';
import { freePort, serve, type Behaviour } from '../support/servers.ts';
import { waitFor } from '../support/wait-for.ts';

const KEY = 'gapwatch:write';
const WEEK_S = 7 * 24 * 60 * 60;
const CONNECTIONS = ['new', 'kept'] as const;

async function started(t: TestContext, ...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(args);
  t.after(() => server.close());
  return server;
}

async function writing(
  t: TestContext,
  port: number,
  over: Partial<RedisSpec> = {},
  connection: (typeof CONNECTIONS)[number] = 'new',
): Promise<Probing> {
  const probing = await Probing.of(redisSpec(port, { write: KEY, ...over }), connection);
  t.after(() => {
    probing.close();
  });
  return probing;
}

async function probed(probing: Probing, times: number): Promise<void> {
  for (let sent = 0; sent < times; sent++) assert.equal(verdict(await probing.probe()), 'up');
}

describe('a Redis that is written to', () => {
  for (const connection of CONNECTIONS) {
    it(`counts in a field of the key, which expires (${connection})`, async (t) => {
      const server = await started(t);
      const probing = await writing(t, server.port, {}, connection);
      await probed(probing, 5);
      const [field, value, ...more] = (await server.say('hgetall', KEY)).split('\n');
      assert.match(String(field), /^gapwatch-\d{1,4}$/);
      assert.deepEqual([value, more], ['5', []]);
      const ttl = Number(await server.say('ttl', KEY));
      assert.ok(ttl > WEEK_S - 60 && ttl <= WEEK_S, String(ttl));
      assert.deepEqual(probing.lostCounts, []);
    });

    it(`loses what it had acknowledged where that is removed (${connection})`, async (t) => {
      const server = await started(t);
      const probing = await writing(t, server.port, {}, connection);
      await probed(probing, 7);
      await server.say('flushall');
      await probed(probing, 3);
      assert.deepEqual(probing.lostCounts, [7]);
      await server.say('del', KEY);
      await probed(probing, 2);
      await server.say('hincrby', KEY, await server.say('hkeys', KEY), '-1');
      await probed(probing, 1);
      // Ended as by a crash, with nothing on disk.
      await server.restart();
      await probed(probing, 4);
      assert.deepEqual(probing.lostCounts, [7, 3, 1, 2]);
    });

    it(`is down while its writes are paused, though PING is answered (${connection})`, async (t) => {
      const server = await started(t);
      const [probing, pinging] = [
        await writing(t, server.port, {}, connection),
        await writing(t, server.port, { write: null }, connection),
      ];
      await Promise.all([probed(probing, 2), probed(pinging, 2)]);
      await server.say('client', 'pause', '60000', 'write');
      const sample = await probing.probe(200);
      assert.equal(verdict(sample), 'timeout-reply');
      assert.match(String(sample.message), /^PING was answered, the write was not within 200 ms/);
      await probed(pinging, 2);
      await server.say('client', 'unpause');
      await probed(probing, 2);
      assert.deepEqual(probing.lostCounts, []);
    });
  }

  it('keeps what survives of a crash', async (t) => {
    const saved = await started(t);
    const probing = await writing(t, saved.port);
    await probed(probing, 6);
    await saved.say('save');
    await probed(probing, 5);
    await saved.restart();
    await probed(probing, 2);
    assert.deepEqual(probing.lostCounts, [5]);
    const logged = await started(t, '--appendonly', 'yes', '--appendfsync', 'always');
    const other = await writing(t, logged.port);
    await probed(other, 6);
    await logged.restart(['--appendonly', 'yes']);
    await probed(other, 2);
    assert.deepEqual(other.lostCounts, []);
  });

  it('keeps what survives of a replication that was behind', async (t) => {
    // Redis waits for more replicas before it sends its data.
    const master = await started(t, '--repl-diskless-sync-delay', '0');
    const replica = await started(
      t,
      ...['--replicaof', `127.0.0.1 ${String(master.port)}`, '--repl-diskless-sync-delay', '0'],
    );
    await waitFor(async () => (await replica.say('info', 'replication')).includes('master_link_status:up'));
    const probing = await writing(t, master.port);
    await probed(probing, 5);
    await waitFor(async () => (await replica.say('hvals', KEY)) === '5');
    await replica.say('replicaof', 'no', 'one');
    await probed(probing, 4);
    await master.say('replicaof', '127.0.0.1', String(replica.port));
    await waitFor(async () => (await master.say('info', 'replication')).includes('master_link_status:up'));
    await master.say('replicaof', 'no', 'one');
    await probed(probing, 1);
    assert.deepEqual(probing.lostCounts, [4]);
  });

  it('is shared by monitors that do not disturb each other', async (t) => {
    const server = await started(t);
    const several = await Promise.all([1, 2, 3].map(() => writing(t, server.port)));
    for (let round = 0; round < 5; round++) await Promise.all(several.map((one) => probed(one, 1)));
    assert.deepEqual((await server.say('hvals', KEY)).split('\n'), ['5', '5', '5']);
    await server.say('flushall');
    await Promise.all(several.map((one) => probed(one, 1)));
    for (const one of several) assert.deepEqual(one.lostCounts, [5]);
  });

  it('takes the writes of an ACL user who may do no more than the docs say', async (t) => {
    const [, line = ''] = /^ACL SETUSER (.+)$/m.exec(readFileSync('docs/configuration.md', 'utf8')) ?? [];
    const [username = '', ...rules] = line.split(' ');
    const server = await started(t);
    const [password = ''] = rules.filter((rule) => rule.startsWith('>'));
    assert.equal(await server.say('acl', 'setuser', username, ...rules), 'OK');
    const login = { username, password: password.slice(1) };
    const probing = await writing(t, server.port, { ...login, role: 'master' });
    await probed(probing, 3);
    assert.equal(probing.identities.length, 1);
    const other = await (await writing(t, server.port, { ...login, write: 'other' })).probe();
    assert.equal(verdict(other), 'auth');
    assert.match(String(other.message), /^TTL was answered: NOPERM /);
  });
});

describe('a Redis that takes no writes', async () => {
  interface Case {
    readonly name: string;
    readonly args?: readonly string[];
    readonly prepare?: (server: RedisServer) => Promise<unknown>;
    readonly over?: Partial<RedisSpec>;
    readonly found: string;
    readonly message: RegExp;
    /** Without a write. */
    readonly else?: string;
  }

  const deny =
    (...rules: string[]) =>
    (server: RedisServer) =>
      server.say('acl', 'setuser', 'me', 'on', '>pw', `~${KEY}`, '+@all', ...rules);
  const me = { username: 'me', password: 'pw' };

  const CASES: readonly Case[] = [
    {
      name: 'a replica',
      prepare: (server) => server.say('replicaof', '127.0.0.1', '1'),
      found: 'readonly',
      message: /^HINCRBY was answered: READONLY You can't write against a read only replica/,
    },
    {
      name: 'a replica where a master is required: what is wrong first',
      prepare: (server) => server.say('replicaof', '127.0.0.1', '1'),
      over: { role: 'master' },
      found: 'role',
      message: /^its role is "replica", not "master"/,
      else: 'role',
    },
    {
      name: 'one that can not save',
      args: ['--enable-protected-configs', 'yes'],
      prepare: async (server) => {
        await mkdir(join(server.folder, 'gone'));
        await server.say('config', 'set', 'dir', join(server.folder, 'gone'));
        await server.say('config', 'set', 'save', '3600 1000000');
        await rm(join(server.folder, 'gone'), { recursive: true });
        await server.say('bgsave').catch(() => '');
        await waitFor(async () => (await server.say('info', 'persistence')).includes('rdb_last_bgsave_status:err'));
      },
      found: 'readonly',
      message: /^PING was answered: MISCONF Redis is configured to save RDB snapshots, but/,
      else: 'readonly',
    },
    {
      name: 'one without memory',
      prepare: (server) => server.say('config', 'set', 'maxmemory', '1'),
      found: 'readonly',
      message: /^HINCRBY was answered: OOM command not allowed/,
    },
    {
      name: 'one with too few replicas',
      prepare: (server) => server.say('config', 'set', 'min-replicas-to-write', '1'),
      found: 'readonly',
      message: /^HINCRBY was answered: NOREPLICAS /,
    },
    ...(['ttl', 'hincrby', 'hget'] as const).map((command) => ({
      name: `one that does not permit ${command}`,
      prepare: deny(`-${command}`),
      over: me,
      found: 'auth',
      message: new RegExp(`^${command.toUpperCase()} was answered: NOPERM `),
    })),
    {
      // With a key that is there: one that was made without an end would be another program's from then on.
      name: 'one that does not permit expire',
      prepare: async (server) => {
        await server.say('hset', KEY, 'gapwatch-x', '1');
        await server.say('expire', KEY, '1000');
        return deny('-expire')(server);
      },
      over: me,
      found: 'auth',
      message: /^EXPIRE was answered: NOPERM /,
    },
    {
      name: 'one that asks for a password',
      args: ['--requirepass', 'x'],
      found: 'auth',
      message: /^PING was answered: NOAUTH /,
      else: 'auth',
    },
    {
      name: 'one that runs a script',
      args: ['--busy-reply-threshold', '50'],
      prepare: async (server) => {
        void server.say('eval', 'while true do end', '0').catch(() => '');
        await waitFor(async () => (await server.say('ping')).includes('BUSY'));
      },
      found: 'error',
      message: /^PING was answered: BUSY Redis is busy running a script/,
      else: 'error',
    },
    {
      name: 'a node of a cluster that is down',
      args: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())],
      found: 'error',
      message: /^TTL was answered: CLUSTERDOWN /,
    },
    {
      name: 'a replica that may not serve stale data',
      args: ['--replica-serve-stale-data', 'no', '--replicaof', '127.0.0.1 1'],
      found: 'error',
      message: /^PING was answered: MASTERDOWN /,
      else: 'error',
    },
    {
      name: 'one whose key is of another type',
      prepare: (server) => server.say('set', KEY, 'x', 'ex', '1000'),
      found: 'error',
      message: /^HINCRBY was answered: WRONGTYPE /,
    },
    {
      name: 'one whose key is another program’s',
      prepare: (server) => server.say('hset', KEY, 'name', 'value'),
      found: 'error',
      message: /^the key "gapwatch:write" does not expire, so it is another program's: "write" takes a key of/,
    },
  ];

  for (const { name, args = [], prepare, over, found, message, else: without = 'up' } of CASES) {
    it(`is ${found}: ${name}`, async (t) => {
      const server = await started(t, ...args);
      await prepare?.(server);
      for (const connection of CONNECTIONS) {
        const probing = await writing(t, server.port, over, connection);
        for (let sent = 0; sent < 2; sent++) {
          const sample = await probing.probe();
          assert.equal(verdict(sample), found, String(sample.message));
          assert.match(String(sample.message), message);
        }
        const pinging = await writing(t, server.port, { ...over, write: null }, connection);
        assert.equal(verdict(await pinging.probe()), without);
      }
    });
  }

  it('leaves another program’s key as it is', async (t) => {
    const server = await started(t);
    await server.say('hset', KEY, 'name', 'value');
    const probing = await writing(t, server.port);
    for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'error');
    assert.equal(await server.say('hgetall', KEY), 'name\nvalue');
    assert.equal(await server.say('ttl', KEY), '-1');
    await server.say('del', KEY);
    await probed(probing, 1);
  });

  it('is an error at a node of a cluster that does not hold the key', async (t) => {
    const cluster = await RedisCluster.start();
    t.after(() => cluster.close());
    const holder = await cluster.holder(KEY);
    for (const node of cluster.nodes) {
      const sample = await (await writing(t, node.port)).probe();
      assert.equal(verdict(sample), node === holder ? 'up' : 'error');
      if (node !== holder) assert.match(String(sample.message), /^TTL was answered: MOVED \d+ 127\.0\.0\.1:\d+$/);
    }
  });
});

describe('a server that answers a write strangely', () => {
  const USUAL: Readonly<Record<string, string>> = {
    ...{ PING: '+PONG', TTL: ':-2', HINCRBY: ':1', EXPIRE: ':1', HGET: '$1\r\n1', INFO: '-NOPERM', ROLE: '-NOPERM' },
  };
  /** Answers each command by its name; by nothing where that is empty. */
  const answering = (replies: Readonly<Record<string, string>>): Behaviour => {
    return (socket) => {
      socket.on('data', (chunk) => {
        for (const [, word = ''] of chunk.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
          const reply = replies[word.toUpperCase()] ?? USUAL[word.toUpperCase()] ?? '-ERR unknown command';
          if (reply !== '') socket.write(`${reply}\r\n`);
        }
      });
      socket.on('error', () => undefined);
    };
  };

  const REPLIES: readonly [name: string, replies: Readonly<Record<string, string>>, found: string, message: RegExp][] =
    [
      ['what is due', {}, 'up', /^null$/],
      ['text instead of a time to live', { TTL: '+OK' }, 'protocol', /^TTL was answered by "OK", not by a number$/],
      [
        'nothing instead of a number',
        { HINCRBY: '$-1' },
        'protocol',
        /^HINCRBY was answered by nothing, not by a number$/,
      ],
      ['a number that is text', { HINCRBY: '$1\r\n1' }, 'protocol', /^HINCRBY was answered by "1", not by a number$/],
      ['an older value', { HINCRBY: ':6', HGET: '$1\r\n5' }, 'error', /^write 6 was acknowledged, and "5" read back$/],
      ['a newer value', { HINCRBY: ':6', HGET: '$2\r\n12' }, 'up', /^null$/],
      ['no value', { HGET: '$-1' }, 'error', /^write 1 was acknowledged, and nothing read back$/],
      ['a value that is no number', { HGET: '$1\r\nx' }, 'error', /and "x" read back$/],
      ['a list of values', { HGET: '*1\r\n:1' }, 'error', /and another kind of reply read back$/],
      [
        'that it moved',
        { HINCRBY: '-MOVED 1 10.0.0.1:6379' },
        'error',
        /^HINCRBY was answered: MOVED 1 10\.0\.0\.1:6379$/,
      ],
      ['that it loads', { HINCRBY: '-LOADING Redis is loading' }, 'loading', /LOADING/],
      ['that it has no such script', { EXPIRE: '-NOSCRIPT' }, 'error', /^EXPIRE was answered: NOSCRIPT$/],
      ['that it knows no hashes', { HINCRBY: '-ERR unknown command' }, 'error', /^HINCRBY was answered: ERR unknown/],
      ['an error and nothing more', { HINCRBY: '-\r\n-', EXPIRE: '' }, 'error', /^HINCRBY was answered: $/],
    ];
  for (const [name, replies, found, message] of REPLIES) {
    it(`by ${name}`, async (t) => {
      for (const connection of CONNECTIONS) {
        const server = await serve(answering(replies));
        const probing = await writing(t, server.port, {}, connection);
        const sample = await probing.probe(AMPLE_MS);
        assert.equal(verdict(sample), found, String(sample.message));
        assert.match(String(sample.message), message);
        assert.deepEqual(probing.lostCounts, []);
        probing.close();
        await server.idle();
        await server.close();
      }
    });
  }

  it('by a failure before all is said: a kept connection on which answers are due is not used again', async (t) => {
    const replies: Record<string, string> = { ROLE: '*1\r\n$6\r\nmaster' };
    const server = await serve((socket) => {
      answering(replies)(socket);
    });
    t.after(() => server.close());
    const probing = await writing(t, server.port, { role: 'master' }, 'kept');
    await probed(probing, 2);
    Object.assign(replies, { ROLE: '*1\r\n$5\r\nslave', HINCRBY: '', EXPIRE: '', HGET: '' });
    assert.equal(verdict(await probing.probe()), 'role');
    Object.assign(replies, { ROLE: '*1\r\n$6\r\nmaster', HINCRBY: ':9', EXPIRE: ':1', HGET: '$1\r\n9' });
    await probed(probing, 1);
    probing.close();
  });
});

/**
 * A failover under 100 writes a second: master, replica and sentinel are real, the replication is held back, and the master is killed.
 * What is counted as lost is held against the samples and against what the new master has.
 */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';

import type { Connection } from '../../src/core/model.ts';
import { endpoint, redisSpec } from '../support/probing.ts';
import { RedisSentinel, RedisServer } from '../support/redis.ts';
import { watched } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { withEngine } from './watch.ts';

const KEY = 'gapwatch:write';
/** Redis waits for more replicas before it sends its data. */
const AT_ONCE = ['--repl-diskless-sync-delay', '0'];
const WRITES = { intervalMs: 10, timeoutMs: 500 };

/** A way to a port that can be held up: what is sent waits, and is gone where either end is. */
async function holdableWay(t: TestContext, to: number): Promise<{ port: number; holdUp(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const on = connect(to, '127.0.0.1');
    sockets.push(socket, on);
    for (const [from, into] of [
      [socket, on],
      [on, socket],
    ] as const) {
      from.pipe(into);
      from.on('error', () => into.destroy());
      from.on('close', () => into.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const holdUp = (): void => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  return { port: (server.address() as AddressInfo).port, holdUp };
}

/**
 * What is written to the master comes to the replica. That its link is up does not say so: it is sent nothing before the master has
 * taken notice of its first data having arrived, which may take a second more.
 */
async function replicated(master: RedisServer, replica: RedisServer): Promise<void> {
  await master.say('set', 'written', 'before');
  await waitFor(async () => (await replica.say('get', 'written')) === 'before');
}

describe('a Redis failover under 100 writes a second', () => {
  for (const connection of ['new', 'kept'] as const satisfies readonly Connection[]) {
    it(`loses as many acknowledged writes as the ledger says, in one gap (${connection})`, async (t) => {
      const master = await RedisServer.start(AT_ONCE);
      t.after(() => master.close());
      const way = await holdableWay(t, master.port);
      const replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${String(way.port)}`]);
      t.after(() => replica.close());
      await replicated(master, replica);
      // A sentinel would lead the replica around the way after some seconds: it is not watched for so long.
      const sentinel = await RedisSentinel.start(master);
      t.after(() => sentinel.close());
      await waitFor(async () => (await sentinel.say('sentinel', 'replicas', 'shop')).includes(String(replica.port)));
      const sentinels = { nodes: [{ host: '127.0.0.1', port: sentinel.port }], master: 'shop' };
      const spec = redisSpec(0, { endpoint: endpoint(sentinel.port), role: 'master', sentinels, write: KEY });
      await withEngine([watched('cache', spec, { ...WRITES, connection })], async (recording) => {
        const ups = (): number => recording.of('sample').filter(({ result }) => result === 'up').length;
        await recording.waitFor(() => ups() >= 50, '50 good probes');
        way.holdUp();
        const before = ups();
        await recording.waitFor(() => ups() >= before + 40, '40 more');
        await master.kill();
        const survived = Number(await replica.say('hvals', KEY));
        await recording.waitFor(() => recording.of('gap').length > 0, 'the end of the gap');
        const [gap] = recording.of('gap');
        const acknowledged = recording
          .of('sample')
          .filter(({ result, at }) => result === 'up' && at < gap!.from + gap!.durationMs / 2).length;
        await recording.waitFor(() => recording.of('lost-writes').length > 0, 'lost writes');
        const after = ups();
        await recording.waitFor(() => ups() >= after + 50, '50 good probes after it');

        const lost = recording.of('lost-writes');
        assert.ok(survived >= 20 && survived < acknowledged, `${String(survived)} of ${String(acknowledged)}`);
        assert.deepEqual(
          lost.map(({ count }) => count),
          [acknowledged - survived],
        );
        assert.equal(recording.of('gap').length, 1);
        assert.deepEqual(recording.story('cache').at(-1), 'up');
        assert.ok(Math.abs(lost[0]!.at - gap!.to) < 200, 'found at the end of the gap');
        const addresses = recording.of('identity').filter(({ what }) => what === 'master');
        assert.deepEqual(
          addresses.map(({ was, is }) => [was, is]),
          [[`127.0.0.1:${String(master.port)}`, `127.0.0.1:${String(replica.port)}`]],
        );
        assert.equal(recording.of('identity').filter(({ what }) => what === undefined).length, 1);
      });
    });
  }

  it('loses none in a failover that is planned', async (t) => {
    const master = await RedisServer.start(AT_ONCE);
    t.after(() => master.close());
    const replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${String(master.port)}`]);
    t.after(() => replica.close());
    await replicated(master, replica);
    const sentinel = await RedisSentinel.start(master);
    t.after(() => sentinel.close());
    await waitFor(async () => (await sentinel.say('sentinel', 'replicas', 'shop')).includes(String(replica.port)));
    const sentinels = { nodes: [{ host: '127.0.0.1', port: sentinel.port }], master: 'shop' };
    const spec = redisSpec(0, { endpoint: endpoint(sentinel.port), role: 'master', sentinels, write: KEY });
    await withEngine([watched('cache', spec, WRITES)], async (recording) => {
      await recording.waitFor(() => recording.of('sample').length >= 100, '100 probes');
      // Redis itself waits for the replica, while writes are paused, and changes the roles.
      await master.say('failover');
      await waitFor(async () => (await replica.say('role')).startsWith('master'));
      await recording.waitFor(
        () => recording.of('sample').some(({ reason }) => reason === 'role' || reason === 'readonly'),
        'a demotion that is seen',
      );
      assert.deepEqual(recording.of('lost-writes'), []);
    });
  });
});

describe('a Redis whose writes are paused for 3 s, as failovers do it', () => {
  it('is down with a write, and up without', async (t) => {
    const server = await RedisServer.start();
    t.after(() => server.close());
    const services = [
      watched('writing', redisSpec(server.port, { write: KEY }), { intervalMs: 50, timeoutMs: 1000 }),
      watched('writing (kept)', redisSpec(server.port, { write: KEY }), {
        ...{ intervalMs: 50, timeoutMs: 1000, connection: 'kept' },
      }),
      watched('asking', redisSpec(server.port), { intervalMs: 50, timeoutMs: 1000 }),
    ];
    await withEngine(services, async (recording) => {
      await recording.waitFor(() => recording.of('sample').length >= 60, '60 probes');
      await server.say('client', 'pause', '3000', 'write');
      for (const name of ['writing', 'writing (kept)']) {
        const gap = await recording.nth(1, 'gap', name);
        // What was sent in the last second of the pause is answered, late.
        assert.ok(gap.durationMs > 1500 && gap.durationMs < 3300, `${name}: ${String(gap.durationMs)}`);
        assert.ok(gap.silenceMs! > 2800 && gap.silenceMs! < 3500, `${name}: ${String(gap.silenceMs)}`);
        assert.deepEqual(
          gap.reasons.map(({ reason }) => reason),
          ['timeout-reply'],
        );
      }
      const [failed] = recording.of('sample').filter(({ result }) => result === 'down');
      assert.match(String(failed?.message), /^PING was answered, the write was not within 1000 ms/);
      assert.deepEqual(recording.story('asking'), ['up']);
      assert.deepEqual(recording.of('lost-writes'), []);
    });
  });
});

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import type { Watched } from '../../src/probe/spec.ts';
import { endChild, startChild } from '../support/children.ts';
import { redisSpec, tcpSpec } from '../support/probing.ts';
import type { Recording } from '../support/recording.ts';
import { closing, freePort } from '../support/servers.ts';
import { TestService, endServices, watched } from '../support/test-service.ts';
import { block, withEngine } from './watch.ts';

const KEPT = { connection: 'kept', intervalMs: 60_000 } as const;

/**
 * Watches a service of its own that is up while a test runs, in which its connection breaks; again where that was not said: this thread
 * was busy since the last question, and so the peer may have lost patience. And again where it was busy at the first question.
 */
async function untilSaid(
  over: Partial<Watched['service']>,
  test: (backend: TestService, recording: Recording) => Promise<void>,
): Promise<void> {
  const said: unknown[] = [];
  while (said.length === 0) {
    const backend = await TestService.start();
    await withEngine([backend.watched('api', over)], async (recording) => {
      if ((await recording.nth(1, 'transition')).to !== 'up') return;
      await test(backend, recording);
      said.push(...recording.of('connection-lost'));
    });
  }
}

describe('what is kept between probes', { concurrency: true }, () => {
  after(endServices);

  it('reports at once that a connection broke, and no gap where a new one opens', async () => {
    await untilSaid(KEPT, async (backend, recording) => {
      const redialled = backend.nextConnection();
      backend.cut();
      // The next slot is a minute away.
      await redialled;
      await recording.nth(2, 'sample');
      assert.deepEqual(recording.story('api'), ['up']);
      assert.equal(backend.accepted, 2);
      for (const { service, reason } of recording.of('connection-lost'))
        assert.deepEqual([service, reason], ['api', 'reset']);
    });
  });

  it('reports an outage from the break on where no new one opens', async () => {
    await untilSaid(KEPT, async (backend, recording) => {
      backend.down();
      await recording.waitFor(() => recording.story('api').length > 1);
      const down = recording.of('transition').find(({ to }) => to === 'down');
      assert.deepEqual(recording.story('api'), ['up', 'down refused']);
      assert.ok(down !== undefined);
      for (const { at } of recording.of('connection-lost')) assert.ok(at <= down.at && down.at - at < 10_000);
    });
  });

  it('is one connection again when the service is back', async () => {
    await untilSaid({ ...KEPT, intervalMs: 20 }, async (backend, recording) => {
      backend.down();
      await recording.waitFor(() => recording.story('api').length > 1);
      await backend.up();
      await recording.nth(1, 'gap');
      // Of the probes that were on their way each opens a connection; the first is kept.
      const settled = recording.of('sample').length + 10;
      await recording.waitFor(() => recording.of('sample').length > settled);
      const { accepted } = backend;
      const seen = recording.of('sample').length;
      await recording.waitFor(() => recording.of('sample').length > seen + 10);
      assert.deepEqual(recording.outline('api'), ['up', 'down', 'up']);
      assert.ok(recording.of('connection-lost').length <= 1);
      assert.equal(backend.accepted, accepted, 'one connection carries all probes');
    });
  });

  it('makes no circle with a peer that accepts and closes', async () => {
    let turn = 0;
    const backend = await TestService.start((socket) => {
      // The first one stays for a moment, as each one after it would for a proxy with a dead end.
      if (turn++ % 2 === 0) setTimeout(() => socket.end(), 60).unref();
      else closing(socket);
      socket.resume();
    });
    await withEngine([backend.watched('api', { ...KEPT, intervalMs: 50 })], async (recording) => {
      await recording.nth(30, 'sample');
      const samples = recording.of('sample').map(({ at }) => at);
      const spanMs = Math.max(...samples) - Math.min(...samples);
      assert.ok(samples.length <= (2 * spanMs) / 50 + 3, `${String(samples.length)} probes in ${String(spanMs)} ms`);
    });
  });

  it('reports that a Redis was replaced, although no probe fails', async () => {
    const port = await freePort();
    const start = () =>
      startChild(
        'redis-server',
        ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
        (line) => line.includes('Ready to accept connections'),
      );
    let redis = await start();
    try {
      await withEngine([watched('cache', redisSpec(port), { intervalMs: 2500 })], async (recording) => {
        await recording.nth(1, 'sample');
        await endChild(redis);
        redis = await start();
        const { was, is, at, notBefore = NaN } = await recording.nth(1, 'identity', 'cache');
        const named = (): { from: number; to: number }[] =>
          recording.of('sample', 'cache').flatMap(({ identified }) => identified ?? []);
        await recording.waitFor(() => named().some(({ to }) => to > notBefore));
        const [first] = named();
        assert.ok(first !== undefined && first.from <= notBefore && notBefore < at);
        assert.ok(named().every(({ from }) => from === first.from));
        assert.match(was, /^[0-9a-f]{40}$/);
        assert.match(is, /^[0-9a-f]{40}$/);
        assert.notEqual(was, is);
        assert.deepEqual(recording.story('cache'), ['up']);
        assert.equal(recording.of('gap').length, 0);
      });
    } finally {
      await endChild(redis);
    }
  });
});

describe('a kept connection', () => {
  after(endServices);

  it('is not said to break where its peer may have lost patience while this thread did not run, its last answer unread', async () => {
    let answers = 0;
    const backend = await TestService.start((socket) => {
      socket.on('data', () => {
        socket.write('pong');
        answers += 1;
        if (answers !== 4) return;
        // Both wait in the socket for as long.
        socket.end();
        block(300);
      });
    });
    const probe = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([backend.watched('api', { connection: 'kept' }, probe)], async (recording) => {
      await recording.waitFor(() => backend.accepted > 1 && answers > 8);
      assert.deepEqual(recording.of('connection-lost'), []);
      assert.deepEqual(recording.story('api'), ['up']);
    });
  });
});

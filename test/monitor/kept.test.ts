import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { endChild, startChild } from '../support/children.ts';
import { redisSpec } from '../support/probing.ts';
import { closing, freePort } from '../support/servers.ts';
import { TestService, endServices, watched } from '../support/test-service.ts';
import { withEngine } from './watch.ts';

const KEPT = { connection: 'kept', intervalMs: 60_000 } as const;

describe('what is kept between probes', { concurrency: true }, () => {
  after(endServices);

  it('reports at once that a connection broke, and no gap where a new one opens', async () => {
    const backend = await TestService.start();
    await withEngine([backend.watched('api', KEPT)], async (recording) => {
      await recording.nth(1, 'transition');
      const redialled = backend.nextConnection();
      backend.cut();
      const lost = await recording.nth(1, 'connection-lost');
      // The next slot is a minute away.
      await redialled;
      await recording.nth(2, 'sample');
      assert.deepEqual([lost.service, lost.reason], ['api', 'reset']);
      assert.deepEqual(recording.story('api'), ['up']);
      assert.equal(backend.accepted, 2);
    });
  });

  it('reports an outage from the break on where no new one opens', async () => {
    const backend = await TestService.start();
    await withEngine([backend.watched('api', KEPT)], async (recording) => {
      await recording.nth(1, 'transition');
      backend.down();
      await recording.waitFor(() => recording.story('api').length > 1);
      const down = recording.of('transition').find(({ to }) => to === 'down');
      const [lost] = recording.of('connection-lost');
      assert.deepEqual(recording.story('api'), ['up', 'down refused']);
      assert.ok(lost !== undefined && down !== undefined);
      assert.ok(lost.at <= down.at && down.at - lost.at < 10_000);
    });
  });

  it('is one connection again when the service is back', async () => {
    const backend = await TestService.start();
    await withEngine([backend.watched('api', { ...KEPT, intervalMs: 20 })], async (recording) => {
      await recording.nth(1, 'transition');
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
      assert.deepEqual(
        recording.story('api').map((state) => state.split(' ')[0]),
        ['up', 'down', 'up'],
      );
      assert.equal(recording.of('connection-lost').length, 1);
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
        const { was, is } = await recording.nth(1, 'identity', 'cache');
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

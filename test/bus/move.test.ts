/** Hubs that die under their viewers, and the same over a Redis Cluster. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { RedisServer } from '../support/redis.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { publish, serveHub, so, Told } from './scene.ts';
import { Viewer, Wanderer } from './viewer.ts';

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];

describe('a hub that dies under its viewers', () => {
  it('costs none of them an event: they go on at another', async () => {
    const redis = await RedisServer.start();
    const url = `redis://127.0.0.1:${String(redis.port)}`;
    const monitor = new Told('here');
    const publisher = publish(monitor, url);
    await so(() => publisher.role === 'leading');
    const hubs = [await serveHub(url), await serveHub(url)] as const;
    const viewers = Array.from(
      { length: 20 },
      (_, index) =>
        new Wanderer(
          hubs.map(({ ws }) => ws),
          index,
        ),
    );
    await so(() => viewers.every(({ greeted }) => greeted));
    const load = setInterval(() => {
      monitor.mark('x');
    }, 1);
    await so(() => monitor.events.newest > 200);
    // Not politely: what was on its way is lost with it.
    await hubs[0].end();
    await so(() => monitor.events.newest > 600);
    clearInterval(load);
    const { newest } = monitor.events;
    await so(() => viewers.every(({ seqs }) => seqs.at(-1) === newest));
    for (const viewer of viewers) assert.deepEqual([viewer.faults, viewer.fresh], [0, 0]);
    await Promise.all(viewers.map((viewer) => viewer.close()));
    await publisher.stop();
    await hubs[1].end();
    await redis.close();
  });
});

describe('a Redis Cluster of three masters', () => {
  it('carries the stream; a master that is killed loses no event, and tells none twice', async () => {
    const cluster = await RedisCluster.start(AOF);
    const monitors = [new Told('a'), new Told('b')];
    const publishers = monitors.map((monitor) => publish(monitor, cluster.url));
    await so(() => publishers.every(({ role }) => role === 'leading'));
    const at = await serveHub(cluster.url);
    const viewer = new Viewer(at.http);
    await so(() => viewer.client.connected);
    const load = setInterval(() => {
      for (const monitor of monitors) monitor.mark(`${monitor.identity.vantage} ${String(monitor.events.newest + 1)}`);
    }, 2);
    for (let round = 0; round < 2; round++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await cluster.restart(await cluster.holder('gapwatch'));
      await cluster.settled();
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    clearInterval(load);
    const all = monitors.reduce((sum, { events }) => sum + events.newest, 0);
    await so(() => viewer.texts.length >= all);
    for (const { identity, events } of monitors) {
      assert.deepEqual(
        viewer.texts.filter((text) => text.startsWith(`${identity.vantage} `)),
        Array.from({ length: events.newest }, (_, index) => `${identity.vantage} ${String(index + 1)}`),
      );
    }
    viewer.client.close();
    await Promise.all(publishers.map((publisher) => publisher.stop()));
    await at.end();
    await cluster.close();
  });
});

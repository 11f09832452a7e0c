/** Hubs that die under their viewers, and the same over a Redis Cluster. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { RedisServer } from '../support/redis.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { publish, scripted, serveHub } from './scene.ts';
import { waitFor } from '../support/wait-for.ts';
import { Viewer, Wanderer } from './viewer.ts';

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];

describe('a hub that dies under its viewers', () => {
  it('costs none of them an event: they go on at another', async () => {
    const redis = await RedisServer.start();
    const url = redis.url;
    const monitor = scripted('here');
    const publisher = publish(monitor, url);
    await waitFor(() => publisher.vantage !== null);
    const hubs = [await serveHub(url), await serveHub(url)] as const;
    const viewers = Array.from(
      { length: 20 },
      (_, index) =>
        new Wanderer(
          hubs.map(({ ws }) => ws),
          index,
        ),
    );
    await waitFor(() => viewers.every(({ greeted }) => greeted));
    const load = setInterval(() => {
      monitor.mark('x');
    }, 1);
    await waitFor(() => monitor.count > 200);
    // Not politely: what was on its way is lost with it.
    await hubs[0].end();
    await waitFor(() => monitor.count > 600);
    clearInterval(load);
    await waitFor(() => viewers.every(({ seqs }) => seqs.length >= monitor.count));
    for (const viewer of viewers)
      assert.deepEqual([viewer.seqs.length, viewer.faults, viewer.fresh], [monitor.count, 0, 0]);
    await Promise.all(viewers.map((viewer) => viewer.close()));
    await publisher.stop();
    await hubs[1].end();
    await redis.close();
  });
});

describe('a Redis Cluster of three masters', () => {
  it('carries the stream; a master that is killed loses no event, and gives none twice', async () => {
    const cluster = await RedisCluster.start(AOF);
    const monitors = [scripted('a'), scripted('b')];
    const publishers = monitors.map((monitor) => publish(monitor, cluster.url));
    await waitFor(() => publishers.every(({ vantage }) => vantage !== null));
    const at = await serveHub(cluster.url);
    const viewer = new Viewer(at.http);
    await waitFor(() => viewer.client.connected);
    const load = setInterval(() => {
      for (const monitor of monitors) monitor.mark(`${monitor.identity.vantage} ${String(monitor.count + 1)}`);
    }, 2);
    for (let round = 0; round < 2; round++) {
      await viewer.flowing();
      await cluster.restart(await cluster.holder('gapwatch'));
      await cluster.settled();
    }
    await viewer.flowing();
    clearInterval(load);
    const all = monitors.reduce((sum, { count }) => sum + count, 0);
    await waitFor(() => viewer.texts.length >= all);
    for (const { identity, count } of monitors) {
      assert.deepEqual(
        viewer.texts.filter((text) => text.startsWith(`${identity.vantage} `)),
        Array.from({ length: count }, (_, index) => `${identity.vantage} ${String(index + 1)}`),
      );
    }
    viewer.client.close();
    await Promise.all(publishers.map((publisher) => publisher.stop()));
    await at.end();
    await cluster.close();
  });
});

/** Vantages that fall silent, and two monitors at one vantage. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Listener } from '../server/listener.ts';
import { RedisServer } from '../support/redis.ts';
import { BusLink } from '../../src/bus/bus-connection.ts';
import { Publisher } from '../../src/bus/publisher.ts';
import { pino } from 'pino';
import { publish, serveHub, so, Told, whereOf } from './scene.ts';

let redis: RedisServer;
let url: string;
before(async () => {
  redis = await RedisServer.start();
  url = `redis://127.0.0.1:${String(redis.port)}`;
});
after(async () => {
  await redis.close();
});

/** A publisher that can be cut off, as if its machine had gone. */
function mortal(monitor: Told, stream: string): { publisher: Publisher; die: () => void } {
  const link = new BusLink(whereOf(url), stream);
  const publisher = new Publisher(monitor, link, pino({ enabled: false }));
  return {
    publisher,
    die: () => {
      link.close();
    },
  };
}

describe('a vantage without a sign of life', () => {
  it('is unobserved from its last one on, under one number at every hub; and is healed when it comes back', async () => {
    const stream = 'silent';
    const monitor = new Told('here');
    const { publisher, die } = mortal(monitor, stream);
    await so(() => publisher.role === 'leading');
    const hubs = [await serveHub(url, 0, stream), await serveHub(url, 0, stream)];
    monitor.turn('web', 'up');
    const viewers = await Promise.all(hubs.map(({ ws }) => Listener.open(ws)));
    await so(() => hubs.every(({ hub }) => hub.board.services.get('web')?.state === 'up'));
    die();
    const told = await Promise.all(viewers.map((viewer) => viewer.find(({ to }) => to === 'unobserved')));
    assert.deepEqual(told[0], told[1]);
    assert.equal(told[0]?.['reason'], 'stopped');
    assert.equal(hubs[0]?.hub.events.newest, 2);
    // The same monitor had only lost its Redis.
    const again = publish(monitor, url, stream);
    await so(() => again.role === 'leading');
    monitor.turn('web', 'down');
    await so(() => hubs.every(({ hub }) => hub.board.services.get('web')?.state === 'down'));
    for (const viewer of viewers) await viewer.close();
    await again.stop();
    await publisher.stop();
    for (const hub of hubs) await hub.end();
  });
});

describe('two monitors at one vantage', () => {
  it('are one timeline: no double, and no hole when one dies', async () => {
    const stream = 'pair';
    const [one, two] = [new Told('rack', ['web'], 'one'), new Told('rack', ['web'], 'two')];
    const first = mortal(one, stream);
    await so(() => first.publisher.role === 'leading');
    const second = mortal(two, stream);
    await so(() => second.publisher.role === 'standing by');
    const at = await serveHub(url, 0, stream);
    const viewer = await Listener.open(at.ws);
    const both = (to: 'up' | 'down', time: number): void => {
      one.turn('web', to, time);
      two.turn('web', to, time + 30);
    };
    const begin = Date.now() - 5000;
    both('up', begin);
    both('down', begin + 1000);
    one.gap('web', begin + 1000, begin + 1500);
    both('up', begin + 1500);
    two.gap('web', begin + 1030, begin + 1530);
    await so(() => viewer.seqs.length === 4);
    // It dies in the middle of an outage, which only the other sees end.
    both('down', Date.now());
    await so(() => viewer.seqs.length === 5);
    first.die();
    const end = Date.now();
    two.turn('web', 'up', end + 500);
    two.gap('web', end + 30, end + 500);
    await viewer.find(({ type, from }) => type === 'gap' && from === end + 30);
    assert.equal(second.publisher.role, 'leading');
    const events = viewer.heard.filter(
      ({ seq, type }) => typeof seq === 'number' && type !== 'hello' && type !== 'heartbeat',
    );
    assert.deepEqual(
      events.map(({ type, to, monitor }) => [type, typeof to === 'string' ? to : '', monitor]),
      [
        ['transition', 'up', 'one'],
        ['transition', 'down', 'one'],
        ['gap', '', 'one'],
        ['transition', 'up', 'one'],
        ['transition', 'down', 'one'],
        ['transition', 'up', 'two'],
        ['gap', '', 'two'],
      ],
    );
    assert.equal(at.hub.board.services.get('web')?.state, 'up');
    assert.ok(!at.hub.board.services.get('web')?.timeline.some(({ state }) => state === 'unobserved'));
    // The one that died comes back, and stands by; a clean stop gives it the lead at once.
    const back = publish(one, url, stream);
    await so(() => back.role === 'standing by');
    await second.publisher.stop();
    await so(() => back.role === 'leading');
    await viewer.close();
    await back.stop();
    await first.publisher.stop();
    await at.end();
  });
});

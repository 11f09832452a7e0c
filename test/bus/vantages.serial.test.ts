/** Vantages without a sign of life, and monitors that have the same vantage. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { BusConnection } from '../../src/bus/bus-connection.ts';
import { announceOffline, overview } from '../../src/bus/bus-scripts.ts';
import { toUnobserved } from '../../src/bus/unobserved.ts';
import { MemoryEventLog } from '../../src/core/event-log.ts';
import { Listener } from '../server/listener.ts';
import { RedisServer } from '../support/redis.ts';
import { addressOf, mortal, publish, readableLog, scripted, serveHub } from './scene.ts';
import { waitFor } from '../support/wait-for.ts';
import type { ScriptedMonitor } from '../support/scripted-monitor.ts';

let redis: RedisServer;
let url: string;
before(async () => {
  redis = await RedisServer.start();
  url = redis.url;
});
after(async () => {
  await redis.close();
});

// Most of the time they wait, each with a stream of its own.
describe('vantages', { concurrency: true }, () => {
  describe('a vantage without a sign of life', () => {
    it('is unobserved from its last one on, under one number at every hub; and is healed when it comes back', async () => {
      const stream = 'silent';
      const monitor = scripted('here');
      const { publisher, die } = mortal(monitor, url, stream);
      await waitFor(() => publisher.vantage !== null);
      const hubs = [await serveHub(url, 0, stream), await serveHub(url, 0, stream)];
      monitor.change('web', 'up');
      const viewers = await Promise.all(hubs.map(({ ws }) => Listener.open(ws)));
      await waitFor(() => hubs.every(({ hub }) => hub.board.services.get('web')?.state === 'up'));
      die();
      const ends = await Promise.all(viewers.map((viewer) => viewer.find(({ to }) => to === 'unobserved')));
      assert.deepEqual(ends[0], ends[1]);
      assert.equal(ends[0]?.['reason'], 'stopped');
      assert.equal(hubs[0]?.hub.events.latest(9).length, 2);
      // The same monitor had only lost its Redis.
      const again = publish(monitor, url, stream);
      await waitFor(() => again.vantage !== null);
      monitor.change('web', 'down');
      await waitFor(() => hubs.every(({ hub }) => hub.board.services.get('web')?.state === 'down'));
      for (const { hub } of hubs) {
        const states = hub.board.services.get('web')?.timeline.map(({ state }) => state);
        assert.deepEqual(states, ['unknown', 'up', 'down']);
      }
      for (const viewer of viewers) await viewer.close();
      await again.stop();
      await publisher.stop();
      for (const hub of hubs) await hub.end();
    });
  });

  describe('a monitor that was taken for silent', () => {
    it('publishes again what it knows, in the same run', async () => {
      const stream = 'taken-for-silent';
      const monitor = scripted('here');
      const publisher = publish(monitor, url, stream);
      monitor.change('web', 'up');
      await waitFor(() => publisher.isCaughtUp);
      const at = await serveHub(url, 0, stream);
      const bus = new BusConnection(addressOf(url), stream);
      await bus.ready(5000);
      const { run = '' } = (await overview(bus)).vantages.get('here') ?? {};
      const events = toUnobserved(monitor.board, Date.now(), 'stopped', null);
      assert.ok(await announceOffline(bus, 'here', { run, sign: null }, events));
      await waitFor(() => at.hub.events.latest(9).some((event) => 'to' in event && event.to === 'unobserved'));
      await waitFor(() => at.hub.board.services.get('web')?.state === 'up');
      const states = at.hub.board.services.get('web')?.timeline.map(({ state }) => state);
      assert.deepEqual(
        states?.filter((one) => one !== 'unknown'),
        ['up'],
      );
      bus.close();
      await publisher.stop();
      await at.end();
    });
  });

  describe('a second monitor with the vantage of a living one', { concurrency: true }, () => {
    it('publishes under a name with a number, and says so once; each is a vantage of its own', async () => {
      const stream = 'second';
      const [one, two, three] = ['one', 'two', 'three'].map((id) => scripted('rack', ['web'], id)) as [
        ScriptedMonitor,
        ScriptedMonitor,
        ScriptedMonitor,
      ];
      const first = publish(one, url, stream);
      await waitFor(() => first.vantage === 'rack');
      const { log, logged } = readableLog();
      const second = publish(two, url, stream, log);
      await waitFor(() => second.vantage === 'rack-2');
      const third = publish(three, url, stream);
      await waitFor(() => third.vantage === 'rack-3');
      const at = await serveHub(url, 0, stream);
      one.change('web', 'up');
      two.change('web', 'down');
      await waitFor(() => at.hub.board.services.get('web')?.state === 'partial');
      const views = at.hub.figures.views.map(({ vantage, state }) => [vantage, state]);
      assert.deepEqual(views, [
        ['rack', 'up'],
        ['rack-2', 'down'],
        ['rack-3', 'unknown'],
      ]);
      assert.equal(logged().split('another monitor has this vantage').length - 1, 1);
      // It has the same name after a restart, though the first one is free by then.
      await first.stop();
      await second.stop();
      const back = publish(two, url, stream);
      await waitFor(() => back.vantage !== null);
      assert.equal(back.vantage, 'rack-2');
      await back.stop();
      await third.stop();
      await at.end();
    });

    it('takes the name of one that has just died, when its silence shows that', async () => {
      const stream = 'dead';
      const dead = mortal(scripted('rack', ['web'], 'without-history-1'), url, stream);
      await waitFor(() => dead.publisher.vantage === 'rack');
      dead.die();
      const monitor = scripted('rack', ['web'], 'without-history-2');
      const publisher = publish(monitor, url, stream);
      monitor.mark('waits meanwhile');
      await waitFor(() => publisher.isCaughtUp);
      assert.equal(publisher.vantage, 'rack');
      const at = await serveHub(url, 0, stream);
      assert.equal(at.hub.events.latest(9).length, 1);
      await publisher.stop();
      await dead.publisher.stop();
      await at.end();
    });

    it('that has its id too, from a copied history, takes its place; the first says so, and stands back', async () => {
      const stream = 'copied';
      const { log, logged } = readableLog();
      const original = publish(scripted('rack', ['web'], 'same'), url, stream, log);
      await waitFor(() => original.vantage === 'rack');
      const copy = publish(scripted('rack', ['web'], 'same'), url, stream);
      await waitFor(() => copy.vantage === 'rack');
      await waitFor(() => original.problem !== null);
      assert.match(original.problem ?? '', /copy of that of another machine/);
      assert.match(logged(), /copy of that of another machine/);
      await copy.stop();
      // Where the other has ended, it goes on.
      await waitFor(() => original.problem === null && original.vantage === 'rack');
      await original.stop();
    });
  });

  describe('a monitor that is started again', () => {
    it('delivers first what its last run could not, then what it knows now', async () => {
      const stream = 'again';
      const events = new MemoryEventLog(0);
      const before = scripted('here', ['web'], 'me', events);
      const cut = mortal(before, url, stream);
      before.change('web', 'up');
      await waitFor(() => cut.publisher.isCaughtUp);
      cut.die();
      before.change('web', 'down');
      await cut.publisher.stop();
      const now = scripted('here', ['web', 'api'], 'me', events);
      now.change('web', 'up');
      now.change('api', 'up');
      const publisher = publish(now, url, stream);
      await waitFor(() => publisher.isCaughtUp);
      now.change('api', 'down');
      const at = await serveHub(url, 0, stream);
      await waitFor(() => at.hub.events.latest(9).length === 5);
      assert.deepEqual(
        at.hub.events.latest(9).map((event) => (event.type === 'transition' ? [event.service, event.to] : [])),
        [
          ['web', 'up'],
          ['web', 'down'],
          ['web', 'up'],
          ['api', 'up'],
          ['api', 'down'],
        ],
      );
      // As this run knows it: what the last one left behind came before.
      const timeline = at.hub.board.services.get('web')?.timeline.map(({ state }) => state);
      assert.deepEqual(
        timeline?.filter((one) => one !== 'unknown'),
        ['up'],
      );
      const states = at.hub.figures.views.map(({ service, state }) => [service, state]);
      assert.deepEqual(states.toSorted(), [
        ['api', 'down'],
        ['web', 'up'],
      ]);
      await publisher.stop();
      await at.end();
    });

    it('says by a mark where what it could not deliver is not kept any more', async () => {
      const stream = 'missing';
      const events = new MemoryEventLog(0, 4);
      const monitor = scripted('here', ['web'], 'me', events);
      const cut = mortal(monitor, url, stream);
      monitor.mark('delivered');
      await waitFor(() => cut.publisher.isCaughtUp);
      cut.die();
      for (let n = 0; n < 20; n++) monitor.mark('waits');
      await cut.publisher.stop();
      const { log, logged } = readableLog();
      const publisher = publish(monitor, url, stream, log);
      await waitFor(() => publisher.isCaughtUp);
      const at = await serveHub(url, 0, stream);
      const texts = at.hub.events.latest(99).flatMap((event) => (event.type === 'mark' ? [event.text] : []));
      assert.equal(texts.length, 2);
      assert.match(texts[1] ?? '', /^here: .*are missing here$/);
      assert.match(logged(), /are missing here/);
      await publisher.stop();
      await at.end();
    });
  });
});

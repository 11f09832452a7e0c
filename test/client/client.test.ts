/** The client of a feed: what its readers receive over breaks and restarts. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';

import { FeedClient } from '../../src/client/feed-client.ts';
import type { Connected, Disconnected } from '../../src/core/source.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import type { Message } from '../../src/core/messages.ts';
import { clientOf } from './client-of.ts';
import { Recording } from '../support/recording.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { Wire } from '../support/wire.ts';
import { inScene, TOKEN, scripted, served } from '../server/scene.ts';

describe('a client', () => {
  it(
    'reports what a monitor in this process would, and knows the services',
    inScene({}, async (at) => {
      const recording = new Recording(false);
      const client = clientOf(at.http, recording);
      await recording.waitFor(() => recording.links.length === 1);
      const local = new Recording(false);
      at.monitor.subscribe(local);
      await at.services[0]!.flap(at.monitor);
      await recording.waitFor(() => recording.of('gap').length > 0);
      assert.deepEqual(recording.all.slice(1), local.all.slice(1));
      assert.equal(client.board.services.get('web')?.state, 'up');
      assert.equal(client.board.services.get('web')?.gaps.length, 1);
      assert.deepEqual(client.identity, at.monitor.identity);
      const late = new Recording(false);
      client.subscribe(late);
      const [hello] = late.all;
      assert.ok(hello?.type === 'hello' && hello.services.length === 2);
      client.close();
    }),
  );

  it('resumes after every break: each event once, in order, and the hello after what was missed', async () => {
    const source = scripted();
    const { feed } = await served(source);
    const between = await Wire.lay(feed.address.port);
    const recording = new Recording(false);
    const client = clientOf(`ws://127.0.0.1:${String(between.port)}/feed`, recording);
    await recording.waitFor(() => client.connected);
    for (let n = 1; n <= 5; n++) {
      source.change('web', n % 2 === 0 ? 'up' : 'down');
      await recording.waitFor(() => recording.seqs.at(-1) === source.events.newest);
      between.break();
      await recording.waitFor(() => !client.connected);
      source.change('web', n % 2 === 0 ? 'down' : 'up');
      source.mark(`missed ${String(n)}`);
      await recording.waitFor(() => client.connected);
      const [second, last] = recording.all.slice(-2);
      assert.ok(second?.type === 'hello' && last?.type === 'heartbeat');
      assert.equal(recording.of('hello').length, n + 1);
      const link = recording.links.at(-1)!;
      assert.ok('resumed' in link && link.resumed && link.since !== null && link.since <= link.at);
      assert.equal(client.board.services.get('web')?.state, source.board.services.get('web')?.state);
      assert.deepEqual(
        client.board.services.get('web')?.timeline.length,
        source.board.services.get('web')?.timeline.length,
      );
    }
    assert.deepEqual(
      recording.seqs,
      Array.from({ length: source.events.newest }, (_, index) => index + 1),
    );
    client.close();
    between.cut();
    await feed.close();
  });

  it('rests for a second at most where it was away amid a message', async () => {
    const source = scripted();
    const { feed } = await served(source);
    const recording = new Recording(false);
    const client = clientOf(`ws://127.0.0.1:${String(feed.address.port)}/feed`, recording);
    let awayUntil = Infinity;
    client.subscribe({
      samples: false,
      take: ([first]) => {
        if (first?.type !== 'hello' || awayUntil < Infinity) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000);
        awayUntil = performance.now();
      },
    });
    await recording.waitFor(() => awayUntil < Infinity);
    source.mark('what comes next');
    await recording.nth(1, 'mark');
    assert.ok(performance.now() - awayUntil < 3000);
    client.close();
    await feed.close();
  });

  it('reports how long it was not connected, and begins again with another monitor', async () => {
    const first = await served(scripted(['web']));
    const { port } = first.feed.address;
    const recording = new Recording(false);
    const client = clientOf(first.ws, recording);
    await recording.waitFor(() => client.connected);
    await first.feed.close();
    await recording.waitFor(() => recording.links.length >= 3);
    const [, broken, again] = recording.links as [Connected, Disconnected, Disconnected];
    assert.equal(broken.problem, 'the monitor stops');
    assert.match(again.problem, /ECONNREFUSED/);
    assert.equal(again.since, broken.since);
    assert.ok(again.retryMs > 0 && again.retryMs <= 10_000);
    const source = scripted(['api']);
    Object.assign(source.identity, { id: 'another' });
    const second = await served(source, { listen: { host: '127.0.0.1', port } });
    await recording.waitFor(() => client.connected);
    const link = recording.links.at(-1) as Connected;
    assert.deepEqual([link.resumed, link.since], [false, broken.since]);
    assert.deepEqual([...client.board.services.keys()], ['api']);
    source.mark('first of all');
    await recording.waitForMark('first of all');
    client.close();
    await second.feed.close();
  });

  it('takes a narrowed feed, and resumes it', async () => {
    const source = scripted(['web', 'api']);
    const { feed, ws } = await served(source);
    const between = await Wire.lay(feed.address.port);
    const recording = new Recording(false);
    const client = clientOf(`ws://127.0.0.1:${String(between.port)}/feed?service=web`, recording);
    await recording.waitFor(() => client.connected);
    for (let n = 0; n < 3; n++) {
      source.change('api', 'down');
      source.change('web', 'down');
      between.break();
      await recording.waitFor(() => !client.connected);
      source.change('api', 'up');
      source.change('web', 'up');
      source.change('api', 'down');
      await recording.waitFor(() => client.connected);
    }
    await recording.waitFor(() => recording.seqs.length === 6);
    assert.deepEqual(recording.seqs, [2, 4, 7, 9, 12, 14]);
    assert.ok(ws);
    client.close();
    between.cut();
    await feed.close();
  });

  it('measures the offset of the other clock, and says how exactly', async () => {
    const source = scripted();
    const ahead = 3_600_000;
    source.now = () => performance.timeOrigin + performance.now() + ahead;
    const { feed, ws } = await served(source);
    const recording = new Recording(false);
    const client = clientOf(ws, recording);
    await recording.waitFor(() => client.connected);
    for (let n = 1; n <= 9; n++) {
      source.heartbeat();
      await recording.waitFor(() => recording.of('heartbeat').length === n);
    }
    const { offsetMs, uncertaintyMs } = client.offset!;
    // Two clocks of one machine, read in different ways, agree within a few milliseconds.
    assert.ok(
      Math.abs(offsetMs - ahead) <= uncertaintyMs + 5,
      `${String(offsetMs - ahead)} ± ${String(uncertaintyMs)}`,
    );
    assert.ok(uncertaintyMs > 0 && uncertaintyMs < 500);
    client.close();
    await feed.close();
  });

  it('notices that the other clock was set while it was not connected', async () => {
    const source = scripted();
    let ahead = 0;
    source.now = () => performance.timeOrigin + performance.now() + ahead;
    const { feed } = await served(source);
    const between = await Wire.lay(feed.address.port);
    const recording = new Recording(false);
    const client = clientOf(`ws://127.0.0.1:${String(between.port)}/feed`, recording);
    await recording.waitFor(() => client.connected && client.offset !== null);
    assert.equal(client.offset?.steppedMs, undefined);
    between.break();
    await recording.waitFor(() => !client.connected);
    ahead = 3_600_000;
    await recording.waitFor(() => client.connected);
    source.heartbeat();
    await recording.waitFor(() => (client.offset?.steppedMs ?? 0) > 3_590_000);
    client.close();
    between.cut();
    await feed.close();
  });

  it(
    'takes the public view, where what is hidden is empty',
    inScene({ names: ['web'], feed: { public: true } }, async (at) => {
      const recording = new Recording(false);
      const client = clientOf(at.ws, recording);
      const unreadable: string[] = [];
      client.subscribe({
        samples: false,
        take: () => undefined,
        unreadable: (problem) => {
          unreadable.push(problem);
        },
      });
      await recording.waitFor(() => client.connected);
      at.monitor.mark('hidden');
      await at.services[0]!.flap(at.monitor);
      await recording.waitFor(() => recording.of('gap').length > 0);
      assert.deepEqual(unreadable, []);
      assert.equal(client.board.services.get('web')?.info.target, '');
      const mark = recording.all.find(({ type }) => type === 'mark');
      assert.ok(mark?.type === 'mark' && mark.text === '');
      const down = recording.all.find((message) => message.type === 'transition' && message.to === 'down');
      assert.ok(down?.type === 'transition' && down.message === null && down.reason !== null);
      client.close();
    }),
  );

  it('calls a monitor by its address where the public view leaves out its host, and says that a token was not used', async () => {
    const source = new ScriptedMonitor({ names: ['web'], identity: { vantage: hostname() } });
    const { feed, ws } = await served(source, { public: true });
    const host = `127.0.0.1:${String(feed.address.port)}`;
    for (const [url, note] of [
      [ws, null],
      [`${ws}?token=${TOKEN}`, `${host} has no token to compare yours with: it shows only what everyone may see`],
    ] as const) {
      const recording = new Recording(false);
      const client = clientOf(url, recording);
      await recording.waitFor(() => client.connected);
      assert.equal(client.identity?.vantage, host);
      assert.deepEqual(
        recording.of('hello').map(({ monitor }) => monitor.vantage),
        [host],
      );
      assert.equal(client.note, note);
      client.close();
    }
    await feed.close();
  });

  it(
    'marks a moment at the other end, with the token',
    inScene({ feed: { token: TOKEN } }, async (at) => {
      const recording = new Recording(false);
      const client = clientOf(`${at.http}/?token=${TOKEN}`, recording);
      await recording.waitFor(() => client.connected);
      assert.equal(await client.mark('from afar'), null);
      await recording.waitForMark('from afar');
      const stranger = new FeedClient(parseFeedUrl(at.http)!, false);
      assert.match((await stranger.mark('from afar'))!, /a token is needed/);
      stranger.close();
      client.close();
    }),
  );

  it(
    'gets samples if it asks for them, and passes them to those who want them',
    inScene({ names: ['web'] }, async (at) => {
      const recording = new Recording(false);
      const client = clientOf(at.ws, recording, true);
      const sample = new Promise<Message>((resolve) => {
        client.subscribe({
          samples: true,
          take: (messages) => {
            for (const message of messages) if (message.type === 'sample') resolve(message);
          },
        });
      });
      assert.equal((await sample).type, 'sample');
      assert.equal(recording.of('sample').length > 0, false);
      client.close();
    }),
  );
});

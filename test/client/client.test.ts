/** The client of a feed: what its readers are told over breaks and restarts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FeedClient } from '../../src/client/feed-client.ts';
import type { Connected, Disconnected } from '../../src/core/source.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import type { Message } from '../../src/core/messages.ts';
import { clientOf, Notes, wire } from '../server/notes.ts';
import { inScene, TOKEN } from '../server/scene.ts';
import { Scripted, served } from '../server/scripted.ts';

describe('a client', () => {
  it(
    'tells what a monitor in this process would, and knows the services',
    inScene({}, async (at) => {
      const notes = new Notes();
      const client = clientOf(at.http, notes);
      await notes.until(() => notes.links.length === 1);
      const local = new Notes();
      at.monitor.subscribe(local);
      await at.services[0]!.flap(at.monitor);
      await notes.until(() => notes.messages.some(({ type }) => type === 'gap'));
      assert.deepEqual(notes.messages.slice(1), local.messages.slice(1));
      assert.equal(client.board.services.get('web')?.state, 'up');
      assert.equal(client.board.services.get('web')?.gaps.length, 1);
      assert.deepEqual(client.identity, at.monitor.identity);
      const late = new Notes();
      client.subscribe(late);
      const [hello] = late.messages;
      assert.ok(hello?.type === 'hello' && hello.services.length === 2);
      client.close();
    }),
  );

  it('resumes after every break: each event once, in order, and the hello after what was missed', async () => {
    const source = new Scripted();
    const { feed } = await served(source);
    const between = await wire(feed.address.port);
    const notes = new Notes();
    const client = clientOf(between.url, notes);
    await notes.until(() => client.connected);
    for (let n = 1; n <= 5; n++) {
      source.transition('web', n % 2 === 0 ? 'up' : 'down');
      await notes.until(() => notes.seqs.at(-1) === source.seq);
      between.cut();
      await notes.until(() => !client.connected);
      source.transition('web', n % 2 === 0 ? 'down' : 'up');
      source.mark(`missed ${String(n)}`);
      await notes.until(() => client.connected);
      const [second, last] = notes.messages.slice(-2);
      assert.ok(second?.type === 'hello' && last?.type === 'heartbeat');
      assert.equal(notes.messages.filter(({ type }) => type === 'hello').length, n + 1);
      const link = notes.links.at(-1)!;
      assert.ok('resumed' in link && link.resumed && link.since !== null && link.since <= link.at);
      assert.equal(client.board.services.get('web')?.state, source.board.services.get('web')?.state);
      assert.deepEqual(
        client.board.services.get('web')?.timeline.length,
        source.board.services.get('web')?.timeline.length,
      );
    }
    assert.deepEqual(
      notes.seqs,
      Array.from({ length: source.seq }, (_, index) => index + 1),
    );
    client.close();
    await between.end();
    await feed.close();
  });

  it('tells how long it was not connected, and begins anew with another monitor', async () => {
    const first = await served(new Scripted(['web']));
    const { port } = first.feed.address;
    const notes = new Notes();
    const client = clientOf(first.ws, notes);
    await notes.until(() => client.connected);
    await first.feed.close();
    await notes.until(() => notes.links.length >= 3);
    const [, broken, again] = notes.links as [Connected, Disconnected, Disconnected];
    assert.equal(broken.problem, 'the monitor stops');
    assert.match(again.problem, /ECONNREFUSED/);
    assert.equal(again.since, broken.since);
    assert.ok(again.retryMs > 0 && again.retryMs <= 10_000);
    const source = new Scripted(['api']);
    Object.assign(source.identity, { id: 'another' });
    const second = await served(source, port);
    await notes.until(() => client.connected);
    const link = notes.links.at(-1) as Connected;
    assert.deepEqual([link.resumed, link.since], [false, broken.since]);
    assert.deepEqual([...client.board.services.keys()], ['api']);
    source.mark('first of all');
    await notes.untilMark('first of all');
    client.close();
    await second.feed.close();
  });

  it('takes a narrowed feed, and resumes it', async () => {
    const source = new Scripted(['web', 'api']);
    const { feed, ws } = await served(source);
    const between = await wire(feed.address.port);
    const notes = new Notes();
    const client = clientOf(between.url.replace('/feed', '/feed?service=web'), notes);
    await notes.until(() => client.connected);
    for (let n = 0; n < 3; n++) {
      source.transition('api', 'down');
      source.transition('web', 'down');
      between.cut();
      await notes.until(() => !client.connected);
      source.transition('api', 'up');
      source.transition('web', 'up');
      source.transition('api', 'down');
      await notes.until(() => client.connected);
    }
    await notes.until(() => notes.seqs.length === 6);
    assert.deepEqual(notes.seqs, [2, 4, 7, 9, 12, 14]);
    assert.ok(ws);
    client.close();
    await between.end();
    await feed.close();
  });

  it('measures the offset of the other clock, and says how exactly', async () => {
    const source = new Scripted();
    const ahead = 3_600_000;
    source.now = () => performance.timeOrigin + performance.now() + ahead;
    const { feed, ws } = await served(source);
    const notes = new Notes();
    const client = clientOf(ws, notes);
    await notes.until(() => client.connected);
    for (let n = 1; n <= 9; n++) {
      source.heartbeat();
      await notes.until(() => notes.messages.filter(({ type }) => type === 'heartbeat').length === n);
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

  it(
    'takes the public view, where what is hidden is empty',
    inScene({ names: ['web'], feed: { public: true } }, async (at) => {
      const notes = new Notes();
      const client = clientOf(at.ws, notes);
      await notes.until(() => client.connected);
      at.monitor.mark('hidden');
      await at.services[0]!.flap(at.monitor);
      await notes.until(() => notes.messages.some(({ type }) => type === 'gap'));
      assert.deepEqual(client.ignored, { unknown: 0, malformed: 0 });
      assert.equal(client.board.services.get('web')?.info.target, '');
      const mark = notes.messages.find(({ type }) => type === 'mark');
      assert.ok(mark?.type === 'mark' && mark.text === '');
      const down = notes.messages.find((message) => message.type === 'transition' && message.to === 'down');
      assert.ok(down?.type === 'transition' && down.message === null && down.reason !== null);
      client.close();
    }),
  );

  it(
    'marks a moment at the other end, with the token',
    inScene({ feed: { token: TOKEN } }, async (at) => {
      const notes = new Notes();
      const client = clientOf(`${at.http}/?token=${TOKEN}`, notes);
      await notes.until(() => client.connected);
      assert.equal(await client.mark('from afar'), null);
      await notes.untilMark('from afar');
      const stranger = new FeedClient(parseFeedUrl(at.http)!, false);
      assert.match((await stranger.mark('from afar'))!, /needs the token/);
      stranger.close();
      client.close();
    }),
  );

  it(
    'gets samples if it asks for them, and passes them to those who want them',
    inScene({ names: ['web'] }, async (at) => {
      const notes = new Notes();
      const client = clientOf(at.ws, notes, true);
      const sample = new Promise<Message>((resolve) => {
        client.subscribe({
          samples: true,
          take: (messages) => {
            for (const message of messages) if (message.type === 'sample') resolve(message);
          },
        });
      });
      assert.equal((await sample).type, 'sample');
      assert.equal(
        notes.messages.some(({ type }) => type === 'sample'),
        false,
      );
      client.close();
    }),
  );
});

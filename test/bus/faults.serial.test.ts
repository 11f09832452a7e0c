/** What goes wrong with a Redis: nothing is lost, nothing comes twice, and the monitor does not notice. */
import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';

import { BusConnection } from '../../src/bus/bus-connection.ts';
import { RedisSentinel, RedisServer } from '../support/redis.ts';
import { addressOf, onRedis, publish, readableLog, scripted, serveHub } from './scene.ts';
import { waitFor } from '../support/wait-for.ts';
import { Viewer } from './viewer.ts';

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];

describe('a Redis that is killed under load', () => {
  it(
    'loses no event, and gives none twice',
    onRedis(async ({ redis, publish, serveHub }) => {
      const monitors = ['a', 'b', 'c'].map((name) => scripted(name));
      const publishers = monitors.map((monitor) => publish(monitor));
      await waitFor(() => publishers.every(({ vantage }) => vantage !== null));
      const at = await serveHub();
      const viewer = new Viewer(at.http);
      await waitFor(() => viewer.client.connected);
      const sent = new Map(monitors.map(({ identity }) => [identity.vantage, [] as string[]]));
      const load = setInterval(() => {
        for (const monitor of monitors) {
          const text = `${monitor.identity.vantage} ${String(monitor.count)}`;
          sent.get(monitor.identity.vantage)?.push(text);
          monitor.mark(text);
        }
      }, 2);
      for (let round = 0; round < 4; round++) {
        await viewer.flowing();
        await redis.restart(AOF);
      }
      await viewer.flowing();
      clearInterval(load);
      const all = [...sent.values()].flat().length;
      await waitFor(() => viewer.texts.length >= all);
      for (const [vantage, texts] of sent) {
        assert.deepEqual(
          viewer.texts.filter((text) => text.startsWith(`${vantage} `)),
          texts,
        );
      }
      assert.equal(viewer.texts.length, all);
      viewer.client.close();
    }, AOF),
  );
});

describe('a Redis that comes later than the monitor', () => {
  it('gets all that has happened since the monitor began', async () => {
    const first = await RedisServer.start();
    const { port } = first;
    await first.close();
    const monitor = scripted('here');
    const publisher = publish(monitor, `redis://127.0.0.1:${String(port)}`);
    monitor.change('web', 'up');
    monitor.change('web', 'down');
    await waitFor(() => publisher.problem !== null);
    assert.match(publisher.problem ?? '', /ECONNREFUSED/);
    const redis = await RedisServer.start(['--port', String(port)]);
    await waitFor(() => publisher.isCaughtUp);
    const at = await serveHub(`redis://127.0.0.1:${String(port)}`);
    const events = at.hub.events.latest(9);
    assert.deepEqual(
      events.map((event) => (event.type === 'transition' ? [event.from, event.to] : [])),
      [
        ['unknown', 'up'],
        ['up', 'down'],
      ],
    );
    await publisher.stop();
    await at.end();
    await redis.close();
  });
});

describe('a Redis that comes back without what it had confirmed', () => {
  it(
    'gets that again: nothing is missing at the hubs, and a viewer who has a lost number goes on at any',
    onRedis(async ({ redis, publish, serveHub, listen }) => {
      const monitor = scripted('here');
      const { log, logged } = readableLog();
      const publisher = publish(monitor, log);
      await waitFor(() => publisher.vantage !== null);
      const at = await serveHub();
      const viewer = new Viewer(at.http);
      await waitFor(() => viewer.client.connected);
      const mark = async (from: number, to: number): Promise<void> => {
        for (let n = from; n <= to; n++) monitor.mark(String(n));
        await waitFor(() => viewer.texts.includes(String(to)) && publisher.isCaughtUp);
      };
      monitor.change('web', 'up');
      await mark(1, 3);
      await redis.say('SAVE');
      monitor.change('web', 'down');
      monitor.gap('web', Date.now() - 10, Date.now());
      await mark(4, 6);
      const { id } = at.hub.identity;
      const lost = at.hub.events.newest;
      await redis.restart();
      await waitFor(() => logged().includes('has lost events'));
      await waitFor(() => publisher.isCaughtUp && at.hub.events.newest > lost);
      await mark(7, 8);
      assert.equal(at.hub.identity.id, id);
      const other = await serveHub();
      const all = other.hub.events.latest(99);
      assert.deepEqual(
        all.flatMap((event) => (event.type === 'mark' ? [event.text] : [event.type])),
        ['transition', '1', '2', '3', 'transition', 'gap', '4', '5', '6', '7', '8'],
      );
      await waitFor(() => at.hub.events.latest(99).length === all.length);
      assert.deepEqual(at.hub.events.latest(99), all);
      assert.equal(other.hub.board.services.get('web')?.state, 'down');
      assert.equal(logged().split('has lost events').length - 1, 1);
      // What it knows of its services has each event once.
      monitor.watch('web', 'api');
      await waitFor(() => other.hub.board.services.has('api'));
      assert.equal(other.hub.board.services.get('web')?.gaps.length, 1);
      assert.deepEqual([...new Set(viewer.texts)], ['1', '2', '3', '4', '5', '6', '7', '8']);
      // What was lost comes again under other numbers: twice, if need be, and never not at all.
      const resumed = await listen(`${other.ws}?after=${String(lost)}&monitor=${id}`);
      await resumed.find(({ text }) => text === '8');
      assert.equal(resumed.received[0]?.['resumed'], true);
      assert.deepEqual(
        resumed.seqs,
        all.flatMap(({ seq }) => (seq > lost ? [seq] : [])),
      );
      assert.deepEqual(
        resumed.received.flatMap(({ type, text }) => (type === 'mark' ? [text] : [])),
        ['4', '5', '6', '7', '8'],
      );
      viewer.client.close();
    }),
  );

  it(
    'has the notes that were written and changed at a hub, for all hubs',
    onRedis(async ({ serveHub }) => {
      const [at, other] = [await serveHub(), await serveHub()];
      const note = await at.hub.note({ kind: 'maintenance', text: 'Docker upgrade' });
      const { id = '' } = note ?? {};
      await waitFor(() => other.hub.board.notes.get(id)?.seq === note?.seq);
      await other.hub.note({ id, to: Date.now() + 60_000 });
      await waitFor(() => at.hub.board.notes.get(id)?.to !== null);
      assert.deepEqual(
        at.hub.board.notes.all.map(({ kind, text }) => [kind, text]),
        [['maintenance', 'Docker upgrade']],
      );
      assert.equal(await at.hub.note({ id: 'nothing', text: 'x' }), null);
    }),
  );

  it(
    'is read again by a hub, though nothing new comes',
    onRedis(async ({ redis, serveHub }) => {
      const at = await serveHub();
      await at.hub.mark('kept');
      await redis.say('SAVE');
      await at.hub.mark('lost');
      const texts = (): string[] =>
        at.hub.events.latest(9).flatMap((event) => (event.type === 'mark' ? [event.text] : []));
      await waitFor(() => texts().join() === 'kept,lost');
      await redis.restart();
      await waitFor(() => texts().join() === 'kept', undefined, 8000);
    }),
  );

  it(
    'gets again all of a monitor that it does not know any more',
    onRedis(async ({ redis, publish, serveHub }) => {
      await serveHub();
      await redis.say('SAVE');
      const monitor = scripted('here');
      const { log, logged } = readableLog();
      const publisher = publish(monitor, log);
      for (let n = 1; n <= 3; n++) monitor.mark(String(n));
      await waitFor(() => publisher.isCaughtUp);
      await redis.restart();
      await waitFor(() => logged().includes('has lost events') && publisher.isCaughtUp);
      const other = await serveHub();
      const texts = other.hub.events.latest(9).flatMap((event) => (event.type === 'mark' ? [event.text] : []));
      assert.deepEqual(texts, ['1', '2', '3']);
      assert.deepEqual([...other.hub.board.services.keys()], ['web']);
    }),
  );
});

describe('a Redis that is full, or takes no writes', () => {
  it(
    'makes events wait; they follow in order',
    onRedis(async ({ redis, publish, serveHub, listen }) => {
      const monitor = scripted('here');
      const publisher = publish(monitor);
      await waitFor(() => publisher.vantage !== null);
      const at = await serveHub();
      const viewer = await listen(at.ws);
      const problems: [string[], string[], RegExp][] = [
        [['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], /OOM/],
        [['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /READONLY/],
      ];
      let n = 0;
      for (const [begin, end, words] of problems) {
        await redis.say(...begin);
        monitor.mark(String(++n));
        await waitFor(() => publisher.problem !== null);
        assert.match(publisher.problem ?? '', words);
        monitor.mark(String(++n));
        assert.ok(!publisher.isCaughtUp);
        await redis.say(...end);
        await viewer.find(({ text }) => text === String(n));
        await waitFor(() => publisher.problem === null);
      }
      assert.deepEqual(
        viewer.received.flatMap(({ type, text }) => (type === 'mark' ? [text] : [])),
        Array.from({ length: n }, (_, index) => String(index + 1)),
      );
    }),
  );

  it(
    'keeps a key of another type: it says so, and nothing is half done',
    onRedis(async ({ redis, publish, serveHub }) => {
      await redis.say('SET', 'gapwatch', 'mine');
      const monitor = scripted('here');
      const publisher = publish(monitor);
      await waitFor(() => publisher.problem !== null);
      assert.match(publisher.problem ?? '', /WRONGTYPE/);
      monitor.mark('first');
      await redis.say('DEL', 'gapwatch');
      await waitFor(() => publisher.isCaughtUp);
      const at = await serveHub();
      assert.equal(at.hub.events.latest(9).length, 1);
    }),
  );
});

describe('a Redis that is silent', () => {
  it(
    'is left and found again; the hub says that it does not know',
    { timeout: 60_000 },
    onRedis(async ({ redis, publish, serveHub, listen }) => {
      const monitor = scripted('here');
      const publisher = publish(monitor);
      await waitFor(() => publisher.vantage !== null);
      const at = await serveHub();
      monitor.change('web', 'up');
      const viewer = await listen(at.ws);
      await waitFor(() => at.hub.board.services.get('web')?.state === 'up');
      redis.signal('SIGSTOP');
      monitor.change('web', 'down');
      const hello = await viewer.find(
        ({ type, services }) => type === 'hello' && (services as { state: string }[])[0]?.state === 'unobserved',
      );
      assert.equal((hello['services'] as { reason: string }[])[0]?.reason, 'network');
      assert.match(publisher.problem ?? '', /not answered/);
      redis.signal('SIGCONT');
      await viewer.find(({ type, seen }) => type === 'transition' && (seen as { to: string }).to === 'down');
      await waitFor(() => at.hub.board.services.get('web')?.state === 'down');
    }),
  );

  /** Whether a connection to it can be used in the end. */
  const isReached = async (url: string): Promise<boolean> => {
    const connection = new BusConnection(addressOf(url), 'gapwatch');
    await connection.ready(45_000);
    const { isReady } = connection;
    connection.close();
    return isReady;
  };

  it('while it is connected to is left for the next try', { timeout: 60_000 }, async (t) => {
    const redis = await RedisServer.start(['--requirepass', 'secret']);
    t.after(() => redis.close());
    let tries = 0;
    const way = createServer((socket) => {
      socket.on('error', () => undefined);
      tries += 1;
      if (tries === 1) return;
      const there = connect(redis.port, '127.0.0.1');
      there.on('error', () => undefined);
      socket.pipe(there).pipe(socket);
    });
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
    t.after(() => way.close());
    const { port } = way.address() as AddressInfo;
    assert.equal(await isReached(`redis://:secret@127.0.0.1:${String(port)}`), true);
    assert.equal(tries, 2);
  });

  it('as a sentinel is left for the next one', { timeout: 60_000 }, async (t) => {
    const redis = await RedisServer.start();
    t.after(() => redis.close());
    const sentinels = [await RedisSentinel.start(redis), await RedisSentinel.start(redis)];
    for (const sentinel of sentinels) t.after(() => sentinel.close());
    sentinels[0]?.signal('SIGSTOP');
    const nodes = sentinels.map(({ port }) => `127.0.0.1:${String(port)}`);
    assert.equal(await isReached(`redis+sentinel://${nodes.join(',')}/shop`), true);
  });
});

describe('a stream', () => {
  it(
    'that was written by strangers is read as far as it can be, and what is skipped is counted and logged once',
    onRedis(async ({ redis, publish, serveHub, listen }) => {
      const monitor = scripted('here');
      const publisher = publish(monitor);
      await waitFor(() => publisher.vantage !== null);
      const at = await serveHub();
      const viewer = await listen(at.ws);
      monitor.mark('before');
      await viewer.find(({ text }) => text === 'before');
      const id = at.hub.identity.id;
      const from = (extra: string[]): Promise<string> => redis.say('XADD', 'gapwatch', '*', ...extra);
      await from(['hello', 'world']);
      await from(['hello', 'again']);
      const p = String(at.hub.events.newest);
      const next = String(at.hub.events.newest + 1);
      await from(['f', id, 'p', '7', 'n', '9007199254740991', 'c', '1', 'm', 'x', 'v', 'x', 'e', '[{}]']);
      await from(['f', id, 'p', p, 'n', '9007199254740992', 'c', '1', 'm', 'x', 'v', 'x', 'e', '[{}]']);
      await from(['f', id, 'p', '0', 'n', '1', 'c', '1', 'm', 'x', 'v', 'x', 'e', '[{}]']);
      await from(['f', 'another', 'p', p, 'n', next, 'c', '1', 'm', 'x', 'v', 'x', 'e', '[]']);
      await from(['f', id, 'p', p, 'n', next, 'c', '501', 'm', 'x', 'v', 'x', 'e', '[]']);
      await from(['f', id, 'p', p, 'n', p, 'c', '0', 'm', 'x', 'v', 'evil\u001b[2J', 'o', '{}']);
      await from(['f', id, 'p', p, 'n', p, 'c', '0', 'm', 'x', 'v', 'x', 'o', '{"type":"hello"']);
      // Of a newer version, and from the future: they have their numbers, so a mark stands for each.
      monitor.event({ type: 'mark', at: monitor.now() + 3_600_000, text: 'from the future' });
      monitor.event({ ...{ at: monitor.now(), text: 'newer' }, type: 'omen' as 'mark' });
      monitor.mark('after');
      await viewer.find(({ text }) => text === 'after');
      assert.deepEqual(
        viewer.seqs,
        at.hub.events.latest(9).map(({ seq }) => seq),
      );
      assert.equal(viewer.seqs.length, 4);
      assert.doesNotMatch(JSON.stringify(viewer.received), /future|newer|evil/);
      assert.ok(at.hub.figures.skipped >= 8, String(at.hub.figures.skipped));
      assert.equal(at.logged().split('no publisher has written').length - 1, 1);
      const other = await serveHub();
      assert.deepEqual(other.hub.events.latest(9), at.hub.events.latest(9));
    }),
  );

  it(
    'that is trimmed below what a hub has, or gone, is read again',
    onRedis(async ({ redis, publish, serveHub }) => {
      const monitor = scripted('here');
      const publisher = publish(monitor);
      await waitFor(() => publisher.vantage !== null);
      const at = await serveHub();
      const viewer = new Viewer(at.http);
      await waitFor(() => viewer.client.connected);
      monitor.mark('1');
      await waitFor(() => viewer.texts.includes('1'));
      await redis.say('XTRIM', 'gapwatch', 'MAXLEN', '0');
      monitor.mark('2');
      await waitFor(() => viewer.texts.includes('2'));
      const { id } = at.hub.identity;
      await redis.say('FLUSHALL');
      monitor.mark('3');
      await waitFor(() => viewer.client.identity?.id !== id && viewer.client.connected);
      monitor.mark('4');
      await waitFor(() => viewer.texts.includes('4'));
      assert.deepEqual(
        viewer.texts.filter((text) => text !== '3'),
        ['1', '2', '4'],
      );
      viewer.client.close();
    }),
  );
});

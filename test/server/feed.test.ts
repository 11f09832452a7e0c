/** The rows of the contract's table of messages, over a real websocket. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inScene, scene, type Scene } from './scene.ts';
import { nextMessage } from '../support/recording.ts';
import { Listener } from './listener.ts';

describe('the feed', () => {
  let at: Scene;
  before(async () => {
    at = await scene();
  });
  after(async () => {
    await at.end();
  });

  it('begins with a hello that has all services', async () => {
    const client = await Listener.open(at.ws);
    const [hello] = client.received;
    assert.equal(hello?.type, 'hello');
    assert.equal(hello['protocol'], 1);
    assert.deepEqual(hello['monitor'], at.monitor.identity);
    assert.equal(hello['resumed'], false);
    assert.ok(Math.abs((hello['now'] as number) - Date.now()) < 60_000);
    const services = hello['services'] as Record<string, unknown>[];
    assert.deepEqual(
      services.map(({ service, kind, connection, group, state }) => ({ service, kind, connection, group, state })),
      ['web', 'api'].map((service) => ({ service, kind: 'tcp', connection: 'new', group: 'back', state: 'up' })),
    );
    assert.equal(services[0]?.['target'], `tcp://127.0.0.1:${String(at.services[0]?.port)}`);
    assert.deepEqual(Object.keys(services[0]['uptime'] as object), ['1h', '24h', '90d']);
    await client.close();
  });

  it('reports a transition down with its reason, the one up, and the gap, under growing numbers', async () => {
    const client = await Listener.open(at.ws);
    await at.services[0]!.flap(at.monitor);
    const gap = await client.first('gap');
    const down = await client.find(({ type, to }) => type === 'transition' && to === 'down');
    const up = await client.find(({ type, to, from }) => type === 'transition' && to === 'up' && from === 'down');
    assert.equal(down['service'], 'web');
    assert.ok(down['reason'] === 'refused' || down['reason'] === 'reset', String(down['reason']));
    assert.match(String(down['message']), /127\.0\.0\.1/);
    assert.ok((down['notBefore'] as number) <= (down['at'] as number));
    assert.ok((gap['minMs'] as number) <= (gap['durationMs'] as number));
    assert.ok((gap['durationMs'] as number) <= (gap['maxMs'] as number));
    assert.equal(gap['from'], down['at']);
    assert.equal(gap['to'], up['at']);
    const numbers = [client.received[0]?.['seq'] as number, ...client.seqs];
    for (const [index, number] of client.seqs.entries()) assert.ok(number > (numbers[index] ?? Infinity));
    await client.close();
  });

  it('sends samples only to those who want them', async () => {
    const [quiet, curious] = [await Listener.open(at.ws), await Listener.open(`${at.ws}?samples=1`)];
    const sample = await curious.first('sample');
    assert.deepEqual(Object.keys(sample), [
      'type',
      'service',
      'at',
      'durationMs',
      'answerMs',
      'result',
      'reason',
      'message',
      'phases',
    ]);
    assert.equal(sample['result'], 'up');
    assert.equal(sample['reason'], null);
    at.monitor.mark('now');
    await quiet.first('mark');
    assert.equal(
      quiet.received.some(({ type }) => type === 'sample'),
      false,
    );
    await Promise.all([quiet.close(), curious.close()]);
  });

  it('narrows to the services that are named', async () => {
    const client = await Listener.open(`${at.ws}?service=api&samples=1`);
    const names = (client.received[0]?.['services'] as { service: string }[]).map(({ service }) => service);
    assert.deepEqual(names, ['api']);
    await at.services[0]!.flap(at.monitor);
    await at.services[1]!.flap(at.monitor);
    await client.first('gap');
    await client.first('sample');
    const others = client.received.filter(({ service }) => service === 'web');
    assert.deepEqual(others, []);
    await client.close();
  });

  it('reports a heartbeat every 5 s', async () => {
    const client = await Listener.open(at.ws);
    const heartbeat = await client.first('heartbeat');
    const before = client.received.slice(0, client.received.indexOf(heartbeat));
    assert.equal(heartbeat['seq'], before.findLast(({ seq }) => typeof seq === 'number')?.['seq']);
    assert.ok((heartbeat['probes'] as number) > 0);
    assert.equal(typeof heartbeat['now'], 'number');
    await client.close();
  });

  it('serves a message to all clients', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => Listener.open(at.ws)));
    at.monitor.mark('to all');
    const marks = await Promise.all(clients.map((client) => client.find(({ text }) => text === 'to all')));
    assert.equal(new Set(marks.map(({ seq }) => seq)).size, 1);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('closes with 1008 where a query makes no sense, and says why', async () => {
    const cases: [string, RegExp][] = [
      ['samples=yes', /samples/],
      ['service=missing', /missing/],
      ['after=1', /go together/],
      [`monitor=${at.monitor.identity.id}`, /go together/],
      ['after=x&monitor=y', /after is the number/],
      ['sevice=web', /unknown parameter/],
      ['samples=1&samples=0', /more than once/],
      [`service=${'ü'.repeat(300)}`, /no service/],
    ];
    for (const [query, reason] of cases) {
      const client = new Listener(`${at.ws}?${query}`);
      const end = await client.closed;
      assert.equal(end.code, 1008, query);
      assert.match(end.reason, reason);
      assert.deepEqual(client.received, []);
    }
  });
});

describe('a feed whose services change', () => {
  it(
    'says hello again, to those who see fewer too',
    inScene({}, async (at) => {
      const all = await Listener.open(at.ws);
      const web = await Listener.open(`${at.ws}?service=web`);
      at.monitor.apply([at.services[1]!.watched(undefined, { intervalMs: 25 })]);
      const isAgain = (message: { type: string }): boolean => message.type === 'hello' && message !== all.received[0];
      const again = await all.find(isAgain);
      assert.equal(again['resumed'], true);
      assert.deepEqual(
        (again['services'] as { service: string }[]).map(({ service }) => service),
        ['api'],
      );
      const fewer = await web.find((message) => message.type === 'hello' && message !== web.received[0]);
      assert.deepEqual(fewer['services'], []);
      await at.end();
      assert.equal((await all.closed).code, 1001);
    }),
  );

  it(
    'reports a status that is held back, in the message and in a hello',
    inScene({ names: ['web'], fall: 3 }, async (at) => {
      const client = await Listener.open(at.ws);
      at.services[0]!.down();
      const status = await client.find((message) => message.type === 'status' && message['status'] === 'down');
      const down = await client.find(({ type, to }) => type === 'transition' && to === 'down');
      assert.ok((status['at'] as number) > (down['at'] as number));
      const later = await Listener.open(at.ws);
      assert.equal((later.received[0]?.['services'] as { status: string }[])[0]?.status, 'down');
    }),
  );
});

describe('a monitor that stops', () => {
  it(
    'closes with 1001, and reports the gap that is open',
    inScene({ names: ['web'] }, async (at) => {
      const client = await Listener.open(at.ws);
      const fell = nextMessage(at.monitor, ({ type }) => type === 'transition');
      at.services[0]!.down();
      await fell;
      await at.stopMonitor();
      const open = await client.first('open-gap');
      assert.equal(open['service'], 'web');
      await at.feed.close();
      assert.deepEqual(await client.closed, { code: 1001, reason: 'the monitor stops' });
    }),
  );
});

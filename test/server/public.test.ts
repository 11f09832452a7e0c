/** The public view is looked at in every answer: no address, no message, no text of a user. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after, before, describe, it } from 'node:test';

import { publicMessage, publicSnapshot } from '../../src/server/public-view.ts';
import { gap, snapshot } from '../support/builders.ts';
import { ask } from './asking.ts';
import { Listener } from './listener.ts';
import { scene, type Scene, TOKEN } from './scene.ts';

const SECRET = 'a word that only its owner may read';

describe('the public view', () => {
  let at: Scene;
  before(async () => {
    at = await scene({ vantage: hostname(), feed: { public: true, token: TOKEN } });
  });
  after(async () => {
    await at.end();
  });

  const assertPublic = (text: string, where: string): void => {
    const ports = at.services.map(({ port }) => String(port));
    const words = ['127.0.0.1', 'tcp://', 'target', 'message', 'ECONN', SECRET, TOKEN];
    // A time may end in any digits, and an ETag may have any two letters in it.
    const numbers = ports.filter((port) => new RegExp(`(?<![\\d.])${port}(?!\\d)`).test(text));
    const names = [hostname()].filter((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text));
    const shown = [...words.filter((word) => text.includes(word)), ...numbers, ...names];
    assert.deepEqual(shown, [], `${where}: ${text.slice(0, 400)}`);
  };

  it('has no address, no message and no text in any answer', async () => {
    const client = await Listener.open(at.ws);
    const trusted = await Listener.open(`${at.ws}?token=${TOKEN}`);
    at.monitor.mark(SECRET);
    await at.services[0]!.flap(at.monitor);
    await client.first('gap');
    await trusted.first('gap');
    const resumed = await Listener.open(`${at.ws}?after=0&monitor=${at.monitor.identity.id}`);
    await resumed.first('heartbeat');
    const paths = ['/', '/api/v1/status', '/api/v1/gaps', '/api/v1/timeline', '/metrics', '/healthz', '/readyz'];
    for (const path of [...paths, '/badge/web.svg', '/badge/web.json', '/feed', '/nothing', '/api/v1/status?x=1']) {
      const { headers, body } = await ask(at.http + path);
      // What shields.io calls a message is the state.
      assertPublic(body.replace('"message":"up"', ''), path);
      assertPublic(JSON.stringify(headers), path);
    }
    for (const received of [client.received, resumed.received]) {
      assert.deepEqual(
        new Set(received.map(({ type }) => type).filter((type) => type !== 'heartbeat')),
        new Set(['hello', 'mark', 'transition', 'gap']),
      );
      assertPublic(JSON.stringify(received), 'the feed');
    }
    // The same words are there for a client with the token: it is the view that leaves them out.
    assert.match(JSON.stringify(trusted.received), new RegExp(SECRET));
    assert.match(JSON.stringify(trusted.received), /"message":"[^"]*127\.0\.0\.1/);
    const down = client.received.find(({ to }) => to === 'down');
    assert.ok(down?.['reason'] === 'refused' || down?.['reason'] === 'reset');
    for (const each of [client, trusted, resumed]) await each.close();
  });

  it('has no samples', async () => {
    const [client, trusted] = [
      await Listener.open(`${at.ws}?samples=1`),
      await Listener.open(`${at.ws}?samples=1&token=${TOKEN}`),
    ];
    await trusted.first('sample');
    at.monitor.mark('after a sample');
    await client.first('mark');
    assert.equal(
      client.received.some(({ type }) => type === 'sample'),
      false,
    );
    await Promise.all([client.close(), trusted.close()]);
  });

  it('takes no marks', async () => {
    const headers = { 'content-type': 'application/json' };
    const reply = await ask(`${at.http}/api/v1/marks`, { method: 'POST', headers, body: '{"text":"x"}' });
    assert.equal(reply.status, 401);
  });

  it('is there under any name and for any page', async () => {
    const headers = { host: 'status.example', origin: 'http://elsewhere.example' };
    assert.equal((await ask(`${at.http}/api/v1/status`, { headers })).status, 200);
    await (await Listener.open(at.ws, { headers })).close();
  });

  it('leaves out what a message may get later', () => {
    const later = { type: 'mark', seq: 1, at: 2, text: SECRET, author: SECRET } as const;
    assert.deepEqual(publicMessage(later), { type: 'mark', seq: 1, at: 2 });
    const lost = { type: 'connection-lost', seq: 1, service: 'a', at: 2, reason: 'reset', message: SECRET } as const;
    assert.deepEqual(publicMessage(lost), { type: 'connection-lost', seq: 1, service: 'a', at: 2, reason: 'reset' });
    const other = { type: 'identity', seq: 1, service: 'a', at: 2, was: SECRET, is: SECRET } as const;
    assert.deepEqual(publicMessage(other), { type: 'identity', seq: 1, service: 'a', at: 2 });
    const gone = { type: 'lost-writes', seq: 1, service: 'a', at: 2, count: 3, key: SECRET } as const;
    assert.deepEqual(publicMessage(gone), { type: 'lost-writes', seq: 1, service: 'a', at: 2, count: 3 });
  });

  it('leaves out what the probes of a gap were answered, open or ended, in feed, hello and history', async () => {
    const reasons = [{ reason: 'refused', count: 3, message: SECRET }] as const;
    const facts = { from: 1, durationMs: 9, minMs: 1, provenMinMs: 1, failed: 3, reasons };
    const ended = gap('web', 1, 10, { reasons });
    const shown = [
      publicMessage({ type: 'open-gap', service: 'web', ...facts }),
      publicMessage(ended),
      publicSnapshot(snapshot('web', { gaps: [ended] })),
    ];
    assert.ok(JSON.stringify(shown).includes('"reason":"refused","count":3}'));
    assertPublic(JSON.stringify(shown), 'the public view');

    const paths = ['/api/v1/gaps', '/api/v1/gaps?service=web', '/api/v1/status', '/metrics', '/badge/web.json', '/'];
    await at.services[0]!.flap(at.monitor);
    const trusted = await Listener.open(`${at.ws}?token=${TOKEN}`);
    await trusted.close();
    for (const path of paths) {
      const { body } = await ask(at.http + path);
      assertPublic(body.replace('"message":"up"', ''), path);
    }
    const headers = { authorization: `Bearer ${TOKEN}` };
    assert.match((await ask(`${at.http}/api/v1/gaps`, { headers })).body, /"message":"[^"]*127\.0\.0\.1/);
  });

  it('keeps a vantage that a user chose', async () => {
    const chosen = await scene({ names: [], vantage: 'rack-2', feed: { public: true } });
    const client = await Listener.open(chosen.ws);
    assert.equal((client.received[0]?.['monitor'] as { vantage: string }).vantage, 'rack-2');
    await client.close();
    await chosen.end();
  });
});

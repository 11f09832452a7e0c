/** The functions of the library, called as its users call them. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { connect, watchDuring, type Message } from '../../src/index.ts';
import { scene, TOKEN } from '../server/scene.ts';
import { takeHighestPriority } from '../support/highest-priority.ts';
import { endServices, TestService } from '../support/test-service.ts';

// The services run in this thread: where it is starved, they are slow.
takeHighestPriority();

const QUICK = { interval: '20ms', before: '100ms', after: '200ms', giveUp: '10s' } as const;

describe('watchDuring', () => {
  after(async () => {
    await endServices();
  });

  it('gives gaps, verdict, report and what the function returned', async () => {
    const [web, api] = [await TestService.start(undefined, 'web'), await TestService.start(undefined, 'api')];
    const targets = [web, api].map(({ name, port }) => `${name}=${String(port)}`);
    const { gaps, verdict, report, result } = await watchDuring(
      targets,
      async () => {
        web.down();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await web.up();
        return 42;
      },
      QUICK,
    );
    assert.equal(result, 42);
    assert.equal(verdict.result, 'fail');
    const ofWeb = gaps.filter(({ service }) => service === 'web');
    assert.equal(ofWeb.length, 1);
    assert.ok(ofWeb[0]!.durationMs >= 200 && ofWeb[0]!.end === 'seen', JSON.stringify(ofWeb));
    assert.deepEqual(
      report.vantages[0]?.services.map(({ service }) => service),
      ['web', 'api'],
    );
    assert.equal(report.verdict, verdict);
  });

  it('passes where there was no gap, or one within the budget', async () => {
    const web = await TestService.start(undefined, 'web');
    const target = `web=${String(web.port)}`;
    const quiet = await watchDuring([target], () => 'done', QUICK);
    assert.deepEqual([quiet.result, quiet.gaps, quiet.verdict.result], ['done', [], 'pass'], quiet.verdict.sentence);
    const short = async (): Promise<void> => {
      web.down();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await web.up();
    };
    const { verdict } = await watchDuring([target], short, { ...QUICK, maxGap: '5s' });
    assert.equal(verdict.result, 'pass', verdict.sentence);
  });

  it('throws what the function throws, and leaves nothing behind', async () => {
    const web = await TestService.start(undefined, 'web');
    const failing = watchDuring([`web=${String(web.port)}`], () => Promise.reject(new Error('deploy failed')), QUICK);
    await assert.rejects(failing, /deploy failed/);
  });

  it('does not call the function where a service is not up, or the call makes no sense', async () => {
    let called = false;
    const during = (): void => {
      called = true;
    };
    const never = { ...QUICK, giveUp: '500ms' };
    await assert.rejects(watchDuring(['web=1'], during, never), /not every service was up before: web down: /);
    await assert.rejects(watchDuring(['web=99999'], during, QUICK), /99999/);
    await assert.rejects(watchDuring(['web=1'], during, { ...QUICK, after: '5' }), /after: 5 has no unit/);
    assert.equal(called, false);
  });
});

describe('connect', () => {
  it('gives every event once and in order, over a break', async () => {
    const names = ['web'];
    const at = await scene({ names, feed: { token: TOKEN } });
    const lost: string[] = [];
    const feed = connect(at.http, { token: TOKEN, onDisconnect: (problem) => lost.push(problem) });
    const received: Message[] = [];
    const until = async (text: string): Promise<void> => {
      for (;;) {
        const { value } = (await feed.next()) as { value: Message };
        received.push(value);
        if (value.type === 'mark' && value.text === text) return;
      }
    };
    const first = (await feed.next()) as { value: Message };
    assert.equal(first.value.type, 'hello');
    at.monitor.mark('one');
    await until('one');
    // Other rules close all clients, who come back.
    await at.feed.change({ host: '127.0.0.1', port: 0 }, { token: TOKEN, public: true });
    for (const text of ['two', 'three']) {
      await at.services[0]!.flap(at.monitor);
      at.monitor.mark(text);
    }
    await until('three');
    await feed.return?.();
    assert.deepEqual(await feed.next(), { value: undefined, done: true });
    const seqs = received.flatMap((message) =>
      'seq' in message && message.type !== 'hello' && message.type !== 'heartbeat' ? [message.seq] : [],
    );
    const [begin = 0] = seqs;
    const expected = (await at.monitor.events.after(begin - 1, 1000))?.map(({ seq }) => seq);
    assert.deepEqual(seqs, expected?.slice(0, seqs.length));
    assert.ok(seqs.length >= 9 && lost.length >= 1);
    await at.end();
  });

  it('ends with its signal, also while nothing comes', async () => {
    const stop = new AbortController();
    const problems: string[] = [];
    const feed = connect('127.0.0.1:1', { signal: stop.signal, onDisconnect: (problem) => problems.push(problem) });
    const next = feed.next();
    setTimeout(() => {
      stop.abort();
    }, 300);
    assert.deepEqual(await next, { value: undefined, done: true });
    assert.ok(problems.length >= 1);
    const late = connect('127.0.0.1:1', { signal: AbortSignal.abort() });
    assert.deepEqual(await late.next(), { value: undefined, done: true });
  });

  it('refuses what is no address, without the token in the message', () => {
    for (const url of [
      'http://[?token=secret',
      'http://secret@host#x',
      'http://u:secret@[',
      'secret@',
      'ftp://secret@host/',
    ])
      assert.throws(
        () => connect(url),
        (error: Error) => error instanceof TypeError && !error.message.includes('secret'),
        url,
      );
    for (const token of ['secret\r\nX: y', 'secret€', ' secret'])
      assert.throws(() => connect('127.0.0.1:1', { token }), /^TypeError: the token can't be sent: (?!.*secret)/);
  });
});

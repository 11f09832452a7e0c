/** Hooks, heartbeat and maintenance of the real program: over `kill -9`, while the receiver is away half of the time. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { eventsIn } from '../history/direct-history.ts';
import { HookReceiver } from '../support/hook-receiver.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { endPrograms, folderWith, Program } from './program.ts';

const ARGS = ['serve', '--interval', '20ms', '--log-level', 'debug'];

describe('hooks of the program', { concurrency: 2 }, () => {
  after(endServices);
  after(endPrograms);

  it('deliver each event that was kept over kill -9, in order, and twice only with the same key', async () => {
    const [backend, to] = [await TestService.start(), await HookReceiver.start()];
    const folder = folderWith('services.json', {
      services: [{ name: 'web', type: 'tcp', host: '127.0.0.1', port: backend.port, hold: '0ms' }],
      feed: { listen: '127.0.0.1:0' },
      history: { dir: 'data' },
      hooks: [{ on: ['gap'], url: `${to.url}?secret-of-mine`, secret: 'key-of-mine' }],
    });
    let logged = '';
    for (let round = 0; round < 8; round++) {
      to.answer = round % 2 === 0 ? 204 : 503;
      const program = new Program(ARGS, { cwd: folder });
      await program.said(/"msg":"started"/);
      for (let n = 0; n < 5; n++) {
        await sleep(60);
        backend.down();
        await sleep(60);
        await backend.up();
      }
      await sleep(round === 7 ? 1000 : 100);
      await program.end('SIGKILL');
      logged += program.stderr;
    }
    to.answer = 204;
    const last = new Program(ARGS, { cwd: folder });
    const gaps = (await eventsIn(join(folder, 'data'))).filter(({ type }) => type === 'gap').map(({ seq }) => seq);
    assert.ok(gaps.length >= 20, String(gaps.length));
    await to.waitFor(() => to.bodies.at(-1)?.event.seq === gaps.at(-1));
    const seqs = to.bodies.map(({ event }) => event.seq);
    const once = seqs.filter((seq, n) => seqs.indexOf(seq) === n);
    assert.deepEqual(
      once,
      once.toSorted((a, b) => a - b),
    );
    for (const seq of gaps) assert.ok(once.includes(seq), `${String(seq)} did not arrive`);
    for (const { headers, body } of to.taken) {
      const { monitor, event } = JSON.parse(body) as { monitor: string; event: { seq: number } };
      assert.equal(headers['idempotency-key'], `${monitor}:${String(event.seq)}`);
    }
    assert.equal(await last.end(), 143);
    assert.doesNotMatch(logged + last.stderr, /of-mine/);
    await to.close();
  });

  it('change at SIGHUP; maintenance of the file marks gaps, and is withdrawn with its line', async () => {
    const [backend, to, beat] = [await TestService.start(), await HookReceiver.start(), await HookReceiver.start()];
    const from = new Date(Date.now() - 60_000).toISOString();
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const file = (more: object): object => ({
      services: [{ name: 'web', type: 'tcp', host: '127.0.0.1', port: backend.port, hold: '0ms' }],
      feed: { listen: '127.0.0.1:0' },
      history: { dir: 'data' },
      heartbeat: { url: beat.url, interval: '1s' },
      ...more,
    });
    const maintenance = [{ from, to: until, services: ['web'], text: 'Docker upgrade' }];
    const folder = folderWith('services.json', file({ maintenance }));
    const program = new Program(ARGS, { cwd: folder });
    await program.said(/"msg":"started"/);
    const url = /"feed":"(http:[^"]+)"/.exec(program.stderr)?.[1] ?? '';
    const status = (await (await fetch(`${url}/api/v1/status`)).json()) as { notes: { kind: string; text: string }[] };
    assert.deepEqual(
      status.notes.map(({ kind, text }) => [kind, text]),
      [['maintenance', 'Docker upgrade']],
    );
    await beat.waitFor(() => beat.taken.length >= 2);
    const flap = async (): Promise<void> => {
      backend.down();
      await sleep(100);
      await backend.up();
    };
    await sleep(200);
    const write = async (more: object): Promise<void> => {
      const before = program.stderr.length;
      writeFileSync(join(folder, 'services.json'), JSON.stringify(file(more)));
      program.signal('SIGHUP');
      await program.waitFor(() => /Read the configuration again/.test(program.stderr.slice(before)));
    };
    await write({ maintenance, hooks: [{ on: ['gap', 'note'], url: to.url }] });
    await flap();
    await to.waitFor(() => to.taken.length === 1);
    assert.match(to.bodies[0]!.text, /^web was down for .*, as planned, until/);
    await write({ hooks: [{ on: ['gap', 'note'], url: to.url }] });
    await to.waitFor(() => to.taken.length === 2);
    const { event } = to.bodies[1] as unknown as { event: { type: string; to: number; text: string } };
    assert.equal(event.type, 'note');
    assert.ok(event.to <= Date.now() && event.text === 'Docker upgrade');
    await flap();
    await to.waitFor(() => to.taken.length === 3);
    assert.doesNotMatch(to.bodies[2]!.text, /planned/);
    assert.equal(await program.end(), 143);
    await Promise.all([to.close(), beat.close()]);
  });
});

/** Hooks, heartbeat and maintenance of the real program: over `kill -9`, while the receiver is away half of the time. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { HookReceiver } from '../support/hook-receiver.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { endPrograms, folderWith, Program } from './program.ts';
import { deliverOverKills, flapLogged } from './restarts.ts';

const ARGS = ['serve', '--interval', '20ms', '--log-level', 'debug'];

describe('hooks of the program', { concurrency: 2 }, () => {
  after(endServices);
  after(endPrograms);

  it('deliver each event that was kept over kill -9, in order, and twice only with the same key', async () => {
    const { gaps, unkept, seqs, keys, logged } = await deliverOverKills({ kills: 8, gapsEach: 5 });
    assert.ok(gaps.length >= 20, String(gaps.length));
    const once = [...new Set(seqs)];
    assert.deepEqual(
      once,
      once.toSorted((a, b) => a - b),
    );
    for (const seq of gaps) assert.ok(once.includes(seq), `${String(seq)} did not arrive`);
    assert.deepEqual(
      keys.map((key) => Number(key.split(':')[1])),
      seqs,
    );
    // Those that had arrived when it was killed, and were not on disk yet.
    assert.ok(
      seqs.length - once.length <= unkept,
      `${String(seqs.length - once.length)} doubles, ${String(unkept)} not kept`,
    );
    assert.doesNotMatch(logged, /of-mine/);
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
    await program.said(/"to":"up"/);
    const write = async (more: object): Promise<void> => {
      const before = program.stderr.length;
      writeFileSync(join(folder, 'services.json'), JSON.stringify(file(more)));
      program.signal('SIGHUP');
      await program.waitFor(() => /Read the configuration again/.test(program.stderr.slice(before)));
    };
    await write({ maintenance, hooks: [{ on: ['gap', 'note'], url: to.url }] });
    await flapLogged(backend, program);
    await to.waitFor(() => to.taken.length === 1);
    assert.match(to.bodies[0]!.text, /^web was down for .*, as planned, until/);
    await write({ hooks: [{ on: ['gap', 'note'], url: to.url }] });
    await to.waitFor(() => to.taken.length === 2);
    const { event } = to.bodies[1] as unknown as { event: { type: string; to: number; text: string } };
    assert.equal(event.type, 'note');
    assert.ok(event.to <= Date.now() && event.text === 'Docker upgrade');
    await flapLogged(backend, program);
    await to.waitFor(() => to.taken.length === 3);
    assert.doesNotMatch(to.bodies[2]!.text, /planned/);
    assert.equal(await program.end(), 143);
    await Promise.all([to.close(), beat.close()]);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Gap, Transition } from '../../src/core/messages.ts';
import { DIALECTS, good } from '../support/dialects.ts';
import { silent } from '../support/servers.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { Program } from '../cli/program.ts';
import { waitFor } from '../support/wait-for.ts';

const FREEZE = fileURLToPath(new URL('./children/freeze.js', import.meta.url));

describe('a thread that is stuck', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gapwatch-frozen-'));
  after(async () => {
    await endServices();
    rmSync(dir, { recursive: true });
  });

  const environment = (name: string): Record<string, string> => ({
    NODE_OPTIONS: `--import=${FREEZE}`,
    FREEZE_MARKER: join(dir, name),
  });

  it('is unobserved time of its services within 2 s, and another one takes its place', async () => {
    const backend = await TestService.start();
    const args = ['--listen', '127.0.0.1:0', '--format', 'json', `api=${String(backend.port)}`];
    const program = new Program(['watch', ...args], { env: environment('replaced') });
    await program.line(/"from":"unobserved","to":"up"/);
    const code = await program.end('SIGINT');
    const transitions = program.stdout
      .split('\n')
      .filter((line) => line.startsWith('{"type":"transition"'))
      .map((line) => JSON.parse(line) as Transition);
    assert.deepEqual(
      transitions.map(({ from, to, reason }) => [from, to, reason]),
      [
        ['unknown', 'up', null],
        ['up', 'unobserved', 'stalled'],
        ['unobserved', 'up', null],
      ],
    );
    // The freeze is 2.5 s after the start, and noticed from the last sign of life on.
    const [first, lost, back] = transitions;
    const [lostAfter, wasLost] = [(lost?.at ?? 0) - (first?.at ?? 0), (back?.at ?? 0) - (lost?.at ?? 0)];
    assert.ok(lostAfter > 500 && lostAfter < 4000, `lost after ${String(lostAfter)} ms`);
    assert.ok(wasLost > 3000 && wasLost < 10_000, `for ${String(wasLost)} ms`);
    assert.equal(code, 130);
  });

  it('says nothing of a service before the thread that takes its place has seen it', async () => {
    const answers = good(DIALECTS.find(({ kind }) => kind === 'http')!);
    const backend = await TestService.start(answers);
    const args = ['--listen', '127.0.0.1:0', '--format', 'json', '--timeout', '5s'];
    const url = `api=http://127.0.0.1:${String(backend.port)}/`;
    const program = new Program(['watch', ...args, url], { env: environment('unseen') });
    await program.line(/"to":"up"/);
    await program.line(/"to":"unobserved"/);
    backend.behave = silent;
    await program.line(/"from":"unobserved","to":/);
    assert.doesNotMatch(program.stdout, /"from":"unobserved","to":"up"/);
    backend.behave = answers;
    const gap = JSON.parse(await program.line(/^{"type":"gap"/)) as Gap;
    await program.end('SIGINT');
    const lost = JSON.parse(
      /^{"type":"transition".*"to":"unobserved".*$/m.exec(program.stdout)?.[0] ?? '',
    ) as Transition;
    // What was under way when the thread was last seen may have failed: only what had ended by then is known to be good.
    assert.ok(
      (gap.maxMs ?? 0) > gap.to - lost.at + 1000,
      `${String(gap.maxMs)} ms, ${String(gap.to - lost.at)} after the loss`,
    );
  });

  it('leaves nothing behind of a service that is removed meanwhile', async () => {
    const [stays, goes] = [await TestService.start(), await TestService.start()];
    const file = join(dir, 'services.json');
    const write = (services: readonly TestService[]): void => {
      const entries = services.map(({ port }) => ({ name: String(port), type: 'tcp', host: '127.0.0.1', port }));
      writeFileSync(file, JSON.stringify({ services: entries }));
    };
    write([stays, goes]);
    const args = ['--config', file, '--data', 'off', '--listen', '127.0.0.1:0'];
    const program = new Program(['serve', ...args], { env: environment('removed') });
    await program.waitFor(() => /"to":"unobserved"/.test(program.stderr), 'the thread is stuck');
    const [, url = ''] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(program.stderr) ?? [];
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    write([stays]);
    program.signal('SIGHUP');
    const isBack = new RegExp(`"service":"${String(stays.port)}"[^\n]*"from":"unobserved","to":"up"`);
    await program.waitFor(() => isBack.test(program.stderr), 'another thread is at work');
    await waitFor(async () => (await fetch(`${url}/readyz`)).status === 200, 'it is ready again');
    assert.equal(await program.end('SIGTERM'), 143);
  });

  it('does not keep the program from ending', async () => {
    const backend = await TestService.start();
    const program = new Program(['serve', '--listen', 'off', '--data', 'off', `api=${String(backend.port)}`], {
      env: environment('ended'),
    });
    await program.waitFor(() => program.stderr.includes('"to":"up"'));
    await program.waitFor(() => program.stderr.includes('"to":"unobserved"'), 'the thread is stuck');
    const from = performance.now();
    assert.equal(await program.end('SIGTERM'), 143);
    assert.ok(performance.now() - from < 6000);
  });
});

/** What helps to find a fault: its exit code, the log, and the dump at a signal. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { TestService, endServices } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, entry, folderWith, Program, run } from './program.ts';

/** Code of a test that runs inside the program. */
const inside = (code: string): { NODE_OPTIONS: string } => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
});

describe('a fault of the program itself', { concurrency: 2 }, () => {
  after(endServices);
  after(endPrograms);

  for (const [what, code] of [
    ['thrown', "setTimeout(() => { throw new TypeError('a broken part'); }, 600);"],
    ['a rejection', "setTimeout(() => Promise.reject(new TypeError('a broken part')), 600);"],
  ] as const) {
    it(`${what}, ends it with 70, and says where to report what`, async () => {
      const backend = await TestService.start();
      const args = ['--listen', 'off', `api=${String(backend.port)}`];
      const { code: exit, stderr } = await run(args, { env: inside(code) });
      assert.equal(exit, 70);
      assert.match(stderr, /this is a fault of gapwatch itself\. Please report it.+https:/);
      assert.match(stderr, /gapwatch \d+\.\d+\.\d+, Node v\d+/);
      assert.match(stderr, /TypeError: a broken part\n +at /);
    });
  }

  it('of an engine thread too', async () => {
    const backend = await TestService.start();
    const code =
      "import { isMainThread } from 'node:worker_threads'; if (!isMainThread) setTimeout(() => { throw new Error('a broken thread'); }, 300);";
    const { code: exit, stderr } = await run(['--listen', 'off', `api=${String(backend.port)}`], { env: inside(code) });
    assert.equal(exit, 70);
    assert.match(stderr, /a broken thread/);
  });

  it('of the history is logged, and does not end the watch', async () => {
    const backend = await TestService.start();
    const code = `
      import { isMainThread, workerData } from 'node:worker_threads';
      if (!isMainThread && workerData?.dir !== undefined) setTimeout(() => { throw new TypeError('a broken history'); }, 300);`;
    const args = ['serve', '--listen', 'off', '--data', folderWith('empty', ''), String(backend.port)];
    const program = new Program(args, { env: inside(code) });
    await program.said(/TypeError: a broken history\\n +at /);
    await program.said(/"to":"up"/);
    assert.equal(await program.end(), 143);
  });

  it('is not an unusable command line', async () => {
    assert.equal((await run(['--no-such-option'])).code, 2);
  });
});

describe('the log', { concurrency: 2 }, () => {
  after(endServices);
  after(endPrograms);

  it('has at SIGUSR2 how late the probes start, how many are in flight, and how the rest does', async () => {
    const backend = await TestService.start();
    const program = new Program([
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--data',
      'off',
      '-i',
      '50ms',
      String(backend.port),
    ]);
    await program.said(/"msg":"transition"/);
    await program.said(/"to":"up"/);
    const reported = (): string | undefined =>
      program.stderr.split('\n').find((one) => /"msg":"diagnostics".*\}$/.test(one) && one.includes('"sent"'));
    // The engine reports once a second.
    await waitFor(() => {
      program.signal('SIGUSR2');
      return reported() !== undefined;
    });
    const line = reported() ?? '';
    const dump = JSON.parse(line) as Record<string, unknown> & { engines: Record<string, number>[] };
    const [engine] = dump.engines;
    assert.equal(engine?.['services'], 1);
    for (const field of ['sent', 'missed', 'inFlight', 'lateMs', 'silentForMs']) {
      assert.equal(typeof engine[field], 'number', field);
    }
    assert.deepEqual([dump['history'], dump['bus']], [null, null]);
    assert.equal(await program.end(), 143);
  });

  it('is as talkative as it is asked to be', async () => {
    const backend = await TestService.start();
    const args = ['--listen', 'off', '--data', 'off', String(backend.port)];
    const program = new Program(['serve', '--log-level', 'error', '--for', '500ms', ...args]);
    assert.equal(await program.ended, 0);
    assert.equal(program.stderr, '');
  });

  it('that can not be written ends nothing, and hinders no end', async () => {
    const backend = await TestService.start();
    const words = [entry('main'), 'serve', '--listen', 'off', '--data', 'off', '--for', '1s', String(backend.port)];
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', full] });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    closeSync(full);
  });

  it('goes into a file where stderr is for people', async () => {
    const backend = await TestService.start();
    const folder = folderWith('empty', '');
    const file = join(folder, 'log.json');
    const program = new Program(['--listen', 'off', '--log', file, String(backend.port)]);
    await program.line(/UP/);
    program.signal('SIGUSR2');
    await waitFor(() => readFileSync(file, 'utf8').includes('diagnostics'));
    assert.equal(await program.end('SIGINT'), 130);
    assert.doesNotMatch(program.stderr, /diagnostics/);
    const { code, stderr } = await run(['--log', '/no/such/folder/log', String(backend.port)]);
    assert.equal(code, 2);
    assert.match(stderr, /--log \/no\/such\/folder\/log: its folder does not exist/);
  });
});

/** `gapwatch run` that a signal ends, at every stage, without a terminal. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { LocalVantage } from '../../src/cli/vantages.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { Report } from '../../src/report/report.ts';
import { freePort } from '../support/servers.ts';
import { endServices, type SignalledService, startSignalledService } from '../support/test-service.ts';
import { endPrograms, FOLDER, Program } from './program.ts';

/** Quick, and lenient with what a busy machine does to a service. */
const QUICK = ['--before', '200ms', '-i', '50ms', '-t', '300ms', '--max-gap', '1m'];

/** The same signal sooner after the first one is taken for the same. */
const APART_MS = 300;

describe('gapwatch run that is ended', { concurrency: 2 }, () => {
  let service: SignalledService;

  before(async () => {
    service = await startSignalledService();
  });

  after(async () => {
    await endPrograms();
    await endServices();
  });

  function start(options: readonly string[], command: readonly string[]): Program {
    return new Program(['run', `web=${String(service.port)}`, ...QUICK, ...options, '--', ...command]);
  }

  it('before the command: that was not started', async () => {
    const path = join(FOLDER, 'before.json');
    writeFileSync(path, 'PASS of yesterday');
    const program = new Program(['run', String(await freePort()), ...QUICK, '--report', path, '--', 'true']);
    await program.said(/Waiting/);
    assert.equal(await program.end('SIGINT'), 130);
    const { verdict } = JSON.parse(readFileSync(path, 'utf8')) as Report;
    assert.equal(verdict?.result, 'not-proven');
    assert.match(verdict.sentence, /^NOT PROVEN: SIGINT: true was not started\.$/);
    assert.match(program.stderr, /SIGINT: true was not started\./);
    assert.equal(program.stdout, '');
  });

  it('during the command: waits for its end, and reports', async () => {
    const path = join(FOLDER, 'during.json');
    const script = 'trap "echo cleaning up; exit 5" INT; echo ready; while :; do sleep 0.05; done';
    const program = start(['--report', path], ['sh', '-c', script]);
    await program.line(/^ready$/);
    assert.equal(await program.end('SIGINT'), 130);
    assert.match(program.stdout, /^ready\ncleaning up\n/);
    assert.match(program.stdout, /exited with 5[^]*but SIGINT ended the watch early/);
    const { run } = JSON.parse(readFileSync(path, 'utf8')) as Report;
    assert.equal(run?.interrupted, 'SIGINT');
    assert.equal(run.exitCode, 5);
  });

  it('during the command, twice: ends at once, and reports', async () => {
    const program = start([], ['sh', '-c', 'trap "" INT; echo ready; while :; do sleep 0.05; done']);
    await program.line(/^ready$/);
    program.signal('SIGINT');
    await program.said(/SIGINT: waiting for the end of/);
    await sleep(APART_MS);
    const end = program.end('SIGINT');
    assert.equal(await end, 130);
    assert.match(program.stdout, /^NOT PROVEN: /m);
  });

  it('during the command, twice: ends also one that is deaf to it, and reports', async () => {
    const witness = join(FOLDER, 'deaf-pid');
    const script = `trap "" INT TERM; echo $$ > ${witness}; echo ready; while :; do sleep 0.05; done`;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const program = start([], ['sh', '-c', script]);
      await program.line(/^ready$/);
      program.signal(signal);
      await program.said(/waiting for the end of the command/);
      await sleep(APART_MS);
      assert.equal(await program.end(signal), signal === 'SIGINT' ? 130 : 143);
      assert.match(program.stderr, new RegExp(`^${signal} again: ending the command`, 'm'));
      assert.match(program.stdout, /was ended by SIGKILL/);
      assert.match(program.stdout, /^NOT PROVEN: /m);
      const pid = Number(readFileSync(witness, 'utf8'));
      assert.throws(() => process.kill(pid, 0), /ESRCH/);
    }
  });

  it('during the command by SIGTERM: passes it on', async () => {
    const program = start(
      [],
      ['sh', '-c', 'trap "echo terminated; exit 0" TERM; echo ready; while :; do sleep 0.05; done'],
    );
    await program.line(/^ready$/);
    assert.equal(await program.end('SIGTERM'), 143);
    assert.match(program.stdout, /^ready\nterminated\n[^]*exited with 0/);
  });

  it('on two ways at once: is one signal, which ends nothing before its time', async () => {
    const program = start([], ['sh', '-c', 'trap "" INT; echo ready; sleep 1; exit 5']);
    await program.line(/^ready$/);
    for (let ways = 0; ways < 2; ways++) {
      program.signal('SIGINT');
      await sleep(20);
    }
    assert.equal(await program.ended, 130);
    assert.doesNotMatch(program.stderr, /SIGINT again/);
    assert.match(program.stdout, /exited with 5/);
  });

  it('while it waits for the last answers: these do not keep the process', async () => {
    const monitor = new Monitor({ vantage: 'here', version: '1', watched: [], workers: 1 });
    const vantage = new LocalVantage(monitor);
    const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    void vantage.settled(monitor.now() + 60_000);
    assert.equal(timers(), before);
    await vantage.close();
  });

  it('after the command: reports what was seen', async () => {
    const program = start(['--after', '1h', '--give-up', '2h'], ['true']);
    await program.said(/Waiting until every service has been up for 1h again/);
    assert.equal(await program.end('SIGINT'), 130);
    assert.match(program.stdout, /^web (was|down) /m);
    assert.match(program.stdout, /^NOT PROVEN: .*; but SIGINT ended the watch early/m);
  });
});

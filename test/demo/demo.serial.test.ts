import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';

import { DemoStage } from '../../src/demo/demo-stage.ts';
import { endPrograms, entry, Program } from '../cli/program.ts';
import { watched } from '../support/test-service.ts';
import { withEngine } from '../monitor/watch.ts';
import { httpSpec, redisSpec, tcpSpec } from '../support/probing.ts';
import { waitFor } from '../support/wait-for.ts';

const QUIET = ['--listen', 'off', '--format', 'lines'];

/** The processes that a process has started, and those that they have (Linux). */
function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

/** Whether a process runs; one that has ended and waits to be noticed does not. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits for the end of processes, by their ids. */
async function allEnded(pids: readonly number[]): Promise<void> {
  await waitFor(
    () => !pids.some(runs),
    () => `still running: ${pids.filter(runs).join()}`,
    5000,
  );
}

/** Starts a demo and waits until all its services are up. */
async function started(): Promise<{ program: Program; children: number[] }> {
  const program = new Program(['demo', ...QUIET]);
  for (const name of ['web', 'api', 'cache']) await program.line(new RegExp(`${name} +UP`));
  const children = descendants(program.pid);
  assert.ok(children.length >= 3, `${String(children.length)} processes`);
  return { program, children };
}

describe('gapwatch demo', { concurrency: 4 }, () => {
  after(endPrograms);

  it('is what runs without a service, and shows a restart as a gap', async () => {
    const program = new Program(QUIET, { entry: 'start' });
    await program.line(/api +GAP/);
    const children = descendants(program.pid);
    assert.equal(await program.end('SIGINT'), 130);
    await allEnded(children);
    assert.match(program.stderr, /^Demo: three services of its own.+\nWatching 3 services from /);
    const events = program.lines.slice(0, program.lines.indexOf('')).map((line) => line.slice(25).trimEnd());
    // All three are up before anything happens to them.
    assert.deepEqual(
      events
        .slice(0, 3)
        .map((line) => line.split(/ {2,}/)[0])
        .sort(),
      ['api', 'cache', 'web'],
    );
    for (const line of events.slice(0, 3)) assert.match(line, / UP {10}first answer$/);
    assert.match(events[3] ?? '', /^ +MARK +demo: api is restarted$/);
    assert.match(events[4] ?? '', /^api +DOWN +(refused|reset|closed): /);
    const gap = events.find((line) => / GAP /.test(line)) ?? '';
    assert.match(gap, /^api +GAP +\d+\.\d\d s \(.+\), \d+ probes failed: /);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`leaves no process behind at ${signal}`, async () => {
      const { program, children } = await started();
      const code = await program.end(signal);
      assert.equal(code, signal === 'SIGTERM' ? 143 : 'SIGKILL');
      await allEnded(children);
    });
  }

  it('leaves no process behind where its time is up, nor where it is stopped while it starts', async () => {
    const program = new Program(['demo', ...QUIET, '--for', '300ms']);
    await program.said(/^Watching 3 services/m);
    const children = descendants(program.pid);
    assert.ok(children.length >= 3, `${String(children.length)} processes`);
    assert.equal(await program.ended, 0);
    await allEnded(children);
    const hasty = new Program(['demo', ...QUIET]);
    let some: number[] = [];
    await waitFor(() => (some = descendants(hasty.pid)).length >= 2);
    await hasty.end('SIGKILL');
    await allEnded(some);
  });

  it('is ended by Ctrl-C, which reaches all its processes at once, with a summary', async () => {
    const child = spawn(process.execPath, [entry('main'), 'demo', ...QUIET], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const pid = child.pid ?? 0;
    while (!['web', 'api', 'cache'].every((name) => new RegExp(`${name} +UP`).test(stdout))) {
      await once(child.stdout, 'data');
    }
    const children = descendants(pid);
    process.kill(-pid, 'SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 130);
    assert.match(stdout, /^service +state +uptime[\s\S]+web +UP[\s\S]+api +UP[\s\S]+cache +UP/m);
    await allEnded(children);
  });

  it('has services that misbehave as they should, and come back', async () => {
    const stage = await DemoStage.open();
    try {
      const { web, api, cache } = stage.ports;
      const services = [
        watched('web', httpSpec(`http://127.0.0.1:${String(web)}/`), { timeoutMs: 200 }),
        watched('api', tcpSpec(api)),
        watched('cache', redisSpec(cache)),
      ];
      await withEngine(services, async (recording) => {
        await recording.waitFor(() => services.every(({ service }) => recording.story(service.name).length === 1));
        await Promise.all([
          stage.behave('web', 'busy', 150),
          stage.behave('api', 'hollow', 150),
          stage.restart('cache', 50),
        ]);
        await recording.waitFor(() => services.every(({ service }) => recording.of('gap', service.name).length >= 1));
        await stage.behave('web', 'hung', 400);
        await recording.nth(2, 'gap', 'web');
        assert.deepEqual(recording.story('web'), ['up', 'down status', 'up', 'down timeout-reply', 'up']);
        assert.deepEqual(recording.story('api'), ['up', 'down closed', 'up']);
        assert.equal(recording.story('cache').at(-1), 'up');
        await recording.nth(1, 'identity', 'cache');
      });
    } finally {
      await stage.close();
    }
  });
});

/** `gapwatch run` with a second vantage: another monitor's feed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocketServer } from 'ws';

import type { Report } from '../../src/report/report.ts';
import type { ViewerData } from '../../src/report/viewer-data.ts';
import { parsePrometheus } from '../server/prometheus.ts';
import { hello, snapshot, transition } from '../support/builders.ts';
import { RedisServer } from '../support/redis.ts';
import { freePort } from '../support/servers.ts';
import { requireTool } from '../support/tools.ts';
import { endServices, type SignalledService, startSignalledService, TestService } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, FOLDER, Program, run } from './program.ts';

const QUICK = ['--before', '300ms', '--after', '300ms', '-i', '50ms', '-t', '300ms'];

/** Starts a daemon. Returns it with the address of its feed. @param more options */
async function daemon(
  vantage: string,
  service: { readonly port: number },
  ...more: readonly string[]
): Promise<{ program: Program; url: string }> {
  const where = ['--listen', '127.0.0.1:0', '--data', 'off', '--vantage', vantage, ...more];
  const program = new Program(['serve', `web=${String(service.port)}`, '-i', '50ms', '-t', '300ms', ...where]);
  await program.said(/"feed":"http:\/\/[^"]+"/);
  const url = /"feed":"(http:\/\/[^"]+)"/.exec(program.stderr)?.[1] ?? '';
  return { program, url };
}

describe('gapwatch run with --also', { concurrency: 2 }, () => {
  let steady: SignalledService;

  before(async () => {
    steady = await startSignalledService();
  });

  after(async () => {
    await endPrograms();
    await endServices();
  });

  it('takes the timelines of another monitor into report and verdict, each under its vantage', async () => {
    const shaky = await startSignalledService();
    const { program, url } = await daemon('second', shaky);
    const [path, page] = [join(FOLDER, 'also.json'), join(FOLDER, 'also.html')];
    const { code, stdout, stderr } = await run([
      ...[
        'run',
        `web=${String(steady.port)}`,
        '--vantage',
        'here',
        '--also',
        url,
        '--report',
        path,
        '--report',
        page,
        ...QUICK,
      ],
      ...['--', 'sh', '-c', `kill -USR2 ${String(shaky.pid)}; sleep 0.8`],
    ]);
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /^seen from here; second \(its clock .* ms (ahead|behind), ± .*\)$/m);
    assert.match(stdout, /^web \(from second\) down 0\.\d\d s/m);
    assert.match(stdout, /^FAIL: .*web \(from second\) was down/m);
    const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
    const here = report.vantages[0]!.services[0]!;
    assert.deepEqual(here.gaps, []);
    // On a busy machine it may not have looked for a moment, and says that instead.
    if (here.unobserved.length === 0) assert.match(stdout, /^web was up all the time from here/m);
    const second = report.vantages[1]!;
    assert.equal(second.vantage, 'second');
    assert.ok(Math.abs(second.clock?.offsetMs ?? Infinity) < 1000);
    const [, data = '{}'] = /id="data">(.*?)<\/script>/.exec(readFileSync(page, 'utf8')) ?? [];
    const { rows } = JSON.parse(data) as ViewerData;
    // Every 50 ms for 300 ms, 0.8 s and 300 ms, and faster while it was down.
    assert.deepEqual(
      rows.map(({ vantage, probes }) => [vantage, probes > 20 && probes < 400]),
      [
        [0, true],
        [1, true],
      ],
      data,
    );
    assert.ok(second.services[0]?.gaps.some(({ fromStartMs }) => fromStartMs !== null && fromStartMs > -200));
    await program.end();
  });

  it('calls a public monitor by its address where its name is that of the host, and says that a token was not used', async () => {
    const { program, url } = await daemon(hostname(), steady, '--public');
    const { host } = new URL(url);
    const files = ['json', 'md', 'xml', 'html'].map((kind) => join(FOLDER, `public.${kind}`));
    const { code, stdout, stderr } = await run([
      ...['run', `web=${String(steady.port)}`, '--also', url, '--token', 'wrong', ...QUICK],
      ...files.flatMap((file) => ['--report', file]),
      ...['--', 'true'],
    ]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, new RegExp(`^Note: ${host} has no token to compare yours with`, 'm'));
    assert.match(stderr, /^1 service up\. Starting: true$/m);
    assert.match(stdout, new RegExp(`seen from ${hostname()} and ${host}\\)\\.$`, 'm'));
    for (const file of files) assert.ok(readFileSync(file, 'utf8').includes(host), file);
    const attached = await run(['attach', url, '--token', 'wrong', '--format', 'lines', '--for', '1s']);
    assert.match(attached.stderr, new RegExp(`^Note: ${host} has no token`, 'm'));
    const single = await run(['attach', url, '--format', 'lines', '--for', '1s']);
    assert.doesNotMatch(single.stderr, /Note/);
    await program.end();
  });

  it('distinguishes two vantages of one name by the address', async () => {
    const shaky = await startSignalledService();
    const { program, url } = await daemon('here', shaky);
    const { code, stdout } = await run([
      ...['run', `web=${String(steady.port)}`, '--vantage', 'here', '--also', url, ...QUICK],
      ...['--', 'sh', '-c', `kill -USR2 ${String(shaky.pid)}; sleep 0.8`],
    ]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, new RegExp(`^FAIL: web \\(from here \\(${new URL(url).host}\\)\\) was down`, 'm'));
    await program.end();
  });

  it('does not pass where the other monitor went away', async () => {
    const { program, url } = await daemon('second', steady);
    const { code, stdout } = await run([
      ...['run', `web=${String(steady.port)}`, '--vantage', 'here', '--also', url, ...QUICK, '--give-up', '4s'],
      ...['--', 'kill', '-KILL', String(program.pid)],
    ]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /web \(from second\) was not observed for|part of the time was not observed/m);
  });

  it('does not pass where the other monitor says what can not be read, as a newer one may', async (t) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const beat = { type: 'heartbeat', seq: 0, probes: 0, missed: 0, lateMs: 0, overloaded: false } as const;
    const say = (message: object): void => {
      for (const ws of server.clients) ws.send(JSON.stringify(message));
    };
    let isNewer = false;
    const timer = setInterval(() => {
      if (isNewer) say({ ...transition('web', 'up', 'down', Date.now()), to: 'degraded' });
      say({ ...beat, now: Date.now() });
    }, 50);
    t.after(() => {
      clearInterval(timer);
      server.close();
      for (const ws of server.clients) ws.terminate();
    });
    server.on('connection', (ws) => {
      const now = Date.now();
      const web = snapshot('web', { since: now - 60_000, timeline: [{ state: 'up', from: now - 60_000, to: null }] });
      ws.send(JSON.stringify(hello([web], { now, resumed: false })));
    });
    const url = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const watching = new Program([
      'run',
      '--also',
      url,
      ...QUICK,
      '--give-up',
      '3s',
      '--max-gap',
      '1m',
      '--',
      'sleep',
      '1',
    ]);
    await watching.said(/Starting: sleep/);
    isNewer = true;
    assert.equal(await watching.ended, 1, watching.stdout + watching.stderr);
    assert.match(watching.stdout, /^NOT PROVEN/m);
    assert.match(watching.stdout, /can't be read, it may be a newer gapwatch \(transition: to: /);
  });

  it('has one open gap with its counts where the other monitor stalled while the service was down', async () => {
    const service = await TestService.start();
    const { program, url } = await daemon('second', service);
    const path = join(FOLDER, 'open.json');
    const where = ['--also', url, '--report', path, ...QUICK, '--give-up', '3s'];
    const watching = new Program(['run', ...where, '--', 'sleep', '1']);
    await watching.said(/Starting: sleep/);
    service.down();
    await waitFor(async () => {
      const families = parsePrometheus(await (await fetch(`${url}/metrics`)).text());
      const probes = families.get('gapwatch_probes_total')?.series ?? [];
      return probes.some(({ labels, value }) => labels['result'] === 'down' && value > 10);
    });
    process.kill(program.pid, 'SIGSTOP');
    await sleep(500);
    process.kill(program.pid, 'SIGCONT');
    assert.equal(await watching.ended, 1, watching.stdout + watching.stderr);
    const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
    const [web] = report.vantages[0]!.services;
    assert.ok(web!.unobservedMs > 200, String(web!.unobservedMs));
    assert.equal(web!.gaps.length, 1, JSON.stringify(web!.gaps));
    const [gap] = web!.gaps;
    assert.equal(gap!.end, 'open');
    assert.ok(gap!.failed !== null && gap!.failed > 10, String(gap!.failed));
    assert.equal(gap!.reasons[0]?.reason, 'refused');
    assert.ok(Math.abs(gap!.durationMs - web!.downMs) < 60, `${String(gap!.durationMs)} ${String(web!.downMs)}`);
    assert.ok(gap!.minMs <= gap!.durationMs);
    assert.match(watching.stdout, /did not come back, .* so far/);
    await program.end();
  });

  it('needs no service of its own', async () => {
    const { program, url } = await daemon('second', steady);
    const { code, stdout } = await run(['run', '--also', url, ...QUICK, '--max-gap', '1m', '--', 'true']);
    assert.equal(code, 0, stdout);
    // On a busy machine the other monitor may not have looked for a moment, and says so.
    assert.match(stdout, /^web (was up all the time|not observed for \d)/m);
    assert.doesNotMatch(stdout, /^seen from/m);
    await program.end();
  });

  it('does not start the command where the other one is a hub without a publisher', async (t) => {
    if (!requireTool(t, 'redis-server')) return;
    const redis = await RedisServer.start();
    t.after(() => redis.close());
    const program = new Program(['hub', '--bus', redis.url, '--listen', '127.0.0.1:0']);
    await program.said(/"feed":"http:\/\/[^"]+"/);
    const url = /"feed":"(http:\/\/[^"]+)"/.exec(program.stderr)?.[1] ?? '';
    const alone = ['run', '--also', url, ...QUICK, '--give-up', '1s', '--', 'echo', 'started'];
    const { code, stdout, stderr } = await run(alone);
    assert.equal(code, 4, stdout);
    assert.equal(stdout, '');
    assert.match(stderr, /^ {2}.+: no service is watched there$/m);
    await program.end();
  });

  it('does not start the command where the feed can not be reached, and says why', async () => {
    const closed = `127.0.0.1:${String(await freePort())}`;
    const { code, stderr } = await run([
      ...['run', `web=${String(steady.port)}`, '--also', closed, ...QUICK, '--give-up', '1s', '--', 'true'],
    ]);
    assert.equal(code, 4);
    assert.match(stderr, /the feed ws:\/\/127\.0\.0\.1:\d+\/feed is not connected: .*ECONNREFUSED/);
  });
});

/** `gapwatch run`, the real program with real commands. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { whyNoCommand } from '../../src/cli/command-child.ts';
import type { Report } from '../../src/report/report.ts';
import { RedisServer } from '../support/redis.ts';
import { freePort } from '../support/servers.ts';
import { requireTool } from '../support/tools.ts';
import { endServices, type SignalledService, startSignalledService } from '../support/test-service.ts';
import { endPrograms, entry, FOLDER, folderWith, type Outcome, Program, run } from './program.ts';

/** Quick, where the test is not about these. */
const QUICK = ['--before', '300ms', '--after', '300ms', '-i', '50ms', '-t', '300ms'];
/** Whatever a busy machine does to a service that is not restarted. */
const LENIENT = ['--max-gap', '1m'];

async function runs(
  service: SignalledService,
  options: readonly string[],
  command: readonly string[],
): Promise<Outcome> {
  return run(['run', `web=${String(service.port)}`, ...QUICK, ...options, '--', ...command]);
}

/** Whether a process is there, and not only as one that its parent did not ask for yet. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function readReport(path: string): Report {
  return JSON.parse(readFileSync(path, 'utf8')) as Report;
}

describe('gapwatch run', { concurrency: 2 }, () => {
  let steady: SignalledService;

  before(async () => {
    steady = await startSignalledService();
  });

  after(async () => {
    await endPrograms();
    await endServices();
  });

  it('counts services in one way from the start to the verdict, whatever connections they are watched over', async () => {
    const { code, stdout, stderr } = await runs(
      steady,
      [`api=${String(steady.port)}`, '--connection', 'both', ...LENIENT],
      ['true'],
    );
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, /^2 services \(4 connections\) up\. Starting: true$/m);
    // On a busy machine there may be a gap instead, within the budget.
    if (!stdout.includes('the longest gap')) assert.match(stdout, /^PASS: 2 services \(4 connections\) /m);
  });

  it('never passes a freeze that is longer than the budget, also where every probe was answered in the end', async (t) => {
    if (!requireTool(t, 'redis-server')) return;
    const redis = await RedisServer.start();
    t.after(() => redis.close());
    const path = join(FOLDER, 'frozen.json');
    const options = ['--before', '300ms', '--after', '300ms', '-i', '50ms', '-t', '3s', '--max-gap', '300ms'];
    const program = new Program(['run', `db=${redis.url}`, ...options, '--report', path, '--', 'sleep', '1.2']);
    await program.said(/Starting: sleep/);
    const frozenFrom = performance.now();
    redis.signal('SIGSTOP');
    await sleep(800);
    redis.signal('SIGCONT');
    const frozenMs = performance.now() - frozenFrom;
    assert.equal(await program.ended, 1, program.stdout);
    const [db] = readReport(path).vantages[0]!.services;
    assert.equal(db!.gaps.length, 0);
    const silentMs = db!.longestSilence?.durationMs ?? 0;
    // What the monitor was late by, it says.
    assert.ok(
      silentMs >= 799 && silentMs < frozenMs + 190 + db!.unobservedMs,
      `${String(silentMs)} of ${String(frozenMs)} ms`,
    );
    const words = `no answer for ${(silentMs / 1000).toFixed(2)} s from [+−]`;
    assert.match(program.stdout, new RegExp(`^NOT PROVEN: db was without an ${words.slice(3)}`, 'm'));
    assert.match(
      program.stdout,
      new RegExp(`^db ${db!.unobservedMs === 0 ? 'up all the time, but' : '.*'} ${words}`, 'm'),
    );
  });

  it('passes a command that was not felt; its output passes through, and the report comes after it', async () => {
    const { code, stdout, stderr } = await runs(steady, LENIENT, ['sh', '-c', 'echo one | cat; echo two >&2']);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^one\n\nsh -c 'echo one \| cat; echo two >&2' exited with 0 after .*\n\nweb [^]*\n\nPASS: /);
    assert.match(stderr, /Waiting until every service has been up for 300ms[^]*Starting: sh[^]*two\n[^]*exited with 0/);
  });

  it('says how long a service was down, from when, and is bad; all forms of the report say it', async () => {
    const service = await startSignalledService();
    const path = (ending: string): string => join(FOLDER, `bad.${ending}`);
    const files = ['json', 'md', 'xml', 'svg'].flatMap((ending) => ['--report', path(ending)]);
    const command = ['sh', '-c', `kill -USR2 ${String(service.pid)}; sleep 0.8`];
    const { code, stdout } = await runs(service, files, command);
    assert.equal(code, 1, stdout);
    assert.match(
      stdout,
      /^web down 0\.\d\d s \(0\.\d\d–0\.\d\d\) from ([+−]|a probe that was sent before).*, .*refused ×\d+/m,
    );
    assert.match(stdout, /^FAIL: web was down 0\.\d\d s/m);
    const report = readReport(path('json'));
    assert.equal(report.verdict?.result, 'fail');
    const [gap] = report.vantages[0]!.services[0]!.gaps;
    // It was away for 300 ms, and for a little more where this machine is busy.
    assert.ok(gap !== undefined && gap.minMs <= 450 && (gap.maxMs ?? 0) >= 300, JSON.stringify(gap));
    assert.ok((gap.fromStartMs ?? -1) > -100);
    assert.deepEqual(
      report.marks.map(({ text }) => text.replace(/ (after|started).*/, ' $1')),
      [`run: sh -c '${command[2] ?? ''}' started`, `run: sh -c '${command[2] ?? ''}' exited with 0 after`],
    );
    for (const ending of ['md', 'xml', 'svg']) assert.match(readFileSync(path(ending), 'utf8'), /down 0\.\d\d s/);
  });

  it('does not pass what its probes were too far apart to see', async () => {
    const service = await startSignalledService();
    const command = ['sh', '-c', `kill -USR2 ${String(service.pid)}; sleep 0.6`];
    const slow = ['--before', '300ms', '--after', '300ms', '-i', '3s', '-t', '300ms'];
    const target = `web=${String(service.port)}`;
    const { code, stdout } = await run(['run', target, ...slow, '--sentinel', 'off', '--', ...command]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^NOT PROVEN: web was probed only every 3\.00 s, /m);
    // An idle connection sees it, however far apart they are.
    const held = await run(['run', target, ...slow, '--', ...command]);
    assert.equal(held.code, 1, held.stdout);
    assert.match(held.stdout, /^FAIL: web was down 0\.\d\d s /m);
  });

  it('writes its files before an output that can not be written, and says so in words', async () => {
    const path = join(FOLDER, 'full.json');
    const words = ['run', `web=${String(steady.port)}`, ...QUICK, ...LENIENT, '--report', path, '--', 'true'];
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [entry('main'), ...words], { cwd: FOLDER, stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const exited = once(child, 'exit');
    assert.ok(child.stderr);
    const stderr = await readText(child.stderr);
    assert.deepEqual(await exited, [74, null], stderr);
    assert.match(stderr, /^gapwatch: the output could not be written: ENOSPC/m);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.equal(readReport(path).verdict?.result, 'pass');

    // Nor is it all well where a file of the report could not be written in the end.
    const folder = folderWith('x', '');
    const gone = new Program([...words.slice(0, -2), '--report', join(folder, 'gone.json'), '--', 'rm', '-r', folder]);
    assert.equal(await gone.ended, 74, gone.stderr);
    assert.match(gone.stderr, /gone\.json: the report could not be written/);
  });

  it('allows what the budget allows', async () => {
    const service = await startSignalledService();
    const command = ['sh', '-c', `kill -USR2 ${String(service.pid)}; sleep 0.8`];
    const { code, stdout } = await runs(service, ['--max-gap', '10s', '--max-total', '20s'], command);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^PASS: the longest gap, .* of web, is within the budget of 10\.0 s, and no service/m);
  });

  it('ends with 3 where the command fails, with its code in the report', async () => {
    const path = join(FOLDER, 'failed.json');
    const { code, stdout } = await runs(steady, [...LENIENT, '--report', path], ['sh', '-c', 'exit 42']);
    assert.equal(code, 3);
    assert.match(stdout, /^PASS, but the command failed: exited with 42 after \S+ \S+; 1 service /m);
    assert.equal(readReport(path).run?.exitCode, 42);
  });

  it('reports a command that a signal ended', async () => {
    const { code, stdout } = await runs(steady, LENIENT, ['sh', '-c', 'kill -KILL $$']);
    assert.equal(code, 3);
    assert.match(stdout, /was ended by SIGKILL/);
  });

  it('is bad for a service that is killed for good', async () => {
    const service = await startSignalledService();
    const { code, stdout } = await runs(service, ['--give-up', '1s'], ['kill', '-KILL', String(service.pid)]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^web down .* so far \(at least .*\) from ([+−]|a probe that was sent before).*; did not come back$/m,
    );
    assert.match(stdout, /^FAIL: web did not come back, /m);
  });

  it('does not start the command where a service is not up, and says which one and why', async () => {
    const port = await freePort();
    const witness = join(FOLDER, 'started');
    const path = (ending: string): string => join(FOLDER, `unstarted.${ending}`);
    const endings = ['json', 'md', 'xml', 'svg'];
    for (const ending of endings) writeFileSync(path(ending), 'PASS of yesterday');
    const files = endings.flatMap((ending) => ['--report', path(ending)]);
    const { code, stdout, stderr } = await run([
      ...['run', `web=${String(steady.port)}`, `dead=${String(port)}`],
      ...[...QUICK, '--give-up', '4s', ...files, '--', 'touch', witness],
    ]);
    assert.equal(code, 4, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /touch .* was not started: not every service was up for 300ms within 4s/);
    assert.match(stderr, /^ {2}dead: down for .*: refused, /m);
    // On a busy machine it may have been watched for less, and that is what is said of it.
    assert.doesNotMatch(stderr, /^ {2}web: (?!up for \S+ \S+ only$)/m);
    assert.ok(!existsSync(witness));
    // What stood in the files does not pass for this run's.
    const { run: facts, verdict, vantages } = readReport(path('json'));
    assert.equal(facts?.ending, 'not-started');
    assert.equal(verdict?.result, 'fail');
    assert.deepEqual(
      verdict.faults
        .map(({ kind, service }) => [kind, service])
        .filter(([, service]) => service !== 'web' || !/^ {2}web: up for/m.test(stderr)),
      [['not-up', 'dead']],
    );
    assert.match(verdict.sentence, /^FAIL: touch .* was not started: .* dead was down for .*: refused/);
    assert.equal(vantages[0]!.services.length, 2);
    for (const ending of endings) assert.doesNotMatch(readFileSync(path(ending), 'utf8'), /yesterday/);
    assert.match(readFileSync(path('md'), 'utf8'), /^\*\*FAIL: /m);
    assert.match(readFileSync(path('xml'), 'utf8'), /<failure type="not-up"/);
  });

  it('says in the files too that a command could not be started at all', async () => {
    const file = join(folderWith('broken', '#!/no/such/interpreter\n'), 'broken');
    chmodSync(file, 0o755);
    const path = join(FOLDER, 'broken.json');
    writeFileSync(path, 'PASS of yesterday');
    const { code, stderr } = await runs(steady, [...LENIENT, '--report', path], [file]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /could not be started/);
    const { run: facts, verdict } = readReport(path);
    assert.equal(facts?.ending, 'not-started');
    assert.match(verdict?.sentence ?? '', /^FAIL: .* could not be started: /);
  });

  it('has an earlier report as its budget', async () => {
    const path = join(FOLDER, 'earlier.json');
    const first = await runs(steady, [...LENIENT, '--report', path], ['true']);
    assert.equal(first.code, 0, first.stdout);
    const service = await startSignalledService();
    const command = ['sh', '-c', `kill -USR2 ${String(service.pid)}; sleep 0.8`];
    const now = join(FOLDER, 'now.json');
    const { code, stdout } = await runs(service, ['--baseline', path, '--report', now], command);
    assert.equal(code, 1, stdout);
    assert.match(
      stdout,
      /^FAIL: web was down .*, before: no gap.*; compared with the baseline: web worse by at least /m,
    );
    assert.match(stdout, /^service {2}state {2}gaps +longest {2}before/m);
    assert.equal(readReport(now).run?.baseline?.services[0]?.service, 'web');
    // The other way round it is better.
    const better = await runs(steady, ['--baseline', now, ...LENIENT], ['true']);
    assert.equal(better.code, 0, better.stdout);
    assert.match(better.stdout, /^PASS: .*compared with the baseline: (web better by at least |1 service the same)/m);
  });

  it('ends a command that never ends', async () => {
    const { code, stdout, stderr } = await runs(
      steady,
      [...LENIENT, '--give-up', '3s'],
      ['sh', '-c', 'sleep 100 | cat'],
    );
    assert.equal(code, 3);
    assert.match(stderr, /has not ended within 3s: ending it/);
    assert.match(stdout, /did not end by itself: it was ended after/);
  });

  it('ends also what the command started, where that is deaf', async () => {
    const witness = join(FOLDER, 'deaf');
    const deaf = `trap "" TERM; echo $$ > ${witness}; exec sleep 1000`;
    const command = ['sh', '-c', `sh -c '${deaf}' & trap 'exit 1' TERM; while :; do sleep 0.05; done`];
    const { code, stdout } = await runs(steady, [...LENIENT, '--give-up', '3s'], command);
    assert.equal(code, 3, stdout);
    const pid = Number(readFileSync(witness, 'utf8'));
    assert.ok(!isRunning(pid), String(pid));
  });

  it('gives the command its own standard input', async () => {
    const args = [entry('main'), 'run', `web=${String(steady.port)}`, ...QUICK, ...LENIENT, '--', 'cat'];
    const cat = spawn(process.execPath, args, { cwd: FOLDER, stdio: ['pipe', 'pipe', 'ignore'] });
    cat.stdin.end('typed by a person\n');
    const stdout = await readText(cat.stdout);
    assert.match(stdout, /^typed by a person\n/);
  });

  it('reads services.json where no target is named, and keeps the run in a history', async () => {
    const folder = folderWith('services.json', {
      services: [{ name: 'from the file', type: 'tcp', host: '127.0.0.1', port: steady.port }],
      feed: { listen: '127.0.0.1:1' },
    });
    const data = join(folder, 'data');
    const { code, stdout } = await run(['run', ...QUICK, ...LENIENT, '--data', data, '--', 'true'], { cwd: folder });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^from the file (was|down) /m);
    const report = await run(['report', '--data', data]);
    assert.equal(report.code, 0, report.stderr);
    assert.match(report.stdout, /^from the file {2}UP +\d/m);
    assert.match(report.stdout, /run: true started/);
  });
});

describe('gapwatch run that can not begin', { concurrency: 2 }, () => {
  const cases: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    [
      'a command that is not there',
      ['8080', '--', 'no-such-command'],
      /There is no command "no-such-command" in the PATH\. Nothing/,
    ],
    ['a path that is not there', ['8080', '--', './nothing'], /There is no file \.\/nothing\. Nothing was started/],
    ['a file that is no program', ['8080', '--', './plain'], /plain is not executable/],
    ['a folder', ['8080', '--', '.'], /There is no/],
    ['no command', ['8080'], /put the command after --/],
    ['an empty command', ['8080', '--', ''], /The command is empty/],
    ['no service', ['--', 'true'], /No service to watch/],
    [
      'a report that can not be written',
      ['8080', '--report', 'missing/a.json', '--', 'true'],
      /missing\/a\.json: its folder does not exist/,
    ],
    ['a report of another kind', ['8080', '--report', 'a.pdf', '--', 'true'], /\.json, \.md, \.xml, \.svg/],
    ['a budget without a unit', ['8080', '--max-gap', '5', '--', 'true'], /--max-gap: 5 has no unit/],
    [
      'patience that ends too early',
      ['8080', '--give-up', '1s', '--', 'true'],
      /--give-up: 1s is shorter than --before \(2s\)/,
    ],
    [
      'a baseline that is not there',
      ['8080', '--baseline', 'no.json', '--', 'true'],
      /--baseline no\.json: no such file/,
    ],
    ['a baseline that is a folder', ['8080', '--baseline', '.', '--', 'true'], /--baseline \.: this is a folder/],
    [
      'a baseline without an end',
      ['8080', '--baseline', '/dev/zero', '--', 'true'],
      /it can't be read: it is longer than \d+ MiB/,
    ],
    [
      'a baseline that is no report',
      ['8080', '--baseline', 'plain', '--', 'true'],
      /--baseline plain: this is not JSON/,
    ],
    ['a feed that is none', ['8080', '--also', 'ftp://x', '--', 'true'], /ftp:\/\/x: this is no feed/],
  ];
  it('looks for a command also behind a folder of the PATH that can not be searched', () => {
    const loop = join(FOLDER, 'loop');
    symlinkSync(loop, loop);
    const real = dirname(process.execPath);
    assert.equal(whyNoCommand(basename(process.execPath), { PATH: `${loop}:${real}` }), null);
    assert.match(whyNoCommand('no-such-command', { PATH: loop }) ?? '', /There is no command/);
  });

  for (const [what, args, says] of cases) {
    it(`says so for ${what}`, async () => {
      writeFileSync(join(FOLDER, 'plain'), 'text');
      const { code, stdout, stderr } = await run(['run', ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /Waiting/);
    });
  }
});

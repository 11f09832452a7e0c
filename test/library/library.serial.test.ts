/** The library as a package of others uses it: packed, installed, imported and type-checked. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { connect, watchDuring } from '../../src/index.ts';
import type { Message } from '../../src/index.ts';
import { scene, TOKEN } from '../server/scene.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { ROOT } from '../support/write-schemas.ts';

const QUICK = { interval: '20ms', before: '100ms', after: '200ms', giveUp: '10s' } as const;

/** Of a test file of somebody else's. */
const CONSUMER = `
import { connect, watchDuring, type Message, type Report, type Watched } from 'gapwatch';

export async function deployed(): Promise<string> {
  const watched: Watched<number> = await watchDuring(['web=8080'], async () => Promise.resolve(3), { maxGap: '500ms' });
  const report: Report = watched.report;
  const longest: number = Math.max(...watched.gaps.map(({ durationMs }) => durationMs));
  const result: 'pass' | 'fail' | 'not-proven' = watched.verdict.result;
  // @ts-expect-error there is no such option
  void watchDuring([], () => 1, { nothing: 1 });
  for await (const message of connect('http://127.0.0.1:9720', { samples: true })) {
    const one: Message = message;
    if (one.type === 'gap') return one.service + one.durationMs.toFixed(1) + one.reasons.map(({ reason }) => reason).join();
    if (one.type === 'hello') return one.services.map(({ state }) => state).join();
  }
  return report.vantages.map(({ vantage }) => vantage).join() + String(longest) + result;
}
`;

describe('the package', () => {
  let folder: string;
  let files: string[] = [];

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'gapwatch-library-')));
    execFileSync('node', ['build-types.js'], { cwd: ROOT });
    const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const [packed] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' })) as [
      { filename: string; files: { path: string }[] },
    ];
    files = packed.files.map(({ path }) => path);
    const installed = join(folder, 'node_modules/gapwatch');
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, packed.filename), '--strip-components=1', '-C', installed]);
    // Its dependencies are there as they are here.
    symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const evaluated = (code: string): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    });

  it('has every page and picture that its README shows, but what is for those who change it', () => {
    const links = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)];
    for (const [, link = ''] of links.filter(([, link]) => link !== 'CONTRIBUTING.md'))
      assert.ok(
        files.some((file) => file === link || file.startsWith(`${link}/`)),
        link,
      );
  });

  it('is installed from a clone too, and gives the command', () => {
    const clone = join(folder, 'clone');
    const prefix = join(folder, 'prefix');
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
      .split('\0')
      .filter(Boolean);
    for (const file of tracked.filter((name) => existsSync(join(ROOT, name))))
      cpSync(join(ROOT, file), join(clone, file));
    const env = { ...process.env, npm_config_prefix: prefix };
    const { status, stderr } = spawnSync('npm', ['install', '--global', '.'], { cwd: clone, env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(execFileSync(join(prefix, 'bin', 'gapwatch'), ['--version'], { encoding: 'utf8' }), /^\d/);
  });

  it('gives two functions, and nothing else', () => {
    const { stdout, stderr } = evaluated("import * as all from 'gapwatch'; console.log(Object.keys(all).join());");
    assert.equal(stdout, 'connect,watchDuring\n', stderr);
    for (const path of ['dist/src/index.js', 'dist/src/core/model.js', 'src/index.ts'])
      assert.match(evaluated(`await import('gapwatch/${path}')`).stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/, path);
    const schema =
      "import schema from 'gapwatch/schemas/feed.schema.json' with { type: 'json' }; console.log(schema.title);";
    assert.equal(evaluated(schema).status, 0);
  });

  it('is imported without a warning, and lets the process end', () => {
    const { status, stderr } = evaluated("import { connect } from 'gapwatch'; connect('127.0.0.1:1').return();");
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('has types that fit', () => {
    writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const compilerOptions = {
        ...{ target: 'es2023', lib: ['es2023', 'dom'], module, moduleResolution: resolution, types: [] },
        ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false },
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer.ts'] }));
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
      assert.equal(status, 0, stdout);
    }
  });

  it('has the files that it names, and none of the tests', () => {
    for (const file of [
      'dist/src/main.js',
      'dist/src/index.d.ts',
      'schemas/report.schema.json',
      'services.schema.json',
      'gapwatch.service',
    ])
      assert.ok(files.includes(file), file);
    assert.deepEqual(
      files.filter((file) => /test|\.build/.test(file) && !file.endsWith('.md')),
      [],
    );
  });
});

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

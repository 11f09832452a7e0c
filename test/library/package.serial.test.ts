/** The package as others use it: packed, installed, imported and type-checked. */
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

import { ROOT } from '../support/write-schemas.ts';

/** A test file of another project. */
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

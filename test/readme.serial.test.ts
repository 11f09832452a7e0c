import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { loadConfig } from '../src/config/load-config.ts';
import { requireTool } from './support/tools.ts';

const manifest = createRequire(import.meta.url).resolve('#package.json');
const root = dirname(manifest);
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(manifest, 'utf8')) as { scripts: Record<string, string> };
const main = fileURLToPath(new URL('../src/main.js', import.meta.url));

/** The contents of the fenced blocks of one language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');
}

function help(...command: string[]): string {
  return execFileSync(process.execPath, [main, ...command, '--help'], { encoding: 'utf8' });
}

function commands(): string[] {
  const [list = ''] = help().split('Positionals:');
  return [...list.matchAll(/^ {2}gapwatch ([a-z]+)/gm)].map((match) => match[1] ?? '');
}

describe('the README', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gapwatch-readme-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('shows the two commands of a fresh clone, in the first block of commands', () => {
    assert.match(blocks('sh')[0] ?? '', /^npm start\b.*\nnpm test\b/);
  });

  it('names only scripts that exist', () => {
    const named = [...readme.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map((match) => match[1] ?? '');
    assert.ok(named.length > 0);
    for (const name of named) assert.ok(name in scripts, `npm run ${name}`);
  });

  it('names the commands that there are, and all of them', () => {
    const named = [...readme.matchAll(/^\| `gapwatch \[?([a-z]+)/gm)].map((match) => match[1] ?? '').sort();
    assert.deepEqual(named, commands().sort());
  });

  it('names the options that there are, and all of them', () => {
    const named = [...readme.matchAll(/^\| `(?:-[a-z], )?--([a-z-]+)/gm)].map((match) => match[1] ?? '').sort();
    const helps = commands().map((command) => help(command));
    const real = helps.flatMap((text) =>
      [...text.matchAll(/^ +(?:-[a-z], +)?--([a-z-]+)/gm)].map((match) => match[1] ?? ''),
    );
    const all = new Set(real.filter((name) => !['help', 'version'].includes(name)));
    assert.deepEqual(named, [...all].sort());
  });

  it('shows a configuration that is accepted, and an error as it is printed', async () => {
    const file = join(folder, 'services.json');
    writeFileSync(file, blocks('json')[0] ?? '');
    const request = { file, targets: [], options: {}, defaultIntervalMs: 100, cwd: folder };
    const { watched } = await loadConfig({ ...request, env: { GAPWATCH_TOKEN: 'x' } });
    assert.deepEqual(
      watched.map(({ service }) => service.name),
      ['web', 'api', 'cache', 'cache (kept)'],
    );
    const [shown = ''] = /^services\.json:.*70000.*$/m.exec(readme) ?? [];
    writeFileSync(file, '{ "services": [\n{ "type": "tcp", "name": "a", "host": "h", "port": 70000 }] }');
    await assert.rejects(loadConfig({ ...request, env: {} }), (error: Error) =>
      error.message.includes(shown.slice(shown.indexOf('70000'))),
    );
  });

  it('has a unit that systemd accepts, with few rights', (t) => {
    if (!requireTool(t, 'systemd-analyze')) return;
    const unit = join(root, 'gapwatch.service');
    // In tenths.
    const security = ['security', '--offline=true', '--threshold=20', unit];
    const exposure = spawnSync('systemd-analyze', security, { encoding: 'utf8' });
    assert.equal(exposure.status, 0, exposure.stdout);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    assert.deepEqual([status, stderr.includes('gapwatch.service')], [0, false], stderr);
  });

  it('links to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
    assert.ok(links.length > 2);
    for (const link of links) assert.ok(existsSync(join(root, link)), link);
  });
});

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** The README, and the pages of the docs, by name. */
const pages = new Map(
  ['README.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))]
    .filter((name) => name.endsWith('.md'))
    .map((name) => [name, readFileSync(join(root, name), 'utf8')]),
);
const page = (name: string): string => pages.get(join('docs', name)) ?? '';

/** The contents of the fenced blocks of one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');
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
    assert.match(blocks(readme, 'sh')[0] ?? '', /^npm start\b.*\nnpm test\b/);
  });

  it('is short, and shortest before the first command', () => {
    const words = (text: string): number => text.split(/\s+/).length;
    assert.ok(words(readme) <= 1800, String(words(readme)));
    const [before = ''] = readme.split('npm start');
    assert.ok(words(before) <= 120, String(words(before)));
  });

  it('names only scripts that exist', () => {
    const named = [...[...pages.values()].join('\n').matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map(
      (match) => match[1] ?? '',
    );
    assert.ok(named.length > 0);
    for (const name of named) assert.ok(name in scripts, `npm run ${name}`);
  });

  it('names the commands that there are, and all of them', () => {
    const named = [...page('commands.md').matchAll(/^\| `gapwatch \[?([a-z]+)/gm)]
      .map((match) => match[1] ?? '')
      .sort();
    assert.deepEqual(named, commands().sort());
  });

  it('names the options that there are, and all of them', () => {
    const named = [...page('commands.md').matchAll(/^\| `(?:-[a-z], )?--([a-z-]+)/gm)]
      .map((match) => match[1] ?? '')
      .sort();
    const helps = commands().map((command) => help(command));
    const real = helps.flatMap((text) =>
      [...text.matchAll(/^ +(?:-[a-z], +)?--([a-z-]+)/gm)].map((match) => match[1] ?? ''),
    );
    const all = new Set(real.filter((name) => !['help', 'version'].includes(name)));
    assert.deepEqual(named, [...all].sort());
  });

  it('shows a configuration that is accepted, and an error as it is printed', async () => {
    const file = join(folder, 'services.json');
    writeFileSync(file, blocks(page('configuration.md'), 'json')[0] ?? '');
    const request = { file, targets: [], options: {}, defaultIntervalMs: 100, cwd: folder };
    const { watched } = await loadConfig({ ...request, env: { GAPWATCH_TOKEN: 'x' } });
    assert.deepEqual(
      watched.map(({ service }) => service.name),
      ['web', 'api', 'cache', 'cache (kept)'],
    );
    const [shown = ''] = /^services\.json:.*70000.*$/m.exec(page('configuration.md')) ?? [];
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

  it('links to files and heads that are there, and so do the pages of the docs', () => {
    for (const [name, text] of pages) {
      const links = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map((match) => match[1] ?? '');
      for (const link of links) {
        const [path = '', anchor] = link.split('#');
        const file = path === '' ? join(root, name) : join(root, dirname(name), path);
        assert.ok(existsSync(file), `${name}: ${link}`);
        if (anchor !== undefined) assert.ok(headsOf(file).includes(anchor), `${name}: ${link}`);
      }
    }
    for (const name of pages.keys()) {
      if (name !== 'README.md') assert.ok(readme.includes(`(${name}`), `the README does not lead to ${name}`);
    }
  });
});

/** The anchors of a page's heads, as GitHub makes them. */
function headsOf(file: string): string[] {
  const heads = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return heads.map((head) =>
    head
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

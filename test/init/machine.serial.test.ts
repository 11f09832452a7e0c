/** `gapwatch init` on a machine with many listeners: each is recognised, in time, and what is written can be used as it is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Ajv } from 'ajv';
import { parse } from 'jsonc-parser';

import { jsonSchema } from '../../src/config/config-schema.ts';
import { entry, FOLDER, run, type Outcome } from '../cli/program.ts';
import { requireTool } from '../support/tools.ts';

/** One after the other they would take 30 s; on a machine that is idle all take 2 s. */
const LONGEST_MS = 10_000;

type Entry = Readonly<Record<string, unknown>>;

interface Found {
  readonly init: Outcome;
  readonly check: Outcome;
  readonly tookMs: number;
  readonly asked: Readonly<Record<string, number>>;
  readonly text: string;
}

/** Runs it in a network namespace of its own; null where this user may not. */
function inNamespace(t: TestContext, folder: string, args: readonly string[]): Found | null {
  if (!requireTool(t, 'redis-server') || !requireTool(t, 'ip')) return null;
  const child = fileURLToPath(new URL('children/many-listeners.js', import.meta.url));
  const script = 'ip link set lo up && exec "$@"';
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['-n', 'sh', '-c', script, 'sh', process.execPath, child, folder, ...args],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  if (/unshare: /.test(stderr)) {
    t.skip('this user may have no network namespace');
    return null;
  }
  return JSON.parse(stdout) as Found;
}

function entriesOf(text: string): Entry[] {
  const value = parse(text, [], { allowTrailingComma: true }) as { services: Entry[] };
  const isServicesFile = new Ajv({ strict: false }).compile(jsonSchema());
  assert.ok(isServicesFile(value), JSON.stringify(isServicesFile.errors));
  return value.services;
}

/** The place of a service, and all else but its name. */
function byPlace(entries: readonly Entry[]): Record<string, Entry> {
  return Object.fromEntries(
    entries.map(({ name, url, host, port, ...rest }) => [
      typeof url === 'string' ? url : `${String(host)} ${String(port)}`,
      { name, ...rest },
    ]),
  );
}

describe('gapwatch init', () => {
  it('finds 22 services at once, each of its kind, and the file can be used as it is', (t) => {
    const folder = mkdtempSync(join(FOLDER, 'init-'));
    const found = inNamespace(t, folder, []);
    if (found === null) return;
    const { init, check, tookMs, asked, text } = found;
    assert.equal(init.code, 0, init.stderr);
    const tls = { verify: false, servername: 'shop.example.org' };
    const status = (code: number): Entry => ({ expect: { status: ['2xx', '3xx', code] } });
    assert.deepEqual(byPlace(entriesOf(text)), {
      '127.0.0.1 2222': { name: 'ssh', type: 'tcp', expect: 'SSH-' },
      '127.0.0.1 2525': { name: 'smtp', type: 'tcp', expect: '/^220/' },
      '127.0.0.1 3306': { name: 'mysql', type: 'tcp' },
      '127.0.0.1 5432': { name: 'postgres', type: 'tcp' },
      'redis://127.0.0.1:6379': { name: 'redis', type: 'redis' },
      '127.0.0.1 6380': { name: 'redis-6380', type: 'tcp', send: 'PING\r\n', expect: '-NOAUTH' },
      '127.0.0.1 6390': { name: 'many-listeners', type: 'tcp', send: 'PING\r\n', expect: '-DENIED' },
      '127.0.0.1 7000': { name: 'many-listeners-7000', type: 'tcp' },
      '::1 7001': { name: 'many-listeners-7001', type: 'tcp' },
      '127.0.0.1 7002': { name: 'many-listeners-7002', type: 'tcp', hold: '0ms' },
      '127.0.0.1 7003': { name: 'many-listeners-7003', type: 'tcp' },
      'http://127.0.0.1:8080/': { name: 'many-listeners-8080', type: 'http' },
      'http://127.0.0.1:8081/': { name: 'many-listeners-8081', type: 'http', ...status(404) },
      'http://127.0.0.1:8082/': { name: 'many-listeners-8082', type: 'http', ...status(401) },
      'http://[::1]:8083/': { name: 'many-listeners-8083', type: 'http' },
      'http://127.0.0.1:8085/': { name: 'many-listeners-8085', type: 'http', ...status(426) },
      'https://127.0.0.1:8443/': { name: 'many-listeners-8443', type: 'http', tls },
      'https://[::1]:8444/': { name: 'many-listeners-8444', type: 'http', tls },
      '127.0.0.1 9993': { name: 'many-listeners-9993', type: 'tcp', tls },
      '127.0.0.1 9994': { name: 'many-listeners-9994', type: 'tcp' },
      '127.0.0.1 11211': { name: 'memcached', type: 'tcp' },
      'http://127.0.0.1:40000/': { name: 'many-listeners-40000', type: 'http' },
    });
    assert.ok(tookMs < LONGEST_MS, `${String(tookMs)} ms`);
    for (const [port, count] of Object.entries(asked))
      assert.ok(count <= 3, `${port} was asked ${String(count)} times`);
    assert.equal(check.code, 0, check.stdout);
    assert.match(check.stderr, /well formed/);
    assert.match(init.stdout, /^redis +redis:\/\/127\.0\.0\.1:6379 +redis +redis-server on .*6379.*: answered PING/m);
    assert.match(text, /Better: \{"type":"redis".*"password":\{"env":"REDIS_PASSWORD"\}\}/);
  });

  it('takes names and kinds from a Compose file, of what is up and of what is not', (t) => {
    const folder = mkdtempSync(join(FOLDER, 'init-'));
    writeFileSync(join(folder, '.env'), 'CACHE_PORT=6379\nSECRET=hunter2\n');
    writeFileSync(
      join(folder, 'compose.yml'),
      `services:
  shop: { image: shop, ports: ["8080-8082:80-82"] }
  cache: { image: redis:7, ports: ["\${CACHE_PORT:-1}:6379"] }
  queue: { image: redis:7, command: "redis-server --requirepass \${SECRET}", ports: ["127.0.0.1:16379:6379"] }
  front: { image: nginx, ports: [ { target: 443, published: "18443" }, { target: 80, published: "18080", host_ip: "::1" } ] }
  db: { image: "postgres:16", ports: ["15432:5432"] }
  dns: { image: coredns, ports: ["53:53/udp"] }
`,
    );
    const found = inNamespace(t, folder, ['--compose', 'compose.yml']);
    if (found === null) return;
    const { init, tookMs, text } = found;
    assert.equal(init.code, 0, init.stderr);
    const places = byPlace(entriesOf(text));
    const expected = {
      'http://127.0.0.1:8080/': { name: 'shop-80', type: 'http' },
      'http://127.0.0.1:8081/': { name: 'shop-81', type: 'http', expect: { status: ['2xx', '3xx', 404] } },
      'redis://127.0.0.1:6379': { name: 'cache', type: 'redis' },
      '127.0.0.1 16379': { name: 'queue', type: 'tcp', send: 'PING\r\n', expect: '-NOAUTH' },
      'https://127.0.0.1:18443/': { name: 'front-443', type: 'http' },
      'http://[::1]:18080/': { name: 'front-80', type: 'http' },
      '127.0.0.1 15432': { name: 'db', type: 'tcp' },
    };
    for (const [place, entry] of Object.entries(expected)) assert.deepEqual(places[place], entry, place);
    // What else listens is there too, once.
    assert.equal(Object.keys(places).length, 22 + 4);
    assert.match(init.stderr, /dns: 53:53\/udp: UDP can't be watched/);
    assert.doesNotMatch(text + init.stdout + init.stderr, /hunter2/);
    assert.ok(tookMs < LONGEST_MS, `${String(tookMs)} ms`);
  });
});

describe('gapwatch init and the file', () => {
  const gatus = JSON.stringify({ endpoints: [{ name: 'web', url: 'http://127.0.0.1:1/', conditions: [] }] });

  it('never overwrites without --force', async () => {
    const cwd = mkdtempSync(join(FOLDER, 'init-'));
    writeFileSync(join(cwd, 'gatus.yaml'), gatus);
    writeFileSync(join(cwd, 'services.json'), 'mine');
    const refused = await run(['init', '--from', 'gatus.yaml'], { cwd });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /services\.json: it is there already: --force/);
    assert.equal(refused.stdout, '');
    const forced = await run(['init', '--from', 'gatus.yaml', '--force'], { cwd });
    assert.equal(forced.code, 0, forced.stderr);
    assert.match(forced.stderr, /1 service written to services\.json\. Next: gapwatch check, then gapwatch/);
    const other = await run(['init', '--from', 'gatus.yaml', 'other.json'], { cwd });
    assert.match(other.stderr, /Next: gapwatch check --config other\.json/);
    const checked = await run(['check', '--config', 'other.json'], { cwd });
    assert.match(checked.stderr, /other\.json is well formed/);
    const args = [entry('start'), 'init', '--from', 'gatus.yaml'];
    const byNpm = (...more: string[]): string =>
      spawnSync(process.execPath, [...args, ...more], { cwd, encoding: 'utf8', timeout: 30_000 }).stderr;
    assert.match(byNpm('--force'), /Next: npm start -- check, then npm start\n/);
    assert.match(
      byNpm('third.json'),
      /Next: npm start -- check --config third\.json, then npm start -- --config third/,
    );
  });

  for (const [what, args, message] of [
    ['a folder', ['.'], /this is a folder/],
    ['a folder that is not there', ['no/where.json'], /its folder does not exist/],
    ['a file that is not there', ['--from', 'none.yml'], /none\.yml: no such file/],
    ['a Compose file that is not there', ['--compose', 'none.yml'], /none\.yml: no such file/],
    ['a service', ['web=8080'], /looks like a service/],
    ['a port', ['8080'], /looks like a service/],
    ['two files', ['a.json', 'b.json'], /Unknown argument: b\.json/],
    ['an option that is not there', ['--compos', 'x'], /did you mean "--compose"/],
    ['nothing to watch', ['--from', 'empty.yml'], /Nothing in it can be watched/],
  ] as const) {
    it(`is refused in words, and nothing is written: ${what}`, async () => {
      const cwd = mkdtempSync(join(FOLDER, 'init-'));
      writeFileSync(join(cwd, 'empty.yml'), 'endpoints: []');
      const { code, stderr, stdout } = await run(['init', ...args], { cwd });
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }

  it('is offered where there is none', async () => {
    const { code, stderr } = await run(['watch'], { cwd: mkdtempSync(join(FOLDER, 'init-')) });
    assert.equal(code, 2);
    assert.match(stderr, /gapwatch init +finds what listens on this machine/);
  });
});

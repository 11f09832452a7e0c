/**
 * Each version of Node that the package allows: builds, runs the tests of the core, of the history and of the bundle, a watch and a serve.
 * The npm registry has the binaries.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const VERSIONS = ['20.19', '22', '24', 'latest'];
/** Of the tests of one version. */
const LIMIT_MS = 400_000;

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
const cache = join(root, 'node_modules', '.cache', 'node-versions');

/** The binary of a version, from the registry; kept for the next run. */
function binaryOf(version: string): string {
  const name = `node-${process.platform}-${process.arch}@${version}`;
  const exact = execFileSync('npm', ['view', name, 'version', '--json'], { encoding: 'utf8' });
  const parsed = JSON.parse(exact) as string | readonly string[];
  const newest = [parsed].flat().toSorted(byVersion).at(-1) ?? version;
  const folder = join(cache, newest);
  const binary = join(folder, 'package', 'bin', 'node');
  if (spawnSync(binary, ['--version']).status === 0) return binary;
  mkdirSync(folder, { recursive: true });
  const spec = `node-${process.platform}-${process.arch}@${newest}`;
  const [packed = ''] = execFileSync('npm', ['pack', spec, '--silent', '--pack-destination', folder], {
    encoding: 'utf8',
  }).split('\n');
  execFileSync('tar', ['-xzf', join(folder, packed), '-C', folder]);
  rmSync(join(folder, packed));
  return binary;
}

/** The oldest first; the registry lists them in the order in which they were published. */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function testsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(folder, name));
}

let failed = 0;

function step(what: string, binary: string, args: readonly string[], expected: RegExp | null): void {
  const started = performance.now();
  const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env['PATH'] ?? ''}` };
  const child = spawnSync(binary, args, { cwd: root, env, encoding: 'utf8', timeout: LIMIT_MS });
  const output = `${child.stdout}${child.stderr}`;
  const isWell = child.status === 0 && (expected?.test(output) ?? true) && !/Warning: /.test(child.stderr);
  const took = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${what}: ${isWell ? 'ok' : 'FAILED'} (${took} s)\n`);
  if (isWell) return;
  failed += 1;
  process.stdout.write(`${output.slice(-6000)}\n`);
}

// What ends may reset its last connection, which is no fault of a version.
const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
await once(server, 'listening');
server.unref();
const target = `web=${String((server.address() as AddressInfo).port)}`;

for (const version of VERSIONS) {
  const binary = binaryOf(version);
  const name = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  const out = join('.build', name);
  const main = join('dist', 'src', 'main.js');
  const data = mkdtempSync(join(tmpdir(), 'gapwatch-node-'));
  step(`${name}: build`, binary, ['build.js', out], null);
  // What every version builds is the same: the tests run where they expect to be.
  const tests = ['core', 'history', 'bundle'].flatMap((room) => testsBelow(join(root, 'dist', 'test', room)));
  step(
    `${name}: tests`,
    binary,
    ['--test', '--test-reporter=tap', '--test-timeout=120000', '--test-concurrency=1', ...tests],
    /^# fail 0$/m,
  );
  step(`${name}: watch`, binary, [main, '--listen', 'off', '--for', '2s', target], /web .*UP +first answer/);
  const serve = [main, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--for', '3s', target];
  step(`${name}: serve`, binary, serve, /"to":"up"[^]*"msg":"stopping"/);
  step(`${name}: report`, binary, [main, 'report', '--data', data], /web/);
  rmSync(join(root, out), { recursive: true });
  rmSync(data, { recursive: true });
}
process.stdout.write(`${failed === 0 ? 'every version is well' : `${String(failed)} steps failed`}\n`);
process.exitCode = failed === 0 ? 0 : 1;

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, describe, it } from 'node:test';

import { TestService, endServices } from '../support/test-service.ts';
import { DIALECTS, good } from '../support/dialects.ts';
import { freePort } from '../support/servers.ts';
import { endPrograms, entry, FOLDER, folderWith, Program, run } from './program.ts';

const PASSWORD = 'hunter2-of-the-url';
const SECRET = 'hunter3-of-the-environment';

/** The words of a wrong command line, or of what is wrong with its configuration; and the answer. */
const WRONG: readonly (readonly [what: string, args: readonly string[], answer: RegExp])[] = [
  ['no service at all', [], /No service to watch\.[\s\S]+gapwatch web=8080[\s\S]+services\.json[\s\S]+gapwatch demo/],
  ['an unknown option', ['8080', '--intervall', '1s'], /Unknown argument: intervall, did you mean "--interval"\?/],
  ['an option of another command', ['check', '8080', '--data', 'x'], /Unknown argument/],
  ['words behind -- (watch)', ['8080', '--', 'true'], /watch takes no command after --; did you mean gapwatch run\?/],
  ['words behind -- (check)', ['check', '8080', '--', 'true'], /did you mean gapwatch run\?/],
  ['words behind -- (serve)', ['serve', '8080', '--', 'true'], /did you mean gapwatch run\?/],
  ['words behind -- (report)', ['report', '--', 'true'], /did you mean gapwatch run\?/],
  ['words behind -- (attach)', ['attach', '9720', '--', 'true'], /did you mean gapwatch run\?/],
  ['words behind -- (hub)', ['hub', '--', 'true'], /did you mean gapwatch run\?/],
  ['words behind -- (demo)', ['demo', '--', 'true'], /did you mean gapwatch run\?/],
  [
    'a mistyped command with options',
    ['reprot', '--since', '1h'],
    /there is no command reprot, did you mean "report"\?/,
  ],
  ['no configuration', ['8080', '--config', ''], /--config has no value/],
  ['no folder', ['8080', '--data', ''], /--data has no value/],
  ['no interval', ['8080', '-i', ''], /--interval has no value/],
  ['no log', ['8080', '--log='], /--log has no value/],
  ['no bus', ['8080', '--bus', ''], /--bus has no value/],
  ['a time before the beginning', ['8080', '--for', '-1s'], /--for: "-1s" is not a duration/],
  ['a time without end', ['8080', '--for', 'Infinity'], /--for: "Infinity" is not a duration/],
  ['a target twice', ['8080', '8080'], /already taken/],
  ['a name with = in it', ['a=b=8080'], /a=b=8080: this is no address/],
  ['an unknown command', ['wacth', '8080'], /wacth/],
  ['a word too many', ['demo', 'foo'], /Unknown argument: foo\n/],
  ['attach without a feed', ['attach'], /attach needs the feed of a running monitor: HOST:PORT, or PORT/],
  ['an option without its value', ['8080', '--interval'], /interval/],
  ['an option given twice', ['8080', '-i', '1s', '-i', '2s'], /is given twice/],
  [
    'a format that is none',
    ['8080', '--format', 'xml'],
    /--format is "xml", and takes auto, dashboard, lines or json\n/,
  ],
  ['a level that is none', ['serve', '--log-level', 'x'], /--log-level is "x", and takes trace, .* or silent\n/],
  ['a duration without a unit', ['8080', '--for', '5'], /--for: 5 has no unit/],
  ['no thread', ['8080', '--workers', '0'], /--workers: 0 is not a number of threads/],
  ['a part of a thread', ['8080', '--workers', '1.5'], /--workers: 1\.5 is not a number of threads/],
  ['words for a number of threads', ['8080', '--workers', 'all'], /--workers: "all" is not a number of threads/],
  ...(['recheck', 'listen', 'data', 'sentinel'] as const).map(
    (name) =>
      [
        `--no-${name}`,
        ['8080', `--no-${name}`],
        new RegExp(`there is no --no-${name}; did you mean --${name} off`),
      ] as const,
  ),
  ...(
    ['interval', 'config', 'connection', 'vantage', 'workers', 'for', 'token', 'bus', 'log', 'log-level'] as const
  ).map(
    (name) =>
      [`--no-${name}`, ['8080', `--no-${name}`], new RegExp(`there is no --no-${name}; leave --${name} out`)] as const,
  ),
  ['--no of a short option', ['check', '8080', '--no-c'], /there is no --no-config; leave --config out/],
  ['--no of an option that may be repeated', ['run', '8080', '--no-report', '--', 'true'], /there is no --no-report/],
  ['--no of what the history has', ['report', '--no-service', '--no-since'], /there is no --no-service/],
  ['a dash for a file', ['init', '-'], /- is neither a file nor a service/],
  ['a dash for a service', ['check', '8080', '-'], /- is neither a file nor a service/],
  ['a dash for a feed', ['attach', '-'], /- is neither a file nor a service/],
  ['a dash alone', ['-'], /- is neither a file nor a service/],
  ['a folder for a command', ['run', '8080', '--', '/'], /gapwatch: \/ is a folder\. Nothing was started/],
  ['a device for a command', ['run', '8080', '--', '/dev/null'], /\/dev\/null is not a file that can be run/],
  ['no file in a file for a command', ['run', '8080', '--', '/dev/null/x'], /There is no file \/dev\/null\/x\./],
  ['no file for a command', ['run', '8080', '--', './none'], /There is no file \.\/none\./],
  ['a port that is none', ['web=70000'], /70000/],
  ['an interval of nothing', ['8080', '--interval', '0ms'], /--interval: /],
  ['a file that is not there', ['--config', 'nowhere.json'], /nowhere\.json: no such file/],
  ['a folder for a file', ['--config', '.'], /\.: this is a folder/],
  ['a folder for the log', ['8080', '--log', '.'], /--log \.: this is a folder/],
  ['a folder for a token', ['serve', '8080', '--token', 'file:.'], /--token file:\.: this is a folder/],
  ['a value for what takes none', ['init', '--force=no'], /--force takes no value/],
];

const LOGIN = `http://me:${PASSWORD}@h`;
/** A URL with a password where it does not belong, and addresses that are refused. */
const TELLTALE: readonly (readonly string[])[] = [
  ['attach', `${LOGIN}/#x`],
  ['attach', `http://h/?access_token=${PASSWORD}`],
  ['attach', `http://me:pw@h:1?x=${PASSWORD}`],
  ['attach', `ws://h/feed?token=%0a${PASSWORD}`],
  ['attach', `http://h/#token=${PASSWORD}`],
  ['run', '--also', `${LOGIN}/#x`, '9', '--', 'true'],
  ['run', '--report', `${LOGIN}/x.pdf`, '9', '--', 'true'],
  ['check', '--config', LOGIN],
  ['check', '--interval', LOGIN, '9'],
  ['check', `x=bar://me:${PASSWORD}@h`],
  ['watch', '--listen', LOGIN, '9'],
  ['watch', '--format', LOGIN, '9'],
  ['watch', '--for', LOGIN, '9', '--listen', 'off'],
  ['watch', '--bus', `${LOGIN}:x`, '9', '--listen', 'off'],
  ['report', '--since', LOGIN],
];

describe('the command line', { concurrency: 4 }, () => {
  after(endServices);
  after(endPrograms);

  for (const args of TELLTALE) {
    it(`shows no secret in: ${args.join(' ').replaceAll(PASSWORD, '…')}`, async () => {
      const { code, stdout, stderr } = await run([...args]);
      assert.equal(code, 2, stderr);
      assert.doesNotMatch(stdout + stderr, /hunter2|\n\s+at /);
    });
  }

  it('says of an empty word that it names no file', async () => {
    const { code, stderr } = await run(['init', '']);
    assert.equal(code, 2);
    assert.match(stderr, /^ {2}"": this names no file$/m);
  });

  for (const [what, args, answer] of WRONG) {
    it(`refuses ${what}: exit 2, one readable message, nothing started`, async () => {
      const { code, stdout, stderr } = await run([...args, '--listen', 'off']);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, answer);
      assert.match(stderr, /^gapwatch: /);
      assert.doesNotMatch(stderr, /^\s+at |Watching|node:/m);
      assert.ok(stderr.split('\n').length <= 8, stderr);
    });
  }

  it('has the help of a command also as "help", and its version as "version"', async () => {
    const [help, same] = await Promise.all([run(['help', 'run']), run(['run', '--help'])]);
    assert.deepEqual([help.code, help.stdout], [0, same.stdout]);
    assert.equal((await run(['version'])).stdout, (await run(['--version'])).stdout);
  });

  it('can be run as it was built: a global install from a clone links to this file, which a later build replaces', () => {
    const { status, error } = spawnSync(entry('main'), ['--version'], { timeout: 30_000 });
    assert.deepEqual([status, error], [0, undefined]);
  });

  it('explains itself', async () => {
    const [help, version] = await Promise.all([run(['--help']), run(['--version'])]);
    assert.deepEqual([help.code, version.code], [0, 0]);
    for (const command of ['watch', 'serve', 'attach', 'check', 'demo']) {
      assert.match(help.stdout, new RegExp(`gapwatch ${command}`));
    }
    assert.match(help.stdout, /A TARGET is \[NAME=\]WHERE/);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('is in one language, wherever it is run', async () => {
    const usual = await run(['--help']);
    for (const env of [{ LC_ALL: 'de_DE.UTF-8' }, { LANG: 'fr_FR' }, { LANGUAGE: 'ja', LC_ALL: 'ja_JP.UTF-8' }]) {
      const { stdout } = await run(['--help'], { env });
      assert.equal(stdout, usual.stdout);
      const { stderr } = await run(['--nothing'], { env });
      assert.match(stderr, /Unknown argument/);
    }
  });

  it('shows no secret in anything that it prints', async () => {
    const redis = await TestService.start((socket) => {
      // A server that repeats what it receives, the password included.
      socket.on('data', (data) => socket.write(`-ERR unknown command: ${JSON.stringify(data.toString())}\r\n`));
    });
    const folder = folderWith('services.json', {
      services: [
        { name: 'stored', type: 'redis', host: '127.0.0.1', port: redis.port, password: { env: 'CACHE_PASSWORD' } },
      ],
      feed: { listen: '127.0.0.1:0', token: { env: 'CACHE_PASSWORD' } },
    });
    const targets = [
      `redis://user:${PASSWORD}@127.0.0.1:${String(redis.port)}`,
      `http://user:${PASSWORD}@127.0.0.1:1/`,
    ];
    const surroundings = { cwd: folder, env: { CACHE_PASSWORD: SECRET } };
    const config = ['--config', 'services.json', '--interval', '20ms'];
    const [json, lines] = (['json', 'lines'] as const).map(
      (format) => new Program([...config, '--samples', '--format', format, ...targets], surroundings),
    );
    const [check, refused] = await Promise.all([
      run(['check', '--config', 'services.json', ...targets], surroundings),
      run([...config, ...targets.map((target) => `${target}#x`), `https://user:${PASSWORD}@`], surroundings),
    ]);
    await json?.line(/"type":"sample","service":"stored"/);
    await lines?.line(/stored +· down/);
    await Promise.all([json?.end(), lines?.end()]);
    assert.deepEqual([check.code, refused.code], [1, 2]);
    for (const outcome of [json, lines, check, refused]) {
      assert.doesNotMatch(`${String(outcome?.stdout)}${String(outcome?.stderr)}`, /hunter/);
    }
    assert.match(json?.stdout ?? '', /"target":"redis:\/\/127\.0\.0\.1:/);
  });
});

describe('gapwatch check', { concurrency: 4 }, () => {
  after(endServices);
  after(endPrograms);

  it('probes each service once, and finds all well', async () => {
    const [tcp, http, redis] = await Promise.all(DIALECTS.map((dialect) => TestService.start(good(dialect))));
    const targets = [
      `api=${String(tcp?.port)}`,
      `web=http://127.0.0.1:${String(http?.port)}/`,
      `cache=redis://127.0.0.1:${String(redis?.port)}`,
    ];
    const { code, stdout, stderr } = await run(['check', ...targets]);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    const [head, ...rows] = stdout.split('\n').slice(0, -1);
    assert.match(head ?? '', /^service +state +target +took +why$/);
    assert.equal(rows.length, 3);
    for (const [index, name] of ['api', 'web', 'cache'].entries()) {
      assert.match(rows[index] ?? '', new RegExp(`^${name} +UP +\\w+://127\\.0\\.0\\.1:\\d+/? +[\\d.]+ m?s$`));
    }
    assert.deepEqual([http?.accepted, redis?.accepted, tcp?.accepted], [1, 1, 1]);
  });

  it('finds a service down: exit 1, and why', async () => {
    const port = String(await freePort());
    const { code, stdout } = await run(['check', `api=${port}`]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      new RegExp(`^api +DOWN +tcp://127\\.0\\.0\\.1:${port} +\\d+ ms +refused: nothing listens there`, 'm'),
    );
  });

  it('shows what the answer took, without the time for which the connection has to hold', async () => {
    const backend = await TestService.start();
    const held = { name: 'api', type: 'tcp', host: '127.0.0.1', port: backend.port, hold: '3s', timeout: '9s' };
    const { stdout } = await run(['check'], { cwd: folderWith('services.json', { services: [held] }) });
    const [, took = '', unit] = /^api +UP +\S+ +([\d.]+) (m?s)$/m.exec(stdout) ?? [];
    assert.ok(Number(took) * (unit === 's' ? 1000 : 1) < 3000, stdout);
  });

  it('names what is not enabled, and takes any timeout, as it sends one probe', async () => {
    const backend = await TestService.start();
    const api = { name: 'api', type: 'tcp', host: '127.0.0.1', port: backend.port };
    const cwd = folderWith('services.json', { services: [api, { ...api, name: 'off', enabled: false }] });
    const { code, stdout, stderr } = await run(['check', '-t', '10s'], { cwd });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^Not watched, as "enabled" is false: off\.$/m);
    assert.doesNotMatch(stdout, /off/);
  });

  it('says that a file is well formed, and ends when its reader is gone', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', {
      services: [{ name: 'api', type: 'tcp', host: '127.0.0.1', port: backend.port }],
    });
    const { code, stderr } = await run(['check'], { cwd: folder });
    assert.deepEqual([code, stderr], [0, 'services.json is well formed.\n']);
    const program = new Program(['check', '--timeout', '300ms', `api=${String(backend.port)}`]);
    program.stopReading();
    await program.ended;
    assert.doesNotMatch(program.stderr, /^\s+at /m);
  });

  it('reads nothing of the folder that it does not need', async () => {
    const { code, stderr } = await run(['check'], { cwd: FOLDER });
    assert.equal(code, 2);
    assert.match(stderr, /No service to watch/);
  });
});

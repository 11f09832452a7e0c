/** The first start where there is no good place for a history: the watch goes on, and says what is wrong. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

import { loadDriver } from '../../src/history/sqlite-driver.ts';
import { requireTool } from '../support/tools.ts';
import { entry, FOLDER, run } from './program.ts';

const SERVE = ['serve', '127.0.0.1:1', '--listen', 'off', '--for', '500ms'];
const WATCH = ['watch', '127.0.0.1:1', '--listen', 'off', '--for', '500ms', '--format', 'lines'];

function folder(): string {
  return mkdtempSync(join(FOLDER, 'start-'));
}

/** Runs a script in a mount namespace of its own, where `$DISK` is an empty tmpfs; null where this user may not. */
function onDisk(
  t: TestContext,
  prepare: string,
  args: readonly string[],
  env: Record<string, string> = {},
): { status: number | null; output: string } | null {
  const disk = folder();
  const script = `mount -t tmpfs none "$DISK" && cd "$DISK" && { ${prepare}; } && exec "$@"`;
  const program = [process.execPath, entry('main'), ...args.map((word) => word.replace('$DISK', disk))];
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', ...program], {
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      PATH,
      HOME: FOLDER,
      DISK: disk,
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace('$DISK', disk)])),
    },
  });
  if (/unshare: |mount: /.test(stderr)) {
    t.skip('this user may not mount');
    return null;
  }
  return { status, output: stdout + stderr };
}

const READ_ONLY = 'mkdir there && mount -o remount,ro "$DISK"';

describe('a first start on a disk that can only be read', () => {
  for (const [what, args, env] of [
    ['the folder is there', [...WATCH, '--data', '$DISK/there'], {}],
    ['the folder is to be made', [...WATCH, '--data', '$DISK/a/b'], {}],
    ['by default', SERVE, { HOME: '$DISK' }],
    ['by XDG_STATE_HOME', SERVE, { XDG_STATE_HOME: '$DISK/state' }],
    [
      'under run',
      ['run', '--also', '127.0.0.1:1', '--before', '0ms', '--give-up', '1s', '--data', '$DISK/x', '--', 'true'],
      {},
    ],
  ] as const) {
    it(`goes on, and says so: ${what}`, (t) => {
      const found = onDisk(t, READ_ONLY, args, env);
      if (found === null) return;
      assert.ok(found.status === 0 || args[0] === 'run', found.output);
      assert.match(found.output, /The history in .*gapwatch\.db has not been written since .*: it can only be read/);
      assert.doesNotMatch(found.output, /ENOENT|fault of gapwatch/);
    });
  }

  it('goes on where the disk is full', (t) => {
    const found = onDisk(t, 'mount -t tmpfs -o size=64k none "$DISK" && cd "$DISK"', [...WATCH, '--data', '$DISK/h']);
    if (found === null) return;
    assert.equal(found.status, 0, found.output);
    assert.match(found.output, /the disk is full/);
  });
});

describe('a first start of a user', () => {
  it('without HOME, or with one that is no path, writes nothing into the current folder', async () => {
    const [cwd, state] = [folder(), folder()];
    for (const env of [
      { HOME: '', XDG_STATE_HOME: state },
      { HOME: 'home', XDG_STATE_HOME: state },
    ]) {
      const { code, stderr } = await run(SERVE, { cwd, env });
      assert.equal(code, 0, stderr);
    }
    const home = folder();
    const { code } = await run(SERVE, { cwd, env: { HOME: home, XDG_STATE_HOME: 'relative' } });
    assert.equal(code, 0);
    assert.ok(existsSync(join(home, '.local', 'state', 'gapwatch', 'gapwatch.db')));
    assert.deepEqual(readdirSync(cwd), []);
  });

  it('that has no entry among the users goes on without a history', (t) => {
    if (process.getuid?.() !== 0 || !requireTool(t, 'setpriv')) {
      t.skip('only root may be another user');
      return;
    }
    const cwd = folder();
    chmodSync(FOLDER, 0o755);
    const [setpriv, ...words] = [
      'setpriv' as string,
      '--reuid=54321',
      '--clear-groups',
      process.execPath,
      entry('main'),
    ];
    const { PATH = '' } = process.env;
    const options = { encoding: 'utf8', cwd, env: { PATH } } as const;
    const served = spawnSync(setpriv, [...words, ...SERVE], options);
    assert.equal(served.status, 0, served.stderr);
    assert.match(served.stderr, /no home folder.*--data.*Nothing is kept/);
    const report = spawnSync(setpriv, [...words, 'report'], options);
    assert.equal(report.status, 2);
    assert.match(report.stderr, /--data: .*no home folder/);
  });

  it('who may not write to the default folder goes on without a history, and one that is named is refused', (t) => {
    if (process.getuid?.() !== 0 || !requireTool(t, 'setpriv')) {
      t.skip('only root may be another user');
      return;
    }
    const cwd = folder();
    chmodSync(FOLDER, 0o755);
    chmodSync(cwd, 0o755);
    writeFileSync(join(cwd, 'named.json'), JSON.stringify({ services: [], history: { dir: 'history' } }));
    writeFileSync(join(cwd, 'file'), '');
    const setpriv = 'setpriv' as string;
    const node = ['--reuid=54321', '--clear-groups', process.execPath, entry('main')];
    const { PATH = '' } = process.env;
    for (const [env, words, status] of [
      [{ HOME: cwd }, SERVE, 0],
      [{ XDG_STATE_HOME: cwd }, SERVE, 0],
      [{ XDG_STATE_HOME: join(cwd, 'file') }, SERVE, 0],
      [{ HOME: cwd }, [...SERVE, '--data', join(cwd, 'history')], 2],
      [{ HOME: cwd }, [...SERVE, '--config', 'named.json'], 2],
    ] as const) {
      const served = spawnSync(setpriv, [...node, ...words], { encoding: 'utf8', cwd, env: { PATH, ...env } });
      assert.equal(served.status, status, served.stderr);
      assert.match(served.stderr, /may not write there|a file, not a folder/);
      assert.equal(/Nothing is kept/.test(served.stderr), status === 0);
    }
  });

  it('in a folder that was removed is refused in words', () => {
    const cwd = folder();
    const { PATH = '' } = process.env;
    const script = 'rmdir "$PWD" && exec "$@"';
    const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath, entry('main'), ...WATCH], {
      encoding: 'utf8',
      cwd,
      env: { PATH },
    });
    assert.equal(status, 2);
    assert.match(stderr, /the current folder does not exist any more/);
  });
});

describe('the folder of a history', () => {
  it('is for this user, and its files are for this user and its group', async () => {
    const data = join(folder(), 'a', 'b');
    assert.equal((await run([...WATCH, '--data', data])).code, 0);
    assert.equal(statSync(data).mode & 0o777, 0o700);
    for (const file of readdirSync(data)) assert.equal(statSync(join(data, file)).mode & 0o007, 0, file);
  });

  it('keeps its rights where it was there before', async () => {
    const data = folder();
    chmodSync(data, 0o755);
    assert.equal((await run([...WATCH, '--data', data])).code, 0);
    assert.equal(statSync(data).mode & 0o777, 0o755);
  });

  it('keeps nothing of ours where it is refused', async () => {
    const data = folder();
    const other = (await loadDriver()).open(join(data, 'gapwatch.db'), 'write');
    other.exec('CREATE TABLE theirs (a)');
    other.close();
    const { code, stderr } = await run([...WATCH, '--data', data]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /database of another program/);
    assert.deepEqual(readdirSync(data), ['gapwatch.db']);
  });

  it('is refused in words where there can be none', async () => {
    const base = folder();
    writeFileSync(join(base, 'file'), '');
    mkdirSync(join(base, 'odd', 'gapwatch.db'), { recursive: true });
    symlinkSync(join(base, 'circle'), join(base, 'circle'));
    for (const [data, words] of [
      ['file', /a file, not a folder/],
      ['file/below', /a file, not a folder/],
      ['odd', /gapwatch\.db is a folder/],
      ['circle', /links lead in a circle/],
      ['x'.repeat(300), /name is too long/],
    ] as const) {
      const { code, stderr } = await run([...WATCH, '--data', join(base, data)]);
      assert.equal(code, 2, `${data}: ${stderr}`);
      assert.match(stderr, words);
    }
  });

  it('that can never be made does not keep the program', async () => {
    const { code, stderr } = await run([...WATCH, '--data', '/proc/gapwatch']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /has not been written/);
  });
});

/** The Dockerfile, built and run by a real daemon. No registry is asked: what it is `FROM` is made of this machine's programs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import { waitFor } from '../support/wait-for.ts';
import { ask } from './daemon.ts';
import { startDocker } from './docker.ts';
import { rootFileSystem } from './images.ts';
import { inside } from './machine.ts';
import { requireDocker } from './needs.ts';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
/** The history needs the SQLite of Node. */
const hasSqlite = process.getBuiltinModule('node:sqlite') !== undefined;

describe('the Dockerfile', () => {
  it('makes a container that watches, is healthy, is not root, and keeps its history', async (t) => {
    if (!requireDocker(t)) return;
    const { daemon, close } = await startDocker({ liveRestore: false, userlandProxy: true });
    t.after(close);
    const base = rootFileSystem(['sh', 'install', process.execPath], daemon.folder);
    await ask(daemon, 'POST', '/images/create?fromSrc=-&repo=node&tag=22-slim', base);
    const context = join(daemon.folder, 'context');
    mkdirSync(context);
    cpSync(join(root, 'Dockerfile'), join(context, 'Dockerfile'));
    execFileSync(process.execPath, ['build-bundle.js', join(context, 'gapwatch.mjs')], { cwd: root });
    const built = await ask(daemon, 'POST', '/build?t=gapwatch', execFileSync('tar', ['-C', context, '-c', '.'], BIG));
    assert.match(built, /Successfully built/);

    const config = join(daemon.folder, 'etc');
    mkdirSync(config);
    const web = { name: 'web', type: 'tcp', host: '127.0.0.1', port: 9720 };
    writeFileSync(join(config, 'services.json'), JSON.stringify({ services: [web] }));
    const data = hasSqlite ? '/data' : 'off';
    await ask(daemon, 'POST', '/containers/create?name=gapwatch', {
      Image: 'gapwatch',
      Cmd: ['serve', '--config', '/etc/gapwatch/services.json', '--data', data],
      HostConfig: { NetworkMode: 'host', Binds: [`${config}:/etc/gapwatch:ro`, 'gapwatch:/data'] },
    });
    await ask(daemon, 'POST', '/containers/gapwatch/start');
    let state = '';
    const isHealthy = async (): Promise<boolean> => {
      state = await ask(daemon, 'GET', '/containers/gapwatch/json');
      return (JSON.parse(state) as Inspected).State.Health?.Status === 'healthy';
    };
    await waitFor(isHealthy, () => state, 90_000);
    const { Config, State } = JSON.parse(state) as Inspected;
    assert.equal(Config.User, '1000:1000');
    const [command = '', ...args] = inside(daemon, ['cat', `/proc/${String(State.Pid)}/status`]);
    const status = execFileSync(command, args, { encoding: 'utf8' });
    assert.match(status, /^Uid:\s+1000\s/m);
    const volume = join(daemon.folder, 'data', 'volumes', 'gapwatch', '_data');
    assert.equal(statSync(volume).uid, 1000, 'the volume is its own');
    assert.equal(existsSync(join(volume, 'gapwatch.db')), hasSqlite);
    await ask(daemon, 'POST', '/containers/gapwatch/stop?t=10');
    state = await ask(daemon, 'GET', '/containers/gapwatch/json');
    assert.equal((JSON.parse(state) as Inspected).State.ExitCode, 143, 'it ends cleanly at SIGTERM');
  });
});

const BIG = { maxBuffer: 256 * 1024 * 1024 };

interface Inspected {
  readonly State: { readonly Pid: number; readonly ExitCode: number; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly User: string };
}

/** SIGHUP: what of the configuration changes at once, what does not, and when the signal may come. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { WebSocket } from 'ws';

import { RedisServer } from '../support/redis.ts';
import { freePort } from '../support/servers.ts';
import { requireTool } from '../support/tools.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, folderWith, Program } from './program.ts';

/** What a link of /proc leads to; nothing where that is closed meanwhile. */
function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

const ARGS = ['serve', '--interval', '50ms', '--data', 'off'];

describe('SIGHUP', { concurrency: 2 }, () => {
  after(endServices);
  after(endPrograms);

  const fileOf = (backend: TestService, more: object = {}): object => ({
    vantage: 'rack-2',
    services: [{ name: 'api', type: 'tcp', host: '127.0.0.1', port: backend.port }],
    feed: { listen: '127.0.0.1:0', token: 'the-first-token' },
    ...more,
  });
  const rewrite = (folder: string, content: object): void => {
    writeFileSync(join(folder, 'services.json'), JSON.stringify(content));
  };
  const started = async (program: Program): Promise<string> => {
    await program.said(/"msg":"started"/);
    return /"feed":"(http:[^"]+)"/.exec(program.stderr)?.[1] ?? '';
  };
  const statusWith = async (url: string, token: string): Promise<number> => {
    const response = await fetch(`${url}/api/v1/status`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return response.status;
  };

  it('takes a changed token at once, and names what needs a restart', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    assert.equal(await statusWith(url, 'the-first-token'), 200);
    const feed = { listen: '127.0.0.1:0', token: 'the-second-token' };
    rewrite(folder, fileOf(backend, { feed, vantage: 'rack-3', history: { dir: 'elsewhere', keep: '7d' } }));
    program.signal('SIGHUP');
    await program.said(/Read the configuration again/);
    assert.match(
      program.stderr,
      /1 service\. Changed, but only after a restart: vantage, history\.dir, history\.keep\./,
    );
    assert.equal(await statusWith(url, 'the-first-token'), 401);
    assert.equal(await statusWith(url, 'the-second-token'), 200);
    assert.equal(await program.end(), 143);
  });

  it('closes clients whose rights may have changed; they come back', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    const ws = new WebSocket(`${url.replace('http', 'ws')}/feed?token=the-first-token`);
    const closed = once(ws, 'close');
    await once(ws, 'message');
    rewrite(folder, fileOf(backend, { feed: { listen: '127.0.0.1:0', token: 'the-second-token' } }));
    program.signal('SIGHUP');
    const [code] = (await closed) as [number];
    assert.equal(code, 1013);
    assert.equal(await program.end(), 143);
  });

  const reloaded = async (program: Program, folder: string, content: object, words: RegExp): Promise<string> => {
    const before = program.stderr.length;
    rewrite(folder, content);
    program.signal('SIGHUP');
    await program.waitFor(() => words.test(program.stderr.slice(before)), words.source);
    return /The feed is at (http:[^" ]+) now/.exec(program.stderr.slice(before))?.[1] ?? '';
  };

  it('moves the feed: its clients are closed, and the old address is left', async () => {
    const backend = await TestService.start();
    const token = 'the-first-token';
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    const ws = new WebSocket(`${url.replace('http', 'ws')}/feed?token=${token}`);
    const closed = once(ws, 'close');
    await once(ws, 'message');
    const port = await freePort();
    const listen = `127.0.0.1:${String(port)}`;
    const moved = await reloaded(program, folder, fileOf(backend, { feed: { listen, token } }), /The feed is at/);
    assert.equal(moved, `http://${listen}`);
    assert.equal(((await closed) as [number])[0], 1013);
    assert.equal(await statusWith(moved, token), 200);
    await assert.rejects(statusWith(url, token));
    // The same port on all addresses, which the present address is one of; and back.
    const feed = { listen: `0.0.0.0:${String(port)}`, token };
    assert.equal(await reloaded(program, folder, fileOf(backend, { feed }), /The feed is at/), `http://${feed.listen}`);
    assert.equal(await statusWith(moved, token), 200);
    assert.equal(
      await reloaded(program, folder, fileOf(backend, { feed: { listen, token } }), /The feed is at/),
      moved,
    );
    assert.equal(await statusWith(moved, token), 200);
    assert.equal(await statusWith(moved, 'another'), 401);
    await reloaded(program, folder, fileOf(backend, { feed: { listen: 'off' } }), /The feed is off now/);
    await assert.rejects(statusWith(moved, token));
    await reloaded(program, folder, fileOf(backend, { feed: { listen, token: 'new' } }), /The feed is at/);
    assert.equal(await statusWith(moved, 'new'), 200);
    assert.equal(await program.end(), 143);
  });

  it("keeps the feed where the new address is taken, not this machine's, or open to every client", async () => {
    const backend = await TestService.start();
    const token = 'the-first-token';
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    const { port } = new URL(url);
    for (const [feed, words] of [
      [{ listen: `127.0.0.1:${String(backend.port)}`, token: 'other' }, /another program does.*Nothing was changed/],
      [{ listen: '192.0.2.1:0', token: 'other' }, /no such address.*Nothing was changed/],
      [{ listen: `192.0.2.1:${port}`, token: 'other' }, /no such address.*Nothing was changed/],
      [{ listen: '0.0.0.0:0' }, /not served on 0\.0\.0\.0.*Nothing was changed/],
    ] as const) {
      await reloaded(program, folder, fileOf(backend, { feed }), words);
      assert.equal(await statusWith(url, token), 200);
    }
    assert.equal(await program.end(), 143);
  });

  it('says where --listen goes before the file', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program([...ARGS, '--listen', '127.0.0.1:0'], { cwd: folder });
    const url = await started(program);
    const feed = { listen: `127.0.0.1:${String(await freePort())}`, token: 'the-second-token' };
    await reloaded(program, folder, fileOf(backend, { feed }), /--listen on the command line goes before feed\.listen/);
    assert.equal(await statusWith(url, 'the-second-token'), 200);
    assert.equal(await program.end(), 143);
  });

  it('ends with the newest file where two come in a row', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    for (const token of ['a-token-of-many', 'another-token-of-many', 'the-last-token']) {
      rewrite(folder, fileOf(backend, { feed: { listen: '127.0.0.1:0', token } }));
      program.signal('SIGHUP');
    }
    await waitFor(async () => (await statusWith(url, 'the-last-token')) === 200);
    assert.equal(await program.end(), 143);
  });

  it('does not end a process that is still starting', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    // From before the first line of the program's own code until it has started.
    while (!/"msg":"started"/.test(program.stderr) && !program.isOver) {
      if (program.handlesHangup) program.signal('SIGHUP');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await program.said(/Read the configuration again/);
    assert.equal(await program.end(), 143);
  });

  it('ends at SIGTERM while it reads a file that says nothing, and another SIGHUP changes nothing', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    await started(program);
    unlinkSync(join(folder, 'services.json'));
    execFileSync('mkfifo', [join(folder, 'services.json')]);
    program.signal('SIGHUP');
    const files = `/proc/${String(program.pid)}/fd`;
    await waitFor(() => readdirSync(files).some((fd) => target(join(files, fd)).endsWith('/services.json')));
    program.signal('SIGHUP');
    const began = performance.now();
    program.signal('SIGTERM');
    program.signal('SIGHUP');
    assert.equal(await program.ended, 143);
    assert.ok(performance.now() - began < 2500);
    assert.doesNotMatch(program.stderr, /Read the configuration again/);
  });

  it('changes nothing where the file is gone, a folder, a device without an end, or a pipe that is not written', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const file = join(folder, 'services.json');
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    const cases: readonly (readonly [() => void, RegExp])[] = [
      [() => undefined, /no service|no such file|services\.json/],
      [
        () => {
          mkdirSync(file);
        },
        /this is a folder/,
      ],
      [
        () => {
          symlinkSync('/dev/zero', file);
        },
        /longer than 16 MiB/,
      ],
      [() => execFileSync('mkfifo', [file]), /a pipe into which nothing is written/],
    ];
    for (const [make, words] of cases) {
      rmSync(file, { recursive: true });
      make();
      const before = program.stderr.length;
      program.signal('SIGHUP');
      await program.waitFor(() => program.stderr.slice(before).includes('Nothing was changed'), words.source);
      assert.match(program.stderr.slice(before), words);
      assert.equal(await statusWith(url, 'the-first-token'), 200);
      if (make === cases[0]?.[0]) writeFileSync(file, '');
    }
    // A pipe that is written is as good as a file.
    program.signal('SIGHUP');
    execFileSync('sh', ['-c', 'cat > "$1"', 'sh', file], { input: JSON.stringify(fileOf(backend)), timeout: 5000 });
    await program.said(/Read the configuration again/);
    assert.equal(await program.end(), 143);
  });

  it('is taken by a hub, with a file and without', async (t) => {
    if (!requireTool(t, 'redis-server')) return;
    const redis = await RedisServer.start();
    t.after(() => redis.close());
    for (const config of [[], ['--config', 'services.json']]) {
      const folder = folderWith('services.json', { services: [] });
      const program = new Program(['hub', '--bus', redis.url, '--listen', '127.0.0.1:0', ...config], { cwd: folder });
      await started(program);
      for (let n = 0; n < 3; n++) program.signal('SIGHUP');
      await program.said(/Read the configuration again/);
      program.signal('SIGTERM');
      program.signal('SIGHUP');
      assert.equal(await program.ended, 143);
    }
  });

  it('is not the end, nor are SIGUSR2 and a stdout without a reader', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    for (const signal of ['SIGUSR2', 'SIGPIPE', 'SIGHUP', 'SIGUSR2'] as const) program.signal(signal);
    program.stopReading();
    await program.said(/"msg":"diagnostics"/);
    assert.equal(await statusWith(url, 'the-first-token'), 200);
    assert.equal(await program.end(), 143);
  });
});

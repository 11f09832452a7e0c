/** SIGHUP: what of the configuration changes at once, what does not, and when the signal may come. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { WebSocket } from 'ws';

import { TestService, endServices } from '../support/test-service.ts';
import { endPrograms, folderWith, Program } from './program.ts';

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
    const feed = { listen: '127.0.0.1:9', token: 'the-second-token' };
    rewrite(folder, fileOf(backend, { feed, vantage: 'rack-3', history: { dir: 'elsewhere', keep: '7d' } }));
    program.signal('SIGHUP');
    await program.said(/Read the configuration again/);
    assert.match(
      program.stderr,
      /1 service\. Changed, but only after a restart: vantage, feed\.listen, history\.dir, history\.keep\./,
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

  it('ends with the newest file where two come in a row', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', fileOf(backend));
    const program = new Program(ARGS, { cwd: folder });
    const url = await started(program);
    for (const token of ['a-token-of-many', 'another-token-of-many', 'the-last-token']) {
      rewrite(folder, fileOf(backend, { feed: { listen: '127.0.0.1:0', token } }));
      program.signal('SIGHUP');
    }
    while ((await statusWith(url, 'the-last-token')) !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
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
});

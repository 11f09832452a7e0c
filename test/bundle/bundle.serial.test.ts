/** The one file of `npm run bundle`, alone in a folder: whatever the program starts or reads beside itself has to be in it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { endPrograms, folderWith, Program } from '../cli/program.ts';
import { RedisServer } from '../support/redis.ts';
import { TerminalDriver } from '../support/terminal-driver.ts';
import { requireTool } from '../support/tools.ts';
import { waitFor } from '../support/wait-for.ts';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
/** The history is that of `node:sqlite`. */
const hasSqlite = process.getBuiltinModule('node:sqlite') !== undefined;

describe('the bundle', () => {
  const folder = folderWith('empty', '');
  const file = join(folder, 'gapwatch.mjs');
  const server = createServer((socket) => socket.on('error', () => undefined));
  let target = '';
  const start = (...args: readonly string[]): Program => new Program(args, { file, cwd: folder });

  before(async () => {
    execFileSync(process.execPath, ['build-bundle.js', file], { cwd: root });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    target = `web=${String((server.address() as AddressInfo).port)}`;
  });
  after(async () => {
    await endPrograms();
    server.close();
  });

  it('probes in a thread of its own, and starts the services of the demo', async () => {
    const demo = start('demo', '--format', 'lines', '--listen', 'off', '--for', '20s');
    await demo.line(/ GAP .* refused/);
    assert.equal(await demo.end(), 143);
  });

  it('serves page and feed, and keeps a history where Node has SQLite', async () => {
    const data = hasSqlite ? join(folder, 'data') : 'off';
    const serve = start('serve', target, '--listen', '127.0.0.1:0', '--data', data);
    await serve.said(/"to":"up"/);
    const [, url = ''] = /"feed":"([^"]+)"/.exec(serve.stderr) ?? [];
    assert.match(await (await fetch(url)).text(), /<title>/);
    assert.match(await (await fetch(new URL('assets/page.js', `${url}/`))).text(), /feed/);
    await serve.end();
    if (hasSqlite) assert.match(await output(start('report', '--data', data)), /web/);
  });

  it('writes a report that can be opened, and matches by RE2', async () => {
    const report = join(folder, 'run.html');
    const run = start('run', target, '--before', '100ms', '--after', '100ms', '--report', report, '--', 'true');
    assert.equal(await run.ended, 0, run.stderr);
    assert.match(readFileSync(report, 'utf8'), /<script>[^]{1000}/);
    const config = folderWith('a.json', {
      services: [{ name: 'a', type: 'tcp', host: '127.0.0.1', port: Number(target.slice(4)), expect: '/(a+)+$/' }],
    });
    const check = start('check', '--timeout', '200ms', '--config', join(config, 'a.json'));
    assert.equal(await check.ended, 1, check.stderr);
    assert.match(check.stdout, /timeout-reply/);
  });

  it('says how to go on as it was run', async () => {
    const endpoints = [{ name: 'web', url: 'http://127.0.0.1:1/', conditions: [] }];
    writeFileSync(join(folder, 'gatus.json'), JSON.stringify({ endpoints }));
    const init = start('init', '--from', 'gatus.json', '--force');
    assert.equal(await init.ended, 0, init.stderr);
    assert.match(init.stderr, /Next: node gapwatch\.mjs check, then node gapwatch\.mjs\n/);
    rmSync(join(folder, 'services.json'));
  });

  it('draws the dashboard', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    const terminal = await TerminalDriver.open();
    t.after(() => terminal.close());
    await terminal.command(`'${process.execPath}' '${file}' ${target} --listen off`);
    await terminal.waitForText('● up');
    await terminal.keys('q');
    await terminal.waitForText('service  state');
  });

  it('publishes to a bus and serves from it', async (t) => {
    if (!requireTool(t, 'redis-server')) return;
    const redis = await RedisServer.start();
    t.after(() => redis.close());
    start('serve', target, '--vantage', 'here', '--bus', redis.url, '--listen', 'off', '--data', 'off');
    const hub = start('hub', '--bus', redis.url, '--listen', '127.0.0.1:0');
    await hub.said(/"feed":"/);
    const [, url = ''] = /"feed":"([^"]+)"/.exec(hub.stderr) ?? [];
    const status = new URL('api/v1/status', `${url}/`);
    await waitFor(
      async () => JSON.stringify(await (await fetch(status)).json()).includes('"web"'),
      () => hub.stderr,
    );
  });
});

async function output(program: Program): Promise<string> {
  await program.ended;
  return program.stdout;
}

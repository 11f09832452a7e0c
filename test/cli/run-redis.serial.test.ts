/** `gapwatch run` over a Redis that is written to: what takes no writes for a while, loses some, or fails over, and what the report says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { Report } from '../../src/report/report.ts';
import { RedisSentinel, RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, FOLDER, folderWith, type Outcome, run } from './program.ts';

describe('gapwatch run over a Redis', () => {
  let server: RedisServer;

  before(async () => {
    server = await RedisServer.start();
  });

  after(async () => {
    await endPrograms();
    await server.close();
  });

  const watch = (services: readonly object[], options: readonly string[], command: readonly string[]) => {
    const cwd = folderWith('services.json', { services });
    return run(['run', '-i', '50ms', '--before', '500ms', '--after', '500ms', ...options, '--', ...command], { cwd });
  };
  const cli = (...command: string[]): string[] => ['redis-cli', '-p', String(server.port), ...command];

  it('fails where its writes are paused for 3 s, and passes where nothing is written', async () => {
    const redis = { name: 'cache', type: 'redis', url: server.url };
    const pause = (service: object): Promise<Outcome> => watch([service], [], cli('client', 'pause', '3000', 'write'));
    const writing = await pause({ ...redis, write: 'gapwatch:write' });
    assert.match(writing.stdout, /FAIL: cache was down \d/);
    assert.match(writing.stdout, /no answer for (2\.9\d|3\.[0-3]\d) s, timeout-reply/);
    assert.equal(writing.code, 1);
    await server.say('client', 'unpause');
    // On a busy machine it may not have looked for a moment, and says so.
    assert.match(
      (await pause(redis)).stdout,
      /PASS: 1 service (up all the time|never seen down, but cache was not observed for \d)/,
    );
    await server.say('client', 'unpause');
  });

  it('fails where acknowledged writes are gone, though it was up all the time', async () => {
    const file = join(FOLDER, 'flushed.json');
    const redis = { name: 'cache', type: 'redis', url: server.url, write: 'gapwatch:write' };
    const { stdout, code } = await watch([redis], ['--report', file], cli('flushall'));
    assert.match(stdout, /\d+ acknowledged writes are gone, found at \+\d+(\.\d+)? m?s$/m);
    const { vantages } = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const cache = vantages[0]!.services[0]!;
    const rest = cache.unobserved.length === 0 ? '' : '; and part of the time was not observed';
    assert.match(
      stdout,
      new RegExp(`FAIL: cache lost \\d+ acknowledged writes, found at \\+\\d+(\\.\\d+)? m?s${rest} \\(`),
    );
    assert.equal(code, 1);
    assert.ok(cache.lostWrites[0]!.count >= 5);
  });

  it('names the old and the new master after a failover, which is one gap', async (t) => {
    const master = await RedisServer.start(['--repl-diskless-sync-delay', '0']);
    const replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${String(master.port)}`]);
    const sentinel = await RedisSentinel.start(master);
    t.after(() => Promise.all([master, replica, sentinel].map((one) => one.close())));
    await waitFor(async () => (await replica.say('info', 'replication')).includes('master_link_status:up'));
    await waitFor(async () => (await sentinel.say('sentinel', 'replicas', 'shop')).includes(String(replica.port)));
    const target = `shop=redis+sentinel://127.0.0.1:${String(sentinel.port)}/shop`;
    const kill = ['kill', '-9', String(master.pid)];
    const { stdout, code } = await run([
      'run',
      target,
      '-i',
      '50ms',
      '--before',
      '500ms',
      '--after',
      '1s',
      '--',
      ...kill,
    ]);
    const ports = `127\\.0\\.0\\.1:${String(master.port)} → 127\\.0\\.0\\.1:${String(replica.port)}`;
    assert.match(stdout, new RegExp(`another master since \\+\\d.* s at the latest: ${ports}`));
    assert.match(
      stdout,
      /FAIL: shop was down \d+\.\d+ s \(\d+\.\d+–\d+\.\d+\) from [+−]\d+(\.\d+)? m?s, likely because another master took over \(/,
    );
    assert.match(stdout, /^hint \(failover\): /m);
    assert.doesNotMatch(stdout, /\d gaps/);
    assert.equal(code, 1);
  });
});

/** A fault of the program itself in its work with the bus ends it: it is not retried as if the bus were away. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { RedisServer } from '../support/redis.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'gapwatch-broken-'));
before(async () => {
  await cp(join(ROOT, 'dist/src'), join(folder, 'dist/src'), { recursive: true });
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
after(() => rm(folder, { recursive: true }));

/** Runs a copy of the program to its end, in which a script compares a number with a string. */
async function runBroken(script: string, args: readonly string[]): Promise<{ code: unknown; stderr: string }> {
  const file = join(folder, 'dist/src/bus/scripts', script);
  const intact = await readFile(file);
  await writeFile(file, "return redis.call('XLEN', stream) <= 'text'");
  const child = spawn(process.execPath, [join(folder, 'dist/src/main.js'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code] = (await once(child, 'close')) as unknown[];
  clearTimeout(timer);
  await writeFile(file, intact);
  return { code, stderr };
}

describe('a script that is broken', () => {
  for (const [script, args] of [
    ['append.lua', ['serve', '9', '--listen', 'off', '--data', 'off']],
    ['overview.lua', ['hub', '--listen', 'off']],
  ] as const)
    it(`ends the program, which says where (${script})`, async () => {
      const redis = await RedisServer.start();
      const { code, stderr } = await runBroken(script, [...args, '--bus', redis.url]);
      assert.equal(code, 70, stderr);
      assert.match(stderr, /a fault of gapwatch itself/);
      assert.match(stderr, new RegExp(`${script}: ERR .*user_script`));
      assert.match(stderr, /bus-connection/);
      assert.doesNotMatch(stderr, /it waits|can not be read/);
      await redis.close();
    });
});

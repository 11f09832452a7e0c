import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { defaultDataDir } from '../../src/history/data-dir.ts';
import { HistoryError } from '../../src/history/history-error.ts';
import { openArchive } from '../../src/history/history.ts';
import { requireTool } from '../support/tools.ts';
import { openHistory, withFolder } from './open.ts';
import { Victim } from './victims.ts';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

function refusal(code: HistoryError['code'], words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HistoryError);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };
}

describe('the folder of a history', () => {
  it('belongs to one process at a time, which is named, and is free when that is killed', async () => {
    await withFolder(async (dir) => {
      const victim = new Victim(dir, { services: 1, flapping: 1, intervalMs: 20 });
      await victim.waitFor(() => victim.received.length > 2);
      const pid = String(victim.process.pid);
      await assert.rejects(openHistory(dir), refusal('held', new RegExp(`pid ${pid} on .+, since 20.+ --data`)));
      // Others may read meanwhile.
      await (await openArchive(dir)).close();
      await victim.kill();
      const history = await openHistory(dir);
      assert.equal(history.restored.id, victim.restored?.id);
      assert.equal(history.problem, null);
      await history.close();
      assert.ok(!existsSync(join(dir, 'gapwatch.holder')));
    });
  });

  it('belongs to one history at a time within a process', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      await assert.rejects(openHistory(dir), refusal('held', /belongs to another process: .*pid/));
      await history.close();
      await (await openHistory(dir)).close();
    });
  });

  it('is made where it is missing, and refused where it can not be', async () => {
    await withFolder(async (dir) => {
      await (await openHistory(join(dir, 'a', 'b'))).close();
      const file = join(dir, 'file');
      writeFileSync(file, '');
      await assert.rejects(openHistory(file), refusal('unusable', /a file, not a folder/));
      await assert.rejects(openHistory(join(file, 'below')), refusal('unusable', /a file, not a folder/));
    });
  });

  it('is refused where this user may not write', async (t) => {
    if (!requireTool(t, 'setpriv')) return;
    await withFolder(async (dir) => {
      await Promise.resolve();
      const locked = join(dir, 'locked');
      mkdirSync(locked);
      chmodSync(locked, 0o500);
      const words = [process.execPath, MAIN, 'serve', 'web=1', '--data', locked, '--listen', 'off', '--for', '1s'];
      // Root may write everywhere, unless that right is taken from it.
      const asAnybody = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', ...words];
      const [program = '', ...rest] = process.getuid?.() === 0 ? asAnybody : words;
      const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
      assert.equal(status, 2, stderr);
      assert.match(stderr, /may not write there/);
    });
  });

  it('says to a reader where there is nothing to read', async () => {
    await withFolder(async (dir) => {
      await assert.rejects(openArchive(dir), refusal('missing', /There is no history to be read in .* does not exist/));
      writeFileSync(join(dir, 'file'), '');
      await assert.rejects(openArchive(join(dir, 'file')), refusal('missing', /a file, not a folder/));
    });
  });

  it('is in the state folder of the user by default', () => {
    assert.equal(defaultDataDir({ XDG_STATE_HOME: '/state', HOME: '/home/me' }), '/state/gapwatch');
    assert.equal(defaultDataDir({ HOME: '/home/me' }), '/home/me/.local/state/gapwatch');
    assert.equal(defaultDataDir({ HOME: '' }), join(userInfo().homedir, '.local/state/gapwatch'));
    assert.equal(
      defaultDataDir({ XDG_STATE_HOME: 'not/absolute', HOME: '/home/me' }),
      '/home/me/.local/state/gapwatch',
    );
  });
});

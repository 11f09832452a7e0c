/** Both kinds of SQLite, where this Node has them, and what happens where there is none. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { loadDriver } from '../../src/history/sqlite-driver.ts';
import { DirectHistory } from './direct-history.ts';
import { NOON, withFolder } from './open.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

const NAMES = ['libsql', 'node:sqlite'] as const;
const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

describe('SQLite', () => {
  it('of one kind goes on with the file of the other', async (t) => {
    await withFolder(async (dir) => {
      const found = new Set<string>();
      let clock = NOON;
      for (const name of [...NAMES, ...NAMES]) {
        found.add((await loadDriver(name)).name);
        const history = await DirectHistory.open(dir, undefined, name);
        const monitor = new ScriptedMonitor({ restored: history.restored, clock });
        history.record(monitor);
        monitor.watch('web');
        for (const state of ['up', 'down', 'up'] as const) {
          monitor.clock += 1000.123;
          monitor.change('web', state);
          monitor.gap('web', monitor.clock - 500, monitor.clock, { maxMs: null });
          monitor.mark(`Zwölf \u{1f600} ${name}`);
          history.flush();
        }
        ({ clock } = monitor);
        clock += 5000;
        history.close();
      }
      const history = await DirectHistory.open(dir);
      const window = { from: NOON, to: clock };
      const intervals = (await history.reader.intervals({ services: ['web'], window })).get('web') ?? [];
      assert.equal(intervals.filter(({ state }) => state === 'down').length, 4);
      assert.equal(intervals.filter(({ reason }) => reason === 'stopped').length, 3);
      assert.equal((await history.reader.gaps({ window })).gaps.length, 12);
      assert.equal((await history.reader.annotations(window)).length, 12);
      const events = await history.restored.events.after(0, 1000);
      assert.equal(events?.length, 39);
      history.close();
      if (found.size < 2) t.diagnostic(`this Node has only ${[...found].join()}`);
    });
  });

  it('is not loaded without a history; where there is none, the message names both ways out', async () => {
    await withFolder(async (dir) => {
      const project = join(dir, 'project');
      await cp(join(PROJECT, 'dist/src'), join(project, 'dist/src'), { recursive: true });
      await cp(join(PROJECT, 'package.json'), join(project, 'package.json'));
      mkdirSync(join(project, 'node_modules'));
      for (const name of readdirSync(join(PROJECT, 'node_modules'))) {
        if (!name.includes('libsql'))
          symlinkSync(join(PROJECT, 'node_modules', name), join(project, 'node_modules', name));
      }
      const serve = (data: string): { status: number | null; stderr: string } =>
        spawnSync(
          process.execPath,
          [join(project, 'dist/src/main.js'), 'serve', 'web=1', '--data', data, '--listen', 'off', '--for', '300ms'],
          { encoding: 'utf8', timeout: 30_000 },
        );
      assert.equal(serve('off').status, 0);
      const { status, stderr } = serve(join(dir, 'data'));
      const hasOwn = (process.getBuiltinModule('node:sqlite') as unknown) !== undefined;
      assert.equal(status, hasOwn ? 0 : 2, stderr);
      if (!hasOwn) assert.match(stderr, /A history needs SQLite: Node 22\.13 or later has it.*--data off/);
      assert.doesNotMatch(stderr, /experimental/i);
    });
  });
});

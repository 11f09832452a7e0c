/** Power loss, as far as it can be simulated: the files as they stood at some moment, and with their ends missing. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { databaseFile } from '../../src/history/data-dir.ts';
import { withFolder } from './open.ts';
import { examine, Victim } from './victims.ts';

const IMAGES = 8;
const LOAD = { services: 20, flapping: 5, intervalMs: 20 };

describe('a machine that loses its power', () => {
  it('leaves a sound file, without what was being written at most', async () => {
    await withFolder(async (dir) => {
      const live = join(dir, 'live');
      const victim = new Victim(live, LOAD);
      await victim.waitFor(() => victim.received.length >= 1000);
      for (let image = 0; image < IMAGES; image++) {
        const events = victim.received.length + 50 + Math.floor(Math.random() * 300);
        await victim.waitFor(() => victim.received.length >= events);
        const whole = join(dir, `whole-${String(image)}`);
        const cut = join(dir, `cut-${String(image)}`);
        // It stands still while it is copied: what is on a disk is of one moment.
        victim.process.kill('SIGSTOP');
        const at = Date.now();
        for (const copy of [whole, cut]) {
          mkdirSync(copy);
          copyFileSync(databaseFile(live), databaseFile(copy));
          copyFileSync(`${databaseFile(live)}-wal`, `${databaseFile(copy)}-wal`);
        }
        victim.process.kill('SIGCONT');

        const found = await examine(whole, victim, new Map(), at);
        assert.equal(found.integrity, 'ok');
        assert.equal(found.lost, 0);
        assert.equal(found.twice, 0);

        // The end of the log was not on the disk yet: the last batch at most, or a piece of it.
        const log = `${databaseFile(cut)}-wal`;
        const { size } = statSync(log);
        truncateSync(log, Math.max(0, size - Math.floor(Math.random() * 40_000)));
        const rest = await examine(cut, victim, new Map(), 0);
        assert.equal(rest.integrity, 'ok');
        assert.equal(rest.twice, 0);
        assert.ok(rest.events <= found.events);
      }
      await victim.kill();
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { HistoryReader } from '../../src/history/reader.ts';
import { withFolder } from './open.ts';
import { examine, Victim } from './victims.ts';

const ROUNDS = 8;
const LOAD = { services: 20, flapping: 5, intervalMs: 50 };

describe('a monitor that is killed', () => {
  it('has lost nothing that is older than a second, and goes on where it was', async () => {
    await withFolder(async (dir) => {
      const told = new Map<number, string>();
      let id: string | null = null;
      let newest = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const victim = new Victim(dir, LOAD);
        const events = 30 + Math.floor(Math.random() * 200);
        await victim.until(() => victim.heard.length >= events);
        const endedAt = await victim.kill();
        const found = examine(dir, victim, told, endedAt);
        assert.equal(found.integrity, 'ok');
        assert.equal(found.lost, 0);
        assert.equal(found.twice, 0);
        assert.equal(found.id, (id ??= found.id));
        assert.ok((victim.past?.newest ?? 0) >= newest, 'numbers go on');
        newest = newestOf(dir);
      }
    });
  });

  it('tells the time in which it was away as unobserved', async () => {
    await withFolder(async (dir) => {
      const first = new Victim(dir, { services: 1, flapping: 0, intervalMs: 20 });
      await first.until(() => first.heard.length > 0);
      // Its first answer is on the disk.
      while (newestOf(dir) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await first.kill();
      const second = new Victim(dir, { services: 1, flapping: 0, intervalMs: 20 });
      await second.until(() => second.heard.length > 1);
      while (newestOf(dir) < (second.heard[1]?.event.seq ?? 0)) await new Promise((resolve) => setTimeout(resolve, 20));
      await second.kill();
      const reader = HistoryReader.open(dir);
      const intervals = reader.intervals('service 0', { from: 0, to: Date.now() });
      reader.close();
      assert.deepEqual(
        intervals.map(({ state, reason }) => [state, reason]),
        [
          ['unknown', null],
          ['up', null],
          ['unobserved', 'stopped'],
          ['up', null],
        ],
      );
    });
  });
});

function newestOf(dir: string): number {
  try {
    const reader = HistoryReader.open(dir);
    const { newest } = reader.stored;
    reader.close();
    return newest;
  } catch {
    return 0;
  }
}

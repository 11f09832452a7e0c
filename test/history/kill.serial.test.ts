import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { HistoryError } from '../../src/history/history-error.ts';
import { openArchive } from '../../src/history/history.ts';
import { waitFor } from '../support/wait-for.ts';
import { withFolder } from './open.ts';
import { examine, Victim } from './victims.ts';

const ROUNDS = 8;
const LOAD = { services: 20, flapping: 5, intervalMs: 50 };

describe('a monitor that is killed', () => {
  it('has lost nothing that is older than a second, and goes on where it was', async () => {
    await withFolder(async (dir) => {
      const published = new Map<number, string>();
      let id: string | null = null;
      let newest = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const victim = new Victim(dir, LOAD);
        const events = 30 + Math.floor(Math.random() * 200);
        await victim.waitFor(() => victim.received.length >= events);
        const endedAt = await victim.kill();
        const found = await examine(dir, victim, published, endedAt);
        assert.equal(found.integrity, 'ok');
        assert.equal(found.lost, 0);
        assert.equal(found.twice, 0);
        assert.equal(found.id, (id ??= found.id));
        assert.ok((victim.restored?.newest ?? 0) >= newest, 'numbers go on');
        newest = found.newest;
      }
    });
  });

  it('shows the time in which it was away as unobserved', async () => {
    await withFolder(async (dir) => {
      const first = new Victim(dir, { services: 1, flapping: 0, intervalMs: 20 });
      await first.waitFor(() => first.received.length > 0);
      await waitFor(() => isUpIn(dir, 1), 'its first answer is on the disk');
      await first.kill();
      const second = new Victim(dir, { services: 1, flapping: 0, intervalMs: 20 });
      await waitFor(() => isUpIn(dir, 2), 'the first answer after that is on the disk');
      await second.kill();
      const archive = await openArchive(dir);
      const intervals = await archive.intervals({ services: ['service 0'], window: { from: 0, to: Date.now() } });
      await archive.close();
      assert.deepEqual(
        intervals.get('service 0')?.map(({ state, reason }) => [state, reason]),
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

/** Whether the service has become up this many times, as the folder has it. */
async function isUpIn(dir: string, times: number): Promise<boolean> {
  try {
    const archive = await openArchive(dir);
    const intervals = await archive.intervals({ services: ['service 0'], window: { from: 0, to: Date.now() } });
    await archive.close();
    return (intervals.get('service 0') ?? []).filter(({ state }) => state === 'up').length === times;
  } catch (error) {
    if (error instanceof HistoryError) return false;
    throw error;
  }
}

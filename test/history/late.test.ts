/** A disk that is there only when the monitor has begun without it: what it holds is adopted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { TimelineInterval } from '../../src/core/messages.ts';
import { databaseFile } from '../../src/history/data-dir.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { LockHolder } from './lock-holding.ts';
import { NOON, openHistory, withFolder } from './open.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

/** What was known before, the absence, and what was seen since: up, but for moments in which this machine was busy. */
function assertAdopted(timeline: readonly TimelineInterval[] | undefined): void {
  const states = timeline?.map(({ state }) => state) ?? [];
  assert.deepEqual(states.slice(0, 7), ['unknown', 'up', 'down', 'up', 'unobserved', 'unknown', 'up']);
  assert.ok(
    states.slice(7).every((state, index) => state === (index % 2 === 0 ? 'unobserved' : 'up')),
    states.join(),
  );
}

describe('a history that is opened late', () => {
  it('is gone on from: its id, its events in their order, and what was known of the services', async () => {
    await withFolder(async (dir) => {
      const first = await openHistory(dir);
      const before = new ScriptedMonitor({ restored: first.restored, clock: NOON });
      first.record(before);
      before.watch('web', 'other');
      for (const state of ['up', 'down', 'up'] as const) {
        before.clock += 1000;
        before.change('web', state);
      }
      before.gap('web', before.clock - 1000, before.clock);
      before.clock += 60_000;
      const numbers = before.events.latest(100).map(({ seq }) => seq);
      await first.close();

      const holder = await LockHolder.start(databaseFile(dir));
      const history = await openHistory(dir);
      assert.match(history.problem ?? '', /another program has it locked/);
      assert.equal(history.restored.services.size, 0);
      const backend = await TestService.start();
      const monitor = new Monitor({
        vantage: 'here',
        version: '0',
        watched: [],
        workers: 1,
        restored: history.restored,
      });
      history.record(monitor);
      history.onLate((services) => {
        monitor.adopt(services);
      });
      monitor.apply([backend.watched('web')]);
      const web = (): ReturnType<typeof monitor.board.services.get> => monitor.board.services.get('web');
      await waitFor(() => web()?.state === 'up', 'it watches, with nothing known of before');
      monitor.mark('meanwhile');
      assert.equal(web()?.gaps.length, 0);
      await holder.end();
      await waitFor(() => (web()?.gaps.length ?? 0) > 0, 'what it holds is adopted');
      await waitFor(() => history.problem === null && history.figures.waiting === 0, 'all is written');
      assertAdopted(web()?.timeline);
      assert.ok((web()?.totalsAt(monitor.now()).upMs ?? 0) >= 61_000);
      const events = (await monitor.events.after(numbers[0] ?? 0, 100)) ?? [];
      assert.deepEqual(
        events.slice(0, numbers.length - 1).map(({ seq }) => seq),
        numbers.slice(1),
      );
      assert.ok(events.some((event) => event.type === 'mark' && event.text === 'meanwhile'));
      await monitor.stop();
      await history.close();
      await endServices();

      const last = await openHistory(dir);
      assert.equal(last.restored.id, first.restored.id);
      assert.deepEqual((await last.restored.events.after(numbers[0] ?? 0, 100))?.slice(0, events.length), events);
      assertAdopted(last.restored.services.get('web')?.timeline);
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type OpenArchive, openArchive } from '../../src/history/history.ts';
import { NOON, openHistory, withFolder } from './open.ts';
import { infoOf } from '../../src/core/model.ts';
import { service } from '../support/builders.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';

describe('a history', () => {
  it('keeps lost writes, as events and as what a report asks for', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
      monitor.watch('cache');
      history.record(monitor);
      monitor.event({ type: 'lost-writes', service: 'cache', at: NOON + 100, count: 12 });
      await history.close();
      const reader = await openArchive(dir);
      const [kept] = await reader.annotations({ from: NOON, to: NOON + 200 });
      const { newest } = monitor.events;
      assert.deepEqual(kept, { type: 'lost-writes', seq: newest, service: 'cache', at: NOON + 100, count: 12 });
      await reader.close();
    });
  });

  it('has the notes that last after a restart, however many have ended since', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
      history.record(monitor);
      const note = (id: string, to: number | null): void => {
        const about = { kind: 'info', text: id, from: monitor.clock, to, services: [] } as const;
        monitor.event({ type: 'note', at: monitor.clock, id, ...about });
      };
      note('lasts', null);
      for (let n = 1; n <= 1001; n += 1) {
        monitor.clock += 60_000;
        note(String(n), monitor.clock + 1000);
      }
      await history.close();
      const again = await openHistory(dir);
      const ids = (again.restored.notes ?? []).map(({ id }) => id);
      assert.deepEqual([ids.length, ids.includes('lasts'), ids.includes('1001')], [1000, true, true]);
      await again.close();
    });
  });

  it('keeps stretches of slow answers, as events and as what a report asks for', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
      monitor.watch('web');
      history.record(monitor);
      const slow = { from: NOON + 100, to: NOON + 1100, slowestMs: 930, count: 11 };
      monitor.clock += 1200;
      monitor.event({ type: 'slow', service: 'web', ...slow });
      await history.close();
      const reader = await openArchive(dir);
      const [kept] = await reader.annotations({ from: NOON, to: NOON + 2000 });
      assert.deepEqual(kept, { type: 'slow', seq: monitor.events.newest, service: 'web', ...slow });
      assert.deepEqual(await reader.annotations({ from: NOON, to: NOON + 1000 }), []);
      await reader.close();
      const again = await openHistory(dir);
      assert.deepEqual(again.restored.events.latest(10).at(-1), kept);
    });
  });

  it('has every one of many services after a restart, with its uptime', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
      const names = Array.from({ length: 50 }, (_, n) => `service ${String(n)}`);
      monitor.watch(...names);
      history.record(monitor);
      for (const state of ['up', 'down', 'up'] as const) {
        for (const name of names) monitor.change(name, state);
        monitor.clock += 10_000;
      }
      await history.close();
      const { services } = (await openHistory(dir)).restored;
      assert.deepEqual([...services.keys()], names);
      for (const { uptime } of services.values()) {
        const sums = [{ from: NOON, upMs: 10_000, downMs: 10_000 }];
        assert.deepEqual(uptime.minutes, sums);
        assert.deepEqual(uptime.hours, sums);
      }
    });
  });

  it('has sums that no later finding takes back, over a restart neither', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
      monitor.watch('web');
      history.record(monitor);
      monitor.change('web', 'up');
      monitor.clock += 60_000;
      monitor.mark('now');
      await waitFor(() => (history.kept.get('web')?.upMs ?? 0) > 0);
      const upMs = history.kept.get('web')?.upMs ?? 0;
      // Of a probe that was sent before that, and ended after it.
      monitor.change('web', 'down', { at: monitor.clock - 1000 });
      await history.close();
      const again = await openHistory(dir);
      again.record(new ScriptedMonitor({ restored: again.restored, clock: monitor.clock + 1000 }));
      assert.ok((again.kept.get('web')?.upMs ?? 0) >= upMs, `${String(again.kept.get('web')?.upMs)} < ${String(upMs)}`);
      assert.ok(upMs > 55_000);
    });
  });

  it('shows what was, after it was closed and opened again', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
      monitor.watch('web', 'api');
      history.record(monitor);
      monitor.clock += 50.125;
      monitor.change('web', 'up');
      monitor.change('api', 'up');
      monitor.clock += 1000;
      monitor.change('web', 'down');
      const down = monitor.clock;
      monitor.clock += 250.5;
      monitor.change('web', 'up');
      monitor.gap('web', down, monitor.clock);
      monitor.clock += 10_000;
      monitor.mark('dockerd restarted');
      const { clock } = monitor;
      const events = history.restored.events.latest(100);
      await history.close();

      const reader = await openArchive(dir);
      assert.deepEqual(await reader.overview(), {
        monitor: { id: history.restored.id, vantage: 'here' },
        reach: { from: NOON, to: clock },
        services: [
          { name: 'web', info: infoOf(service('web')), firstSeen: NOON, lastSeen: clock, rawSince: NOON },
          { name: 'api', info: infoOf(service('web')), firstSeen: NOON, lastSeen: clock, rawSince: NOON },
        ],
      });
      const window = { from: NOON, to: clock };
      const intervals = await reader.intervals({ services: ['web', 'no such'], window });
      assert.deepEqual([...intervals.keys()], ['web']);
      assert.deepEqual(intervals.get('web'), [
        { state: 'unknown', from: NOON, to: NOON + 50.125, reason: null },
        { state: 'up', from: NOON + 50.125, to: down, reason: null },
        { state: 'down', from: down, to: down + 250.5, reason: 'refused' },
        { state: 'up', from: down + 250.5, to: null, reason: null },
      ]);
      const { gaps, keptSince } = await reader.gaps({ window });
      assert.equal(keptSince, NOON);
      assert.deepEqual(
        gaps.map(({ service, from, to, seq }) => ({ service, from, to, seq })),
        [{ service: 'web', from: down, to: down + 250.5, seq: events[4]?.seq }],
      );
      assert.deepEqual(
        (await reader.annotations(window)).map(({ type }) => type),
        ['mark'],
      );
      assert.deepEqual((await reader.rollups({ services: ['web'], width: 'hour', window })).get('web'), [
        { from: NOON, upMs: 11_000, downMs: 250.5, unobservedMs: 0, gaps: 1, longestGapMs: 250.5 },
      ]);
      await reader.close();

      const { restored } = await openHistory(dir);
      assert.equal(restored.id, history.restored.id);
      assert.equal(restored.events.newest, events.at(-1)?.seq);
      assert.deepEqual(restored.events.latest(100), events);
      assert.deepEqual(await restored.events.after(events[2]?.seq ?? 0, 10), events.slice(3));
      const web = restored.services.get('web');
      assert.equal(web?.until, clock);
      assert.equal(web.state, 'up');
      assert.equal(web.since, down + 250.5);
      assert.deepEqual(web.totals, { gaps: 1, longestGapMs: 250.5, upMs: 1000, downMs: 250.5, unobservedMs: 0 });
    });
  });

  it('answers about many services in one question, with a limit over all of them', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
      monitor.watch('web', 'api', 'cache');
      history.record(monitor);
      const ends: number[] = [];
      for (let n = 0; n < 30; n++) {
        monitor.clock += 1000;
        monitor.gap(['web', 'api', 'cache'][n % 3] ?? '', monitor.clock - 500, monitor.clock);
        ends.push(monitor.clock);
      }
      await history.close();
      const reader = await openArchive(dir);
      const window = { from: NOON, to: monitor.clock };
      const endsOf = async (query: Parameters<OpenArchive['gaps']>[0]): Promise<number[]> =>
        (await reader.gaps(query)).gaps.map(({ to }) => to);
      assert.deepEqual(await endsOf({ window }), ends);
      assert.deepEqual(await endsOf({ window, limit: 7 }), ends.slice(-7));
      assert.deepEqual(await endsOf({ window, limitEach: 2 }), ends.slice(-6));
      assert.deepEqual(await endsOf({ window, services: ['web', 'cache'], limit: 2 }), [ends[27], ends[29]]);
      await reader.close();
    });
  });
});

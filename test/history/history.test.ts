import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { HistoryReader } from '../../src/history/reader.ts';
import { NOON, openHistory, withFolder } from './open.ts';
import { INFO, ScriptedMonitor } from './scripted.ts';

describe('a history', () => {
  it('tells what was, after it was closed and opened again', async () => {
    await withFolder(async (dir) => {
      const history = await openHistory(dir);
      const monitor = new ScriptedMonitor(history.past, NOON);
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
      monitor.gap('web', { from: down, to: monitor.clock });
      monitor.clock += 10_000;
      monitor.mark('dockerd restarted');
      const { clock } = monitor;
      await history.close();

      const reader = HistoryReader.open(dir);
      assert.deepEqual(reader.monitor, { id: history.past.id, vantage: 'here' });
      assert.deepEqual(reader.reach, { from: NOON, to: clock });
      assert.deepEqual(reader.services(), [
        { name: 'web', info: INFO, firstSeen: NOON, lastSeen: clock, rawSince: NOON },
        { name: 'api', info: INFO, firstSeen: NOON, lastSeen: clock, rawSince: NOON },
      ]);
      const window = { from: NOON, to: clock };
      assert.deepEqual(reader.intervals('web', window), [
        { state: 'unknown', from: NOON, to: NOON + 50.125, reason: null },
        { state: 'up', from: NOON + 50.125, to: down, reason: null },
        { state: 'down', from: down, to: down + 250.5, reason: 'refused' },
        { state: 'up', from: down + 250.5, to: null, reason: null },
      ]);
      assert.deepEqual(
        reader.gaps(window).map(({ service, from, to, seq }) => ({ service, from, to, seq })),
        [{ service: 'web', from: down, to: down + 250.5, seq: 5 }],
      );
      assert.deepEqual(
        reader.moments(window).map((moment) => moment.type),
        ['mark'],
      );
      assert.deepEqual(reader.rollups('web', 'hour', window), [
        { from: NOON, upMs: 11_000, downMs: 250.5, unobservedMs: 0, gaps: 1, longestGapMs: 250.5 },
      ]);
      reader.close();

      const again = await openHistory(dir);
      assert.equal(again.past.id, history.past.id);
      assert.equal(again.past.events.newest, 6);
      assert.deepEqual(
        again.past.events.after(3, 10)?.map(({ type, seq }) => [type, seq]),
        [
          ['transition', 4],
          ['gap', 5],
          ['mark', 6],
        ],
      );
      const web = again.past.services.get('web');
      assert.equal(web?.until, clock);
      assert.equal(web.state, 'up');
      assert.equal(web.since, down + 250.5);
      assert.deepEqual(web.totals, { gaps: 1, longestGapMs: 250.5, upMs: 1000, downMs: 250.5, unobservedMs: 0 });
      await again.close();
    });
  });
});

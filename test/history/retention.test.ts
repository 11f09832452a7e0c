import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';

import { databaseFile } from '../../src/history/data-dir.ts';
import { Database } from '../../src/history/database.ts';
import { Ledger } from '../../src/history/ledger.ts';
import { HistoryReader } from '../../src/history/reader.ts';
import { fairShare, Retention } from '../../src/history/retention.ts';
import { toMicros } from '../../src/history/codes.ts';
import { DirectHistory } from './direct.ts';
import { DAY_MS, NOON, withFolder } from './open.ts';
import { ScriptedMonitor } from './scripted.ts';
import { simulateHistory } from './simulated.ts';

const MANY = { intervals: 1e9, allIntervals: 1e9, gaps: 1e9, allGaps: 1e9, eventBytes: 1e12, moments: 1e9 };

/** Runs retention on a folder that nobody else has, to its end. */
function retain(dir: string, keepMs: number, limits: Partial<typeof MANY> = {}): void {
  const db = new Database(databaseFile(dir), 'write');
  const retention = new Retention(db, new Ledger(db), toMicros(keepMs), { ...MANY, ...limits });
  retention.begin(toMicros(NOON));
  retention.work(60_000);
  db.close();
}

describe('what a history does not keep', () => {
  it('is what is older than the time to keep; all that is younger stays', async () => {
    await withFolder(async (dir) => {
      await Promise.resolve();
      simulateHistory(dir, { days: 12, services: 5, flapping: 1, everyMs: 60_000, fullDays: 12, end: NOON });
      const window = { from: NOON - 5 * DAY_MS, to: NOON };
      const all = { from: 0, to: NOON };
      const tell = (): unknown => {
        const reader = HistoryReader.open(dir);
        const names = reader.services().map(({ name }) => name);
        const told = names.map((name) => [
          reader.intervals(name, window),
          reader.gaps(window, name),
          reader.rollups(name, 'day', { from: window.from + DAY_MS, to: NOON }),
        ]);
        reader.close();
        return told;
      };
      const before = tell();
      retain(dir, 5 * DAY_MS);
      assert.deepEqual(tell(), before);
      const reader = HistoryReader.open(dir);
      for (const { name, firstSeen, rawSince } of reader.services()) {
        assert.equal(firstSeen, window.from);
        assert.equal(rawSince, window.from);
        assert.ok(reader.gaps(all, name).every(({ to }) => to >= window.from));
        // The interval that reaches over the edge stays, and no more than that.
        assert.ok(reader.intervals(name, all).every(({ to }) => to === null || to > window.from - 60_000));
      }
      assert.ok(reader.stored.oldest > 1);
      reader.close();
    });
  });

  it('is the oldest single intervals of a service that flaps; its sums stay', async () => {
    await withFolder(async (dir) => {
      await Promise.resolve();
      simulateHistory(dir, { days: 3, services: 4, flapping: 1, everyMs: 20_000, fullDays: 3, end: NOON });
      const all = { from: 0, to: NOON };
      const sums = (): unknown => {
        const reader = HistoryReader.open(dir);
        const told = ['hour', 'day'].map((width) =>
          reader.rollups('flapping 0', width as 'hour' | 'day', { from: NOON - 3 * DAY_MS, to: NOON }),
        );
        reader.close();
        return told;
      };
      const before = sums();
      retain(dir, 90 * DAY_MS, { intervals: 3000, gaps: 1000 });
      assert.deepEqual(sums(), before);
      const reader = HistoryReader.open(dir);
      const [flapping, steady] = reader.services();
      assert.equal(reader.intervals('flapping 0', all).length, 3000);
      assert.equal(reader.gaps(all, 'flapping 0').length, 1000);
      assert.equal(flapping?.rawSince, reader.gaps(all, 'flapping 0')[0]?.to);
      assert.equal(steady?.rawSince, steady?.firstSeen);
      reader.close();
    });
  });

  it('is a service that was not watched any more in all that time, and the oldest events', async () => {
    await withFolder(async (dir) => {
      await Promise.resolve();
      const history = new DirectHistory(dir);
      const monitor = new ScriptedMonitor(history.past, NOON - 20 * DAY_MS);
      history.record(monitor);
      monitor.watch('left', 'stays');
      monitor.clock += 1000;
      for (const name of ['left', 'stays']) monitor.change(name, 'up');
      monitor.clock += DAY_MS;
      history.flush();
      monitor.watch('stays');
      monitor.clock = NOON - 3000;
      for (let n = 0; n < 3000; n++) {
        monitor.clock += 1;
        monitor.mark(`mark ${String(n)}`);
        if (n % 10 === 0) history.flush();
      }
      history.flush();
      history.close();
      retain(dir, 10 * DAY_MS, { eventBytes: 10_000, moments: 100 });
      const reader = HistoryReader.open(dir);
      assert.deepEqual(
        reader.services().map(({ name }) => name),
        ['stays'],
      );
      assert.equal(reader.moments({ from: 0, to: NOON }).length, 101);
      const { oldest, newest } = reader.stored;
      assert.ok(oldest > 2000 && oldest < newest);
      assert.equal(reader.events(oldest - 1, 1)?.[0]?.seq, oldest);
      reader.close();
    });
  });

  it('leaves its room to what comes: the file does not grow beyond', async () => {
    await withFolder(async (dir) => {
      await Promise.resolve();
      const history = new DirectHistory(dir, 2 * DAY_MS);
      const monitor = new ScriptedMonitor(history.past, NOON - 20 * DAY_MS);
      history.record(monitor);
      monitor.watch('web');
      const sizes: number[] = [];
      for (let day = 0; day < 12; day++) {
        for (let n = 0; n < 4000; n++) {
          monitor.clock += DAY_MS / 4000;
          monitor.change('web', n % 2 === 0 ? 'up' : 'down');
          if (n % 100 === 0) history.flush();
        }
        history.flush();
        history.retain(monitor.clock);
        sizes.push(statSync(databaseFile(dir)).size + statSync(`${databaseFile(dir)}-wal`).size);
      }
      history.close();
      const { size } = statSync(databaseFile(dir));
      assert.ok(size <= 1.2 * Math.max(...sizes.slice(2, 6)), `${String(size)} of ${sizes.join(' ')}`);
    });
  });

  it('is shared fairly: those that have little keep all of it', () => {
    assert.equal(fairShare([10, 20, 30], 100), Infinity);
    assert.equal(fairShare([10, 1000, 1000], 210), 100);
    assert.equal(fairShare([], 10), Infinity);
  });
});

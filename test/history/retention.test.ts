import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';

import { databaseFile } from '../../src/history/data-dir.ts';
import { Database } from '../../src/history/database.ts';
import { openArchive } from '../../src/history/history.ts';
import { HistoryWriter } from '../../src/history/history-writer.ts';
import { fairShare, Retention } from '../../src/history/retention.ts';
import { RetentionSchedule } from '../../src/history/retention-schedule.ts';
import { storedEvents, type StoredEvents, toMicros } from '../../src/history/history-rows.ts';
import { loadDriver } from '../../src/history/sqlite-driver.ts';
import { DirectHistory } from './direct-history.ts';
import { DAY_MS, NOON, withFolder } from './open.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { simulateHistory } from './simulated.ts';

const MANY = { intervals: 1e9, allIntervals: 1e9, gaps: 1e9, allGaps: 1e9, eventBytes: 1e12, annotations: 1e9 };

/** Runs retention on a folder of its own, to its end. */
async function retain(dir: string, keepMs: number, limits: Partial<typeof MANY> = {}): Promise<void> {
  const db = new Database(await loadDriver(), databaseFile(dir), 'write');
  const retention = new Retention(db, new HistoryWriter(db), toMicros(keepMs), { ...MANY, ...limits });
  retention.begin(toMicros(NOON));
  retention.work(60_000);
  db.close();
}

async function stored(dir: string): Promise<StoredEvents> {
  const db = new Database(await loadDriver(), databaseFile(dir), 'read');
  const found = storedEvents(db);
  db.close();
  return found;
}

describe('the size of the events', () => {
  it('is what is there, also where a clock that was ahead had used their numbers', async () => {
    await withFolder(async (dir) => {
      const first = await DirectHistory.open(dir);
      const ahead = new ScriptedMonitor({ restored: first.restored, clock: NOON + DAY_MS });
      first.record(ahead);
      for (let n = 0; n < 50; n++) ahead.mark('of a day that is to come');
      first.flush();
      first.close();
      const db = new Database(await loadDriver(), databaseFile(dir), 'write');
      const monitor = { id: 'm', vantage: 'here', version: '0', startedAt: NOON };
      const events = [{ type: 'mark', seq: 7, at: NOON, text: 'of today' } as const];
      const nothing = { completeAfter: 0, checkpoints: [], hooks: [] };
      new HistoryWriter(db).apply({ monitor, alive: NOON, items: [{ type: 'events', events }], ...nothing });
      const kept = db.number("SELECT value FROM meta WHERE name = 'event_bytes'");
      assert.equal(kept, db.number('SELECT sum(length(body)) FROM event'));
      db.close();
    });
  });
});

describe('what is too old', () => {
  const MINUTE_MS = 60_000;

  it('is searched for every minute, but not in the ten after the start, or after the clock was set by more than an hour', () => {
    const schedule = new RetentionSchedule(0);
    let [clock, minute] = [NOON, 0];
    /** In which of the next so many minutes it is. */
    const dueIn = (minutes: number): number[] => {
      const due: number[] = [];
      for (let n = 1; n <= minutes; n += 1) {
        minute += 1;
        clock += MINUTE_MS;
        if (schedule.isDue(clock, minute * MINUTE_MS)) due.push(n);
      }
      return due;
    };
    assert.deepEqual(dueIn(12), [10, 11, 12]);
    clock += 365 * DAY_MS;
    assert.deepEqual(dueIn(9), []);
    clock -= 365 * DAY_MS;
    assert.deepEqual(dueIn(12), [11, 12]);
    clock += 50 * MINUTE_MS;
    assert.deepEqual(dueIn(2), [1, 2]);
  });
});

describe('what a history does not keep', () => {
  it('is what is older than the time to keep; all that is younger stays', async () => {
    await withFolder(async (dir) => {
      await simulateHistory(dir, { days: 12, services: 5, flapping: 1, everyMs: 60_000, fullDays: 12, end: NOON });
      const window = { from: NOON - 5 * DAY_MS, to: NOON };
      const all = { from: 0, to: NOON };
      const show = async (): Promise<unknown> => {
        const archive = await openArchive(dir);
        const services = (await archive.overview()).services.map(({ name }) => name);
        const shown = [
          await archive.intervals({ services, window }),
          await archive.gaps({ services, window }).then(({ gaps }) => gaps),
          await archive.rollups({ services, width: 'day', window: { from: window.from + DAY_MS, to: NOON } }),
        ];
        await archive.close();
        return shown;
      };
      const before = await show();
      await retain(dir, 5 * DAY_MS);
      assert.deepEqual(await show(), before);
      const archive = await openArchive(dir);
      for (const { name, firstSeen, rawSince } of (await archive.overview()).services) {
        assert.equal(firstSeen, window.from);
        assert.equal(rawSince, window.from);
        const { gaps } = await archive.gaps({ services: [name], window: all });
        assert.ok(gaps.every(({ to }) => to >= window.from));
        // The interval that reaches over the edge stays, and no more than that.
        const intervals = (await archive.intervals({ services: [name], window: all })).get(name) ?? [];
        assert.ok(intervals.every(({ to }) => to === null || to > window.from - 60_000));
      }
      await archive.close();
      const { completeAfter, newest } = await stored(dir);
      assert.ok(completeAfter > 0 && completeAfter < newest);
    });
  });

  it('is the oldest single intervals of a service that flaps; its sums stay', async () => {
    await withFolder(async (dir) => {
      await simulateHistory(dir, { days: 3, services: 4, flapping: 1, everyMs: 20_000, fullDays: 3, end: NOON });
      const all = { from: 0, to: NOON };
      const sums = async (): Promise<unknown> => {
        const archive = await openArchive(dir);
        const query = { services: ['flapping 0'], window: { from: NOON - 3 * DAY_MS, to: NOON } };
        const shown = [
          await archive.rollups({ ...query, width: 'hour' }),
          await archive.rollups({ ...query, width: 'day' }),
        ];
        await archive.close();
        return shown;
      };
      const before = await sums();
      await retain(dir, 90 * DAY_MS, { intervals: 3000, gaps: 1000 });
      assert.deepEqual(await sums(), before);
      const archive = await openArchive(dir);
      const [flapping, steady] = (await archive.overview()).services;
      const query = { services: ['flapping 0'], window: all };
      assert.equal((await archive.intervals(query)).get('flapping 0')?.length, 3000);
      const { gaps, keptSince } = await archive.gaps(query);
      assert.equal(gaps.length, 1000);
      assert.equal(flapping?.rawSince, gaps[0]?.to);
      assert.equal(keptSince, flapping?.rawSince);
      assert.equal(steady?.rawSince, steady?.firstSeen);
      await archive.close();
    });
  });

  it('is a service that was not watched any more in all that time, and the oldest events', async () => {
    await withFolder(async (dir) => {
      const history = await DirectHistory.open(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON - 20 * DAY_MS });
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
      await retain(dir, 10 * DAY_MS, { eventBytes: 10_000, annotations: 100 });
      const again = await DirectHistory.open(dir);
      assert.deepEqual(
        (await again.reader.overview()).services.map(({ name }) => name),
        ['stays'],
      );
      assert.equal((await again.reader.annotations({ from: 0, to: NOON })).length, 101);
      const { events } = again.restored;
      const kept = (await events.after(events.completeAfter, 5000)) ?? [];
      assert.ok(kept.length > 0 && kept.length < 1000);
      assert.equal(await events.after(events.completeAfter - 1, 5000), null);
      again.close();
    });
  });

  it('leaves its room to what comes: the file does not grow beyond', async () => {
    await withFolder(async (dir) => {
      const history = await DirectHistory.open(dir, 2 * DAY_MS);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON - 20 * DAY_MS });
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

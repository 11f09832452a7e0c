import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import {
  conditionCode,
  conditionOf,
  gapOf,
  gapValues,
  reasonCode,
  reasonOf,
  toMicros,
  toMillis,
} from '../../src/history/history-rows.ts';
import { databaseFile } from '../../src/history/data-dir.ts';
import { Database } from '../../src/history/database.ts';
import { HistoryError } from '../../src/history/history-error.ts';
import { openArchive } from '../../src/history/history.ts';
import { MIGRATIONS, migrate, versionOf } from '../../src/history/history-schema.ts';
import { DOWN_REASONS, STATES, UNOBSERVED_REASONS } from '../../src/core/model.ts';
import { loadDriver, type Row } from '../../src/history/sqlite-driver.ts';
import { gap } from '../support/builders.ts';
import { DirectHistory } from './direct-history.ts';
import { NOON, openHistory, withFolder } from './open.ts';
import { simulateHistory } from './simulated.ts';

/** Opens a database for a test. */
async function withDatabase(dir: string, test: (db: Database, file: string) => void): Promise<void> {
  const file = databaseFile(dir);
  const db = new Database(await loadDriver(), file, 'write');
  test(db, file);
  db.close();
}

describe('the versions of a history', () => {
  it('begin with an empty file, and each becomes the next without losing anything', async () => {
    await withFolder(async (dir) => {
      await simulateHistory(dir, { days: 1, services: 3, flapping: 1, everyMs: 60_000, fullDays: 1, end: NOON });
      const before = await everything(dir);
      await withDatabase(dir, (db, file) => {
        assert.equal(versionOf(db, file), MIGRATIONS.length);
        // A version that is to come.
        const next = [...MIGRATIONS, 'ALTER TABLE run ADD COLUMN host TEXT; UPDATE run SET host = vantage'];
        migrate(db, file, next);
        assert.equal(db.number('PRAGMA user_version'), MIGRATIONS.length + 1);
        assert.equal(db.row('SELECT host FROM run')?.[0], 'here');
        migrate(db, file, next);
        // As this version sees the same tables.
        db.exec(`PRAGMA user_version = ${String(MIGRATIONS.length)}`);
      });
      assert.deepEqual(await everything(dir), before);
    });
  });

  it('are left as they were where a step to the next one fails', async () => {
    await withFolder(async (dir) => {
      await simulateHistory(dir, { days: 1, services: 2, flapping: 0, everyMs: 60_000, fullDays: 1, end: NOON });
      const before = await everything(dir);
      await withDatabase(dir, (db, file) => {
        assert.throws(() => {
          migrate(db, file, [...MIGRATIONS, 'DELETE FROM interval; SELECT nothing FROM nowhere']);
        });
        assert.equal(db.number('PRAGMA user_version'), MIGRATIONS.length);
      });
      assert.deepEqual(await everything(dir), before);
    });
  });

  it('that are newer are refused with words, and not touched', async () => {
    await withFolder(async (dir) => {
      await (await openHistory(dir)).close();
      await withDatabase(dir, (db) => {
        db.exec('PRAGMA user_version = 99');
      });
      const before = readFileSync(databaseFile(dir));
      const refused = (error: unknown): boolean =>
        error instanceof HistoryError &&
        error.code === 'newer' &&
        /newer gapwatch \(its version is 99/.test(error.message);
      await assert.rejects(openHistory(dir), refused);
      await assert.rejects(openArchive(dir), refused);
      assert.deepEqual(readFileSync(databaseFile(dir)), before);
      assert.ok(!readdirSync(dir).some((name) => name.includes('damaged')));
    });
  });

  it('are not seen in a file of another program', async () => {
    await withFolder(async (dir) => {
      await withDatabase(dir, (db) => {
        db.exec('CREATE TABLE theirs (x)');
      });
      await assert.rejects(openHistory(dir), (error) => error instanceof HistoryError && error.code === 'foreign');
    });
  });
});

describe('values in a history', () => {
  it('are the same when they are read', () => {
    const reasons = [null, ...DOWN_REASONS, ...UNOBSERVED_REASONS];
    for (const state of STATES) {
      for (const reason of reasons) assert.deepEqual(conditionOf(conditionCode({ state, reason })), { state, reason });
    }
    for (const reason of [...DOWN_REASONS, ...UNOBSERVED_REASONS]) assert.equal(reasonOf(reasonCode(reason)), reason);
    for (const reasons of [
      [{ reason: 'refused', count: 3 }],
      [{ reason: 'status', count: 3, message: '503 Service Unavailable' }],
      [
        { reason: 'status', count: 2, message: '503' },
        { reason: 'closed', count: 1 },
      ],
    ] as const) {
      const kept = gap('web', NOON, NOON + 250, { reasons });
      const read = gapOf('web', [...gapValues(1, kept).slice(1)] as Row);
      assert.deepEqual(read.reasons, reasons);
    }
    for (const ms of [NOON, NOON + 0.001, NOON + 0.123, NOON + 999.999]) assert.equal(toMillis(toMicros(ms)), ms);
  });
});

/** All that a reader shows. */
async function everything(dir: string): Promise<unknown> {
  const history = await DirectHistory.open(dir);
  const { reader, restored } = history;
  const window = { from: 0, to: 2 * NOON };
  const overview = await reader.overview();
  const services = overview.services.map(({ name }) => name);
  const shown = {
    overview,
    restored: restored.services,
    intervals: await reader.intervals({ services, window }),
    hours: await reader.rollups({ services, width: 'hour', window: { from: NOON - 86_400_000, to: NOON } }),
    gaps: await reader.gaps({ window }),
    events: await restored.events.after(0, 5000),
  };
  history.close();
  return shown;
}

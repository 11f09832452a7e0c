/** How SQLite reads what it is asked, with both kinds of it: a history grows for months, and a start must not take longer for it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { databaseFile } from '../../src/history/data-dir.ts';
import { Database } from '../../src/history/database.ts';
import { HistoryReader } from '../../src/history/history-reader.ts';
import { loadDriver, type SqliteDriver } from '../../src/history/sqlite-driver.ts';
import { answerOf } from './direct-history.ts';
import { NOON, withFolder } from './open.ts';
import { simulateHistory } from './simulated.ts';

/** How each query of these questions is worked at, by its text. */
async function plansOf(
  dir: string,
  name: SqliteDriver['name'],
  ask: (reader: HistoryReader) => void,
): Promise<ReadonlyMap<string, string>> {
  const driver = await loadDriver(name);
  const asked = new Set<string>();
  const listening: SqliteDriver = {
    name: driver.name,
    open: (file, mode) => {
      const connection = driver.open(file, mode);
      const prepare: typeof connection.prepare = (sql) => {
        asked.add(sql);
        return connection.prepare(sql);
      };
      return { ...connection, prepare };
    },
  };
  const reader = new HistoryReader(new Database(listening, databaseFile(dir), 'read'));
  ask(reader);
  reader.close();
  const db = new Database(driver, databaseFile(dir), 'read');
  const plans = Array.from(asked, (sql) => {
    const parameters = sql.split('?').length - 1;
    const steps = db.rows(`EXPLAIN QUERY PLAN ${sql}`, ...Array.from({ length: parameters }, () => 1));
    return [sql, steps.map((step) => String(step.at(-1))).join('\n')] as const;
  });
  db.close();
  return new Map(plans);
}

describe('the queries of a history', () => {
  for (const name of ['libsql', 'node:sqlite'] as const) {
    it(`use an index, with ${name} where this Node has it`, async () => {
      await withFolder(async (dir) => {
        await simulateHistory(dir, { days: 1, services: 3, flapping: 1, everyMs: 60_000, fullDays: 1, end: NOON });
        const window = { from: NOON - 3_600_000, to: NOON };
        const services = ['service 1'];
        const plans = await plansOf(dir, name, (reader) => {
          reader.restored();
          assert.equal([...reader.restoredServices()].length, 3);
          answerOf(reader.overview());
          answerOf(reader.intervals({ services, window }));
          answerOf(reader.gaps({ services, window, limit: 9 }));
          answerOf(reader.annotations(window));
          answerOf(reader.rollups({ services, width: 'hour', window }));
          answerOf(reader.events({ after: 1, limit: 9 }));
        });
        assert.ok(plans.size >= 10, [...plans.keys()].join('\n'));
        for (const [sql, plan] of plans)
          assert.doesNotMatch(plan, /SCAN (interval|gap|rollup|event|annotation)\b/, sql);
        const planned = [...plans].find(([sql]) => sql.includes('planned = 1'));
        assert.match(planned?.[1] ?? '', /USING INDEX planned_gap/);
      });
    });
  }
});

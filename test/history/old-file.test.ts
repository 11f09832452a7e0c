/** A file that 0.1.0 wrote: three runs, of which the second was killed, so that numbers were left out. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';

import type { ArchiveReader } from '../../src/core/archive.ts';
import { databaseFile } from '../../src/history/data-dir.ts';
import { openArchive } from '../../src/history/history.ts';
import { openHistory, withFolder } from './open.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

const FILE = new URL('../../../test/history/fixtures/history-0.1.0.db.gz', import.meta.url);
const ID = '7361f6ce-4c58-45f5-911a-a038763159ab';
/** The last number before those that were left out, the first one after them, and the last of all. */
const [BEFORE, BEHIND, LAST] = [39, 10_027, 10_060];

async function everything(reader: ArchiveReader): Promise<Record<string, unknown>> {
  const { reach, services, monitor } = await reader.overview();
  assert.ok(reach !== null);
  const names = services.map(({ name }) => name);
  return {
    services,
    monitor,
    intervals: await reader.intervals({ services: names, window: reach }),
    gaps: await reader.gaps({ window: reach }),
    openGaps: await reader.openGaps(names),
    annotations: await reader.annotations(reach),
    hours: await reader.rollups({ services: names, width: 'hour', window: reach }),
  };
}

describe('a file of 0.1.0', () => {
  it('is read as it is, and is the same once it was brought to this version', async () => {
    await withFolder(async (dir) => {
      const file = databaseFile(dir);
      const bytes = gunzipSync(readFileSync(FILE));
      writeFileSync(file, bytes);
      const archive = await openArchive(dir);
      const before = await everything(archive);
      await archive.close();
      assert.deepEqual(readFileSync(file), bytes);
      const { services, annotations, gaps, openGaps } = before as Record<string, readonly object[]> & { gaps: object };
      assert.deepEqual(
        services?.map((one) => 'name' in one && one.name),
        ['web', 'api', 'gone'],
      );
      assert.deepEqual(
        annotations?.map((one) => 'text' in one && one.text),
        ['restarted dockerd'],
      );
      assert.ok('gaps' in gaps && Array.isArray(gaps.gaps) && gaps.gaps.length > 10);
      assert.deepEqual(
        openGaps?.map((one) => 'service' in one && one.service),
        ['web', 'gone'],
      );

      const history = await openHistory(dir);
      assert.deepEqual(await everything(history.reader), before);
      assert.equal(history.restored.id, ID);
      await history.close();
      const again = await openArchive(dir);
      assert.deepEqual(await everything(again), before);
      await again.close();
    });
  });

  it('is gone on from: clients resume across the numbers that were left out, and later numbers are greater', async () => {
    await withFolder(async (dir) => {
      writeFileSync(databaseFile(dir), gunzipSync(readFileSync(FILE)));
      const history = await openHistory(dir);
      const { events, services } = history.restored;
      assert.equal(events.newest, LAST);
      assert.equal(events.completeAfter, 0);
      assert.ok(events.canResume(BEFORE));
      const numbers = async (after: number): Promise<number[] | undefined> =>
        (await events.after(after, 1000))?.map(({ seq }) => seq);
      assert.deepEqual((await numbers(BEFORE))?.slice(0, 2), [BEHIND, BEHIND + 1]);
      assert.deepEqual(
        await numbers(0),
        [...Array(BEFORE).keys()].map((n) => n + 1).concat([...Array(LAST - BEHIND + 1).keys()].map((n) => n + BEHIND)),
      );
      assert.equal(services.get('gone')?.state, 'down');
      assert.equal(services.get('gone')?.checkpoint?.gap?.failed, 45);
      const now = (services.get('web')?.until ?? 0) + 5000;
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: now });
      history.record(monitor);
      monitor.watch('web', 'api', 'gone');
      monitor.change('web', 'up');
      const all = await numbers(0);
      assert.ok((all?.at(-1) ?? 0) >= now * 1000);
      await history.close();
      const { restored } = await openHistory(dir);
      assert.deepEqual(
        (await restored.events.after(0, 1000))?.map(({ seq }) => seq),
        all,
      );
      assert.deepEqual(
        restored.services
          .get('web')
          ?.timeline.slice(-3)
          .map(({ state }) => state),
        ['down', 'unobserved', 'up'],
      );
    });
  });
});

/** What happens to the disk, for real: full, read-only, damaged, taken away. Disks are small ones in memory, made for it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, rmSync, statSync, truncateSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';

import { databaseFile } from '../../src/history/data-dir.ts';
import type { History } from '../../src/history/history.ts';
import { HistoryReader } from '../../src/history/reader.ts';
import { NOON, openHistory, withFolder } from './open.ts';
import { ScriptedMonitor } from './scripted.ts';

/** Runs a test with a disk of its own, of a few megabytes. Skipped where this user may not mount one. */
async function withDisk(t: TestContext, test: (dir: string) => Promise<void>): Promise<void> {
  await withFolder(async (dir) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'gapwatch-test', dir], { stdio: 'pipe' });
    } catch (error) {
      if (process.env['CI'] === 'true') throw error;
      t.skip('this user may not mount a disk for it');
      return;
    }
    try {
      await test(dir);
    } finally {
      execFileSync('umount', ['-l', dir]);
    }
  });
}

/** Takes all the room that a disk has. Returns the file to remove. */
function fill(dir: string): string {
  const file = join(dir, 'filler');
  const fd = openSync(file, 'w');
  for (let size = 65_536; size > 0; size = size > 512 ? size / 2 : 0) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size));
    } catch {
      // No room for as much as that.
    }
  }
  closeSync(fd);
  return file;
}

/** The next problem of a history that is so. */
function nextProblem(history: History, so: (problem: string | null) => boolean): Promise<string | null> {
  return new Promise((resolve) => {
    if (so(history.problem)) resolve(history.problem);
    history.onProblem((problem) => {
      if (so(problem)) resolve(problem);
    });
  });
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Until all that was told is on disk. */
async function stored(history: History): Promise<void> {
  while (history.figures.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** So many changes of a service, an event each. */
function flap(monitor: ScriptedMonitor, count: number): void {
  for (let n = 0; n < count; n++) {
    monitor.clock += 10;
    monitor.change('web', n % 2 === 0 ? 'up' : 'down');
  }
}

async function begun(dir: string, clock = NOON): Promise<{ history: History; monitor: ScriptedMonitor }> {
  const history = await openHistory(dir);
  const monitor = new ScriptedMonitor(history.past, clock);
  history.record(monitor);
  monitor.watch('web');
  return { history, monitor };
}

/** All events that a folder has, by number, as they were told. */
function eventsOf(dir: string): number[] {
  const reader = HistoryReader.open(dir);
  const found: number[] = [];
  for (let seq = reader.stored.oldest - 1; seq < reader.stored.newest; seq = found.at(-1) ?? Infinity) {
    found.push(...(reader.events(seq, 1e6) ?? []).map((event) => event.seq));
  }
  reader.close();
  return found;
}

function upTo(newest: number): number[] {
  return Array.from({ length: newest }, (_, index) => index + 1);
}

describe('a history on a disk that fails', () => {
  it('keeps what happens in memory while the disk is full, and writes it when there is room', async (t) => {
    await withDisk(t, async (dir) => {
      const { history, monitor } = await begun(dir);
      flap(monitor, 100);
      await stored(history);
      const filler = fill(dir);
      const full = nextProblem(history, (problem) => problem !== null);
      flap(monitor, 50_000);
      assert.match((await full) ?? '', /the disk is full: make room/);
      assert.ok(history.figures.waiting > 0);
      // All of it is told to those that come back, wherever it is.
      assert.equal(history.past.events.after(0, 1e6)?.[0]?.seq, 1);
      unlinkSync(filler);
      await nextProblem(history, (problem) => problem === null);
      await stored(history);
      await history.close();
      assert.deepEqual(eventsOf(dir), upTo(50_100));
    });
  });

  it('begins on a full disk, and on one that can only be read', async (t) => {
    await withDisk(t, async (dir) => {
      const first = await begun(dir);
      flap(first.monitor, 10);
      await first.history.close();
      const remount = async (how: string): Promise<void> => {
        // What is closed is open until it is collected.
        await collectGarbage();
        execFileSync('mount', ['-o', `remount,${how}`, dir]);
      };
      await remount('ro');
      const { history, monitor } = await begun(dir);
      assert.match(history.problem ?? '', /can only be read/);
      assert.equal(history.past.id, first.history.past.id);
      assert.equal(history.past.services.get('web')?.state, 'down');
      flap(monitor, 10);
      await remount('rw');
      await nextProblem(history, (problem) => problem === null);
      await stored(history);
      await history.close();
      const newest = monitor.events.newest;
      assert.deepEqual(eventsOf(dir), upTo(newest));

      const filler = fill(dir);
      const again = await begun(dir);
      flap(again.monitor, 20_000);
      await nextProblem(again.history, (problem) => problem !== null);
      unlinkSync(filler);
      await nextProblem(again.history, (problem) => problem === null);
      await stored(again.history);
      await again.history.close();
      assert.deepEqual(eventsOf(dir), upTo(again.monitor.events.newest));
    });
  });

  it('sets a file aside that is damaged while it is written, and goes on with its numbers', async () => {
    await withFolder(async (dir) => {
      const first = await begun(dir);
      flap(first.monitor, 5000);
      await first.history.close();
      const { history, monitor } = await begun(dir, first.monitor.clock + 1000);
      flap(monitor, 100);
      await stored(history);
      const { id } = history.past;
      const told = nextProblem(history, (problem) => problem?.includes('set aside') === true);
      damage(databaseFile(dir));
      // Somebody looks at all of it; without that it would be found a little later.
      assert.deepEqual(history.reader.intervals('web', { from: 0, to: 2 * NOON }), []);
      assert.match((await told) ?? '', /gapwatch\.db\.damaged-2\d+T[\d.]+Z/);
      flap(monitor, 10);
      await stored(history);
      const { newest } = monitor.events;
      assert.deepEqual(
        monitor.events.after(newest - 5, 10)?.map(({ seq }) => seq),
        upTo(newest).slice(-5),
      );
      const totals = monitor.board.services.get('web')?.totalsAt(monitor.clock);
      await history.close();
      assert.ok(readdirSync(dir).some((name) => /^gapwatch\.db\.damaged-[^-]*$/.test(name)));

      const again = await openHistory(dir);
      assert.equal(again.past.id, id);
      assert.equal(again.past.events.newest, newest);
      const web = again.past.services.get('web');
      assert.equal(web?.totals.gaps, totals?.gaps);
      assert.equal(web?.until, monitor.clock);
      await again.close();
    });
  });

  for (const [what, ruin] of [
    [
      'no database any more',
      (file: string) => {
        overwrite(file, 0, Buffer.from('not a database at all'));
      },
    ],
    [
      'cut off',
      (file: string) => {
        truncateSync(file, 5000);
      },
    ],
    ['overwritten', damage],
  ] as const) {
    it(`begins anew where the file is ${what}, and keeps the old one`, async () => {
      await withFolder(async (dir) => {
        const first = await begun(dir);
        flap(first.monitor, 1000);
        await first.history.close();
        ruin(databaseFile(dir));
        const { history, monitor } = await begun(dir);
        flap(monitor, 10);
        for (let n = 0; n < 300 && history.problem === null; n++)
          await new Promise((resolve) => setTimeout(resolve, 20));
        assert.match(history.problem ?? '', /It was set aside as/);
        await stored(history);
        await history.close();
        assert.ok(readdirSync(dir).some((name) => name.includes('.damaged-')));
        assert.equal(eventsOf(dir).at(-1), monitor.events.newest);
      });
    });
  }

  it('begins a new file where somebody took it away', async () => {
    await withFolder(async (dir) => {
      const { history, monitor } = await begun(dir);
      flap(monitor, 10);
      await stored(history);
      for (const name of readdirSync(dir)) rmSync(join(dir, name));
      const gone = nextProblem(history, (problem) => problem !== null);
      flap(monitor, 10);
      assert.match((await gone) ?? '', /taken away/);
      await stored(history);
      await history.close();
      assert.equal(eventsOf(dir).at(-1), 20);
      assert.ok(statSync(databaseFile(dir)).size > 0);
    });
  });

  it('still belongs to one process alone where its whole folder was taken away', async () => {
    await withFolder(async (parent) => {
      const dir = join(parent, 'history');
      const { history, monitor } = await begun(dir);
      flap(monitor, 10);
      await stored(history);
      rmSync(dir, { recursive: true });
      const gone = nextProblem(history, (problem) => problem !== null);
      flap(monitor, 10);
      await gone;
      await stored(history);
      await assert.rejects(openHistory(dir), /belongs to another process/);
      await history.close();
    });
  });

  it('is looked through without harm where it can not even be opened', async () => {
    await withFolder(async (dir) => {
      const worker = new Worker(new URL('../../src/history/check-worker.js', import.meta.url), {
        workerData: join(dir, 'nothing', 'gapwatch.db'),
      });
      assert.deepEqual(await once(worker, 'message'), [null]);
    });
  });
});

/** Overwrites most of a file, but not its beginning. */
function damage(file: string): void {
  const { size } = statSync(file);
  overwrite(file, 4096, Buffer.alloc(Math.max(4096, size - 4096), 0xa5));
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  // In another process: to close the file here would take away the locks that SQLite holds on it.
  const script = `const fs = require('fs'); const fd = fs.openSync(process.argv[1], 'r+');
    fs.writeSync(fd, fs.readFileSync(0), 0, undefined, ${String(at)});`;
  execFileSync(process.execPath, ['-e', script, file], { input: bytes });
}

/** What happens to the disk, for real: full, read-only, damaged, taken away. Disks are small ones in memory, made for it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { databaseFile } from '../../src/history/data-dir.ts';
import type { History } from '../../src/history/history.ts';
import { HistoryError } from '../../src/history/history-error.ts';
import type { EventLog } from '../../src/core/event-log.ts';
import type { Event } from '../../src/core/messages.ts';
import { LockHolder } from './lock-holding.ts';
import { waitFor } from '../support/wait-for.ts';
import { eventsIn } from './direct-history.ts';
import { NOON, openHistory, withFolder } from './open.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

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

/** The next problem of a history that fits. */
function nextProblem(history: History, fits: (problem: string | null) => boolean): Promise<string | null> {
  return new Promise((resolve) => {
    if (fits(history.problem)) resolve(history.problem);
    history.onProblem((problem) => {
      if (fits(problem)) resolve(problem);
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

/** Waits until all that was published is on disk. */
function stored(history: History): Promise<void> {
  return waitFor(() => history.figures.waiting === 0, 'all is on disk', 60_000);
}

/** A number of changes of a service, an event each. */
function flap(monitor: ScriptedMonitor, count: number): void {
  for (let n = 0; n < count; n++) {
    monitor.clock += 10;
    monitor.change('web', n % 2 === 0 ? 'up' : 'down');
  }
}

async function begun(dir: string, clock = NOON): Promise<{ history: History; monitor: ScriptedMonitor }> {
  const history = await openHistory(dir);
  const monitor = new ScriptedMonitor({ restored: history.restored, clock });
  history.record(monitor);
  monitor.watch('web');
  return { history, monitor };
}

/** The numbers of all events that a log has. */
async function numbersOf(events: EventLog): Promise<number[]> {
  const found: number[] = [];
  for (let after: number | undefined = events.completeAfter; after !== undefined;) {
    const next: readonly Event[] = (await events.after(after, 5000)) ?? [];
    for (const { seq } of next) found.push(seq);
    after = next.at(-1)?.seq;
  }
  return found;
}

/** The numbers of all events that a folder has. */
async function numbersIn(dir: string): Promise<number[]> {
  return (await eventsIn(dir)).map(({ seq }) => seq);
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
      // Clients that come back get all of it, wherever it is.
      const published = await numbersOf(history.restored.events);
      assert.equal(published.length, 50_100);
      // And questions are answered while nothing can be written.
      assert.equal((await history.reader.overview()).services[0]?.name, 'web');
      unlinkSync(filler);
      await nextProblem(history, (problem) => problem === null);
      await stored(history);
      await history.close();
      assert.deepEqual(await numbersIn(dir), published);
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
      // A first start there: it monitors all the same.
      const never = await openHistory(join(dir, 'never', 'written'));
      assert.match(never.problem ?? '', /has not been written since/);
      await never.close();
      const { history, monitor } = await begun(dir);
      assert.match(history.problem ?? '', /can only be read/);
      assert.equal(history.restored.id, first.history.restored.id);
      assert.equal(history.restored.services.get('web')?.state, 'down');
      flap(monitor, 10);
      await remount('rw');
      await nextProblem(history, (problem) => problem === null);
      await stored(history);
      const published = await numbersOf(monitor.events);
      assert.ok(published.length > 20);
      await history.close();
      assert.deepEqual(await numbersIn(dir), published);

      const filler = fill(dir);
      const again = await begun(dir);
      flap(again.monitor, 20_000);
      await nextProblem(again.history, (problem) => problem !== null);
      unlinkSync(filler);
      await nextProblem(again.history, (problem) => problem === null);
      await stored(again.history);
      const all = await numbersOf(again.monitor.events);
      assert.ok(all.length > published.length + 20_000);
      await again.history.close();
      assert.deepEqual(await numbersIn(dir), all);
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
      const { id } = history.restored;
      const problem = nextProblem(history, (text) => text?.includes('set aside') === true);
      damage(databaseFile(dir));
      // A question that reads all of it finds that; otherwise it would be found a little later.
      await assert.rejects(
        history.reader.intervals({ services: ['web'], window: { from: 0, to: 2 * NOON } }),
        HistoryError,
      );
      assert.match((await problem) ?? '', /gapwatch\.db\.damaged-2\d+T[\d.]+Z/);
      flap(monitor, 10);
      await stored(history);
      const { newest } = monitor.events;
      const newestTen = (await numbersOf(monitor.events)).slice(-10);
      assert.equal(newestTen.length, 10);
      const totals = monitor.board.services.get('web')?.totalsAt(monitor.clock);
      await history.close();
      assert.ok(readdirSync(dir).some((name) => /^gapwatch\.db\.damaged-[^-]*$/.test(name)));

      const again = await openHistory(dir);
      assert.equal(again.restored.id, id);
      assert.equal(again.restored.events.newest, newest);
      assert.deepEqual((await numbersOf(again.restored.events)).slice(-10), newestTen);
      const web = again.restored.services.get('web');
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
    it(`begins again where the file is ${what}, and keeps the old one`, async () => {
      await withFolder(async (dir) => {
        const first = await begun(dir);
        flap(first.monitor, 1000);
        await first.history.close();
        ruin(databaseFile(dir));
        const { history, monitor } = await begun(dir);
        flap(monitor, 10);
        await waitFor(() => history.problem !== null, 'the damage is found');
        assert.match(history.problem ?? '', /It was set aside as/);
        await stored(history);
        await history.close();
        assert.ok(readdirSync(dir).some((name) => name.includes('.damaged-')));
        assert.equal((await numbersIn(dir)).at(-1), monitor.events.newest);
      });
    });
  }

  it('never holds up the main thread while another program has the file locked', async () => {
    await withFolder(async (dir) => {
      const { history, monitor } = await begun(dir);
      flap(monitor, 10);
      await stored(history);
      const holder = await LockHolder.start(databaseFile(dir));
      let [lagMs, last] = [0, performance.now()];
      const meter = setInterval(() => {
        const now = performance.now();
        lagMs = Math.max(lagMs, now - last - 10);
        last = now;
      }, 10);
      flap(monitor, 10);
      const locked = nextProblem(history, (problem) => problem !== null);
      // It waits behind the batch, which waits for the lock.
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal((await history.reader.overview()).services.length, 1);
      assert.match((await locked) ?? '', /another program has it locked/);
      clearInterval(meter);
      assert.ok(lagMs < 500, `held up for ${String(lagMs)} ms`);
      await holder.end();
      await stored(history);
      await waitFor(() => history.problem === null, 'all is well again');
      const published = await numbersOf(monitor.events);
      await history.close();
      assert.deepEqual(await numbersIn(dir), published);
    });
  });

  it('begins a new file where it was taken away', async () => {
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
      assert.equal((await numbersIn(dir)).at(-1), monitor.events.newest);
      assert.ok(statSync(databaseFile(dir)).size > 0);
    });
  });

  it('has the sums and the notes of a file that was taken away in the new one, each once', async () => {
    await withFolder(async (dir) => {
      const { history, monitor } = await begun(dir);
      for (let n = 0; n < 3; n += 1) {
        flap(monitor, 2);
        monitor.gap('web', monitor.clock - 10, monitor.clock);
      }
      const about = {
        kind: 'maintenance',
        text: 'Docker upgrade',
        from: monitor.now(),
        to: null,
        services: [],
      } as const;
      monitor.event({ type: 'note', at: monitor.now(), id: 'n', ...about });
      await stored(history);
      const [web] = monitor.board.services.values();
      const before = web!.totalsAt(0);
      for (const name of readdirSync(dir)) rmSync(join(dir, name));
      const gone = nextProblem(history, (problem) => problem !== null);
      await gone;
      // Nothing happens: only the sign of life, and what a new file needs, is written first.
      await waitFor(() => existsSync(databaseFile(dir)), 'there is a new file');
      const observedUntil = monitor.observedUntil.bind(monitor);
      let batches = 0;
      monitor.observedUntil = () => {
        batches += 1;
        return observedUntil();
      };
      await waitFor(() => batches > 2, 'it was written to');
      await stored(history);
      await history.close();
      const again = await openHistory(dir);
      const { totals } = again.restored.services.get(web!.name)!;
      assert.deepEqual([totals.gaps, totals.downMs], [before.gaps, before.downMs]);
      assert.deepEqual([before.gaps, before.downMs], [3, 20]);
      assert.deepEqual(
        again.restored.notes?.map(({ id, text }) => [id, text]),
        [['n', 'Docker upgrade']],
      );
      await again.close();
    });
  });

  it('goes on where its folder was out of the way for a while, and something else in its place', async () => {
    await withFolder(async (parent) => {
      const [dir, away] = [join(parent, 'history'), join(parent, 'away')];
      const { history, monitor } = await begun(dir);
      flap(monitor, 10);
      await stored(history);
      renameSync(dir, away);
      writeFileSync(dir, 'no folder');
      const gone = nextProblem(history, (problem) => problem?.includes('a file, not a folder') === true);
      flap(monitor, 10);
      await gone;
      rmSync(dir);
      renameSync(away, dir);
      flap(monitor, 10);
      // Whether it also says that the file was taken away depends on the driver.
      await waitFor(() => history.problem?.includes('has not been written') !== true, 'it is written again');
      await stored(history);
      const published = await numbersOf(monitor.events);
      await history.close();
      assert.deepEqual(await numbersIn(dir), published);
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

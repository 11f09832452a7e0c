import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Event, Transition } from '../../src/core/messages.ts';
import { EventStore, type ReadEvents } from '../../src/history/event-store.ts';
import { HistoryReader } from '../../src/history/reader.ts';
import { DirectHistory } from './direct.ts';
import { NOON, withFolder } from './open.ts';
import { ScriptedMonitor } from './scripted.ts';

const NOTHING: ReadEvents = () => [];

function change(seq: number, to: 'up' | 'down'): Transition {
  const at = NOON + seq;
  const from = to === 'up' ? 'down' : 'up';
  return {
    ...{ type: 'transition', seq, service: 'web', from, to, at, notBefore: at, notAfter: at },
    ...{ reason: to === 'up' ? null : 'refused', message: null },
  };
}

function numbers(events: readonly Event[] | null): number[] | null {
  return events && events.map(({ seq }) => seq);
}

describe('the events of a history', () => {
  it('are read from the disk where memory does not reach, and go on in memory', () => {
    const disk = [1, 2, 3, 4].map((seq) => change(seq, 'up'));
    const store = new EventStore({ id: 'x', newest: 4, oldest: 2, last: 4 }, (seq, limit) =>
      disk.filter((event) => event.seq > seq).slice(0, limit),
    );
    for (const seq of [5, 6, 7]) store.append(change(seq, 'down'));
    assert.equal(store.oldest, 2);
    assert.equal(store.waiting, 3);
    assert.deepEqual(numbers(store.after(1, 100)), [2, 3, 4, 5, 6, 7]);
    assert.deepEqual(numbers(store.after(2, 3)), [3, 4, 5]);
    assert.deepEqual(numbers(store.after(7, 3)), []);
    assert.equal(store.after(0, 100), null);
    assert.equal(store.after(8, 100), null);
    store.take({ id: 'x', newest: 6, oldest: 2, last: 6 }, []);
    assert.equal(store.waiting, 1);
    assert.deepEqual(numbers(store.next(10)), [7]);
  });

  it('are given up, the oldest first, where too many wait; how many is known, and since when', () => {
    const store = new EventStore({ id: 'x', newest: 0, oldest: 1, last: 0 }, NOTHING, 100, 20);
    for (let seq = 1; seq <= 130; seq++) store.append(change(seq, seq % 2 === 0 ? 'up' : 'down'));
    assert.equal(store.lostCount, 40);
    assert.equal(store.waiting, 90);
    assert.equal(store.oldest, 41);
    assert.equal(store.after(39, 10), null);
    assert.deepEqual(store.lost, [{ service: 'web', from: NOON + 1, to: NOON + 40, state: 'up', reason: null }]);
    store.take({ id: 'x', newest: 130, oldest: 41, last: 130 }, store.lost);
    assert.deepEqual(store.lost, []);
    assert.equal(store.waiting, 0);
  });
});

describe('the events of a monitor that was killed', () => {
  it('can be read on across the numbers that are left out, but not from one that may be lost', async () => {
    await withFolder(async (dir) => {
      await Promise.resolve();
      const expected: number[] = [];
      let opened: DirectHistory[] = [];
      for (let run = 0; run < 3; run++) {
        // The one before is not closed: nothing says how far it came.
        const history = new DirectHistory(dir);
        opened = [...opened, history];
        const { events } = history.past;
        const before = expected.at(-1) ?? 0;
        const begun = events.newest;
        assert.ok(run === 0 ? begun === 0 : begun > before + 4000);
        assert.deepEqual(numbers(events.after(before, 10)), []);
        // It may have told that, and has not kept it.
        if (run > 0) assert.equal(events.after(before + 2, 10), null);
        const monitor = new ScriptedMonitor(history.past, NOON + run * 60_000);
        history.record(monitor);
        monitor.watch('web');
        for (let n = 0; n < 4; n++) monitor.change('web', n % 2 === 0 ? 'up' : 'down');
        history.flush();
        expected.push(...Array.from({ length: events.newest - begun }, (_, n) => begun + 1 + n));
        // Told, and lost.
        monitor.change('web', 'up');
        const found: number[] = [];
        for (let last = expected[0] ?? 0; found.length < 100; last = found.at(-1) ?? last) {
          const next = numbers(events.after(last, 3));
          assert.ok(next !== null);
          if (next.length === 0) break;
          found.push(...next);
        }
        assert.deepEqual(found.slice(0, -1), expected.slice(1));
      }
      for (const history of opened) history.reader.close();
    });
  });
});

describe('the timeline of a history', () => {
  it('is not cut where the clock of a machine that has just started is far off', async () => {
    await withFolder(async (dir) => {
      await Promise.resolve();
      const history = new DirectHistory(dir);
      const monitor = new ScriptedMonitor(history.past, NOON);
      history.record(monitor);
      monitor.watch('web');
      for (const state of ['up', 'down', 'up', 'down'] as const) {
        monitor.clock += 10_000;
        monitor.change('web', state);
      }
      history.flush();
      monitor.clock = Date.UTC(1970, 0, 1, 1);
      monitor.change('web', 'up');
      history.flush();
      monitor.clock = NOON + 100_000;
      monitor.change('web', 'down');
      history.flush();
      history.close();
      const reader = HistoryReader.open(dir);
      const told = reader.intervals('web', { from: 0, to: 2 * NOON });
      assert.deepEqual(
        told.map(({ state, from }) => [state, Math.floor(from - NOON)]),
        [
          ['unknown', 0],
          ['up', 10_000],
          ['down', 20_000],
          ['up', 30_000],
          ['down', 40_000],
          ['up', 40_000],
          ['down', 100_000],
        ],
      );
      reader.close();
    });
  });

  it('follows the board where the clock is set back a little', async () => {
    await withFolder(async (dir) => {
      await Promise.resolve();
      const history = new DirectHistory(dir);
      const monitor = new ScriptedMonitor(history.past, NOON);
      history.record(monitor);
      monitor.watch('web');
      for (const [step, state] of [
        [1000, 'up'],
        [1000, 'down'],
        [500, 'up'],
        [-1200, 'down'],
        [300, 'up'],
        [-10_000, 'down'],
        [100, 'up'],
      ] as const) {
        monitor.clock += step;
        monitor.change('web', state);
        history.flush();
      }
      const reader = HistoryReader.open(dir);
      const told = reader
        .intervals('web', { from: 0, to: 2 * NOON })
        .map(({ state, from, to }) => ({ state, from, to }));
      assert.deepEqual(told, monitor.board.services.get('web')?.timeline);
      reader.close();
      history.close();
    });
  });
});

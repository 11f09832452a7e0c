import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Event, Transition } from '../../src/core/messages.ts';
import { EventStore, type ReadEvents } from '../../src/history/event-store.ts';
import { DirectHistory } from './direct-history.ts';
import { NOON, withFolder } from './open.ts';
import { timelineUpTo } from '../../src/core/intervals.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

const NOTHING: ReadEvents = () => Promise.resolve([]);

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
  it('are read from the disk where memory does not reach, and go on in memory', async () => {
    const disk = [10, 20, 30, 40].map((seq) => change(seq, 'up'));
    const store = new EventStore((seq, limit) =>
      Promise.resolve(disk.filter((event) => event.seq > seq).slice(0, limit)),
    );
    store.open({ stored: { newest: 40, completeAfter: 5 }, events: disk.slice(3) });
    for (const seq of [50, 60, 70]) store.append(change(seq, 'down'));
    assert.equal(store.completeAfter, 5);
    assert.equal(store.newest, 70);
    assert.equal(store.waiting, 3);
    assert.deepEqual(numbers(store.latest(4)), [40, 50, 60, 70]);
    assert.deepEqual(numbers(await store.after(5, 100)), [10, 20, 30, 40, 50, 60, 70]);
    assert.deepEqual(numbers(await store.after(24, 2)), [30, 40]);
    assert.deepEqual(numbers(await store.after(24, 3)), [30, 40, 50]);
    assert.deepEqual(numbers(await store.after(55, 3)), [60, 70]);
    assert.deepEqual(numbers(await store.after(70, 3)), []);
    assert.equal(await store.after(4, 100), null);
    store.written({ newest: 60, completeAfter: 5 }, []);
    assert.equal(store.waiting, 1);
    assert.deepEqual(numbers(store.next(10)), [70]);
  });

  it('are not written again to a new file, which has their sums', () => {
    const store = new EventStore(NOTHING);
    store.open({ stored: { newest: 0, completeAfter: 0 }, events: [] });
    for (const seq of [10, 20]) store.append(change(seq, 'down'));
    store.written({ newest: 20, completeAfter: 0 }, []);
    store.open({ stored: { newest: 0, completeAfter: 0 }, events: [] });
    assert.equal(store.waiting, 0);
    // The first batch has no event, but the sign of life.
    store.written({ newest: 0, completeAfter: 0 }, []);
    assert.equal(store.waiting, 0);
    store.append(change(30, 'up'));
    assert.deepEqual(numbers(store.next(10)), [30]);
  });

  it('are null where the disk does not give them', async () => {
    const store = new EventStore(() => Promise.reject(new Error('stuck')));
    store.open({ stored: { newest: 40, completeAfter: 5 }, events: [] });
    store.append(change(50, 'up'));
    assert.equal(await store.after(5, 10), null);
    assert.deepEqual(numbers(await store.after(40, 10)), [50]);
  });

  it('are given up, the oldest first, where too many wait; how many is known, and since when', async () => {
    const store = new EventStore(NOTHING, 100, 20);
    for (let seq = 1; seq <= 130; seq++) store.append(change(seq, seq % 2 === 0 ? 'up' : 'down'));
    assert.equal(store.lostCount, 40);
    assert.equal(store.waiting, 90);
    assert.equal(store.completeAfter, 40);
    assert.equal(await store.after(39, 10), null);
    assert.deepEqual(store.lost, [{ service: 'web', from: NOON + 1, to: NOON + 40, state: 'up', reason: null }]);
    assert.equal(store.missingTo, 40);
    store.written({ newest: 130, completeAfter: 40 }, store.lost);
    assert.deepEqual(store.lost, []);
    assert.equal(store.waiting, 0);
  });

  it('go on from those of a file that is opened late', async () => {
    const store = new EventStore((seq) => Promise.resolve(seq < 10 ? [change(10, 'up')] : []));
    for (const seq of [100, 110]) store.append(change(seq, 'up'));
    store.open({ stored: { newest: 20, completeAfter: 5 }, events: [change(20, 'down')] });
    assert.equal(store.waiting, 2);
    assert.equal(store.completeAfter, 5);
    assert.deepEqual(numbers(await store.after(6, 10)), [10, 20, 100, 110]);
  });

  it('in memory are still had where the next file has none of them', async () => {
    const store = new EventStore(NOTHING);
    for (const seq of [100, 110, 120]) store.append(change(seq, 'up'));
    store.written({ newest: 110, completeAfter: 0 }, []);
    store.open({ stored: { newest: 0, completeAfter: 0 }, events: [] });
    assert.equal(store.waiting, 1);
    assert.equal(store.missingTo, 110);
    assert.deepEqual(numbers(await store.after(0, 10)), [100, 110, 120]);
  });
});

describe('the events of a monitor that was killed', () => {
  it('are all that reached the disk, once and in order; numbers grow', async () => {
    await withFolder(async (dir) => {
      const expected: number[] = [];
      const opened: DirectHistory[] = [];
      for (let run = 0; run < 3; run++) {
        // The one before is not closed: nothing says how far it came.
        const history = await DirectHistory.open(dir);
        opened.push(history);
        const { events } = history.restored;
        assert.equal(events.newest, expected.at(-1) ?? 0);
        const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON + run * 60_000 });
        history.record(monitor);
        monitor.watch('web');
        for (let n = 0; n < 4; n++) monitor.change('web', n % 2 === 0 ? 'up' : 'down');
        history.flush();
        expected.push(...(numbers(await events.after(expected.at(-1) ?? 0, 100)) ?? []));
        // Published, and lost.
        monitor.change('web', 'up');
        const found: number[] = [];
        for (let last = 0; ; last = found.at(-1) ?? last) {
          const next = numbers(await events.after(last, 3));
          assert.ok(next !== null);
          if (next.length === 0) break;
          found.push(...next);
        }
        assert.deepEqual(found.slice(0, -1), expected);
        assert.deepEqual(
          expected.toSorted((a, b) => a - b),
          expected,
        );
      }
      for (const history of opened) history.close();
    });
  });
});

describe('the timeline of a history', () => {
  it('is not cut where the clock of a machine that has just started is far off', async () => {
    await withFolder(async (dir) => {
      const history = await DirectHistory.open(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
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
      const intervals = await history.reader.intervals({ services: ['web'], window: { from: 0, to: 2 * NOON } });
      assert.deepEqual(
        intervals.get('web')?.map(({ state, from }) => [state, Math.floor(from - NOON)]),
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
      history.close();
    });
  });

  it('follows the board where the clock is set back a little', async () => {
    await withFolder(async (dir) => {
      const history = await DirectHistory.open(dir);
      const monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
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
      const window = { from: 0, to: 2 * NOON };
      const intervals = (await history.reader.intervals({ services: ['web'], window })).get('web') ?? [];
      assert.deepEqual(
        // The board shows nothing that is later than its present state.
        timelineUpTo(intervals, monitor.board.services.get('web')?.since ?? 0).map(({ state, from, to }) => ({
          ...{ state, from: round(from), to: to && round(to) },
        })),
        monitor.board.services
          .get('web')
          ?.timeline.map(({ state, from, to }) => ({ state, from: round(from), to: to && round(to) })),
      );
      assert.deepEqual(
        intervals.map(({ from }) => from),
        intervals.map(({ from }) => from).toSorted((a, b) => a - b),
      );
      history.close();
    });
  });
});

/** Times are exact to the microsecond. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

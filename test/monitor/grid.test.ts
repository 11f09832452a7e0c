import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { Grid, maxInFlight, phaseOf } from '../../src/monitor/grid.ts';

describe('Grid', () => {
  it('never drifts: the slots are at start + k * interval however late each is taken', () => {
    const grid = new Grid(7, 100);
    const times: number[] = [];
    for (let k = 0; k < 50; k++) {
      times.push(grid.next);
      grid.take(grid.next + ((k * 37) % 99));
    }
    assert.deepEqual(
      times,
      Array.from({ length: 50 }, (_, k) => 7 + k * 100),
    );
  });

  it('sends one probe after a stall, not a burst, and counts the rest as missed', () => {
    const grid = new Grid(0, 100);
    grid.take(0);
    const slots = grid.take(1030);
    assert.deepEqual(slots, { missed: 9, unobservedFrom: 100, lateMs: 30 });
    assert.equal(grid.next, 1100);
  });

  it('calls lateness unobserved beyond one interval, and 50 ms', () => {
    const late = (intervalMs: number, ms: number): boolean => new Grid(0, intervalMs).take(ms).unobservedFrom !== null;
    for (const [intervalMs, mostMs] of [
      [10, 50],
      [40, 50],
      [100, 100],
      [200, 200],
      [1000, 1000],
    ] as const) {
      assert.equal(late(intervalMs, mostMs), false);
      assert.equal(late(intervalMs, mostMs + 1), true);
    }
  });

  it('leaves no outage of two intervals, and of one and 50 ms, between two probes without a word', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 60 }),
        (intervalMs, waits) => {
          const grid = new Grid(0, intervalMs);
          let [now, before] = [0, 0];
          for (const wait of waits) {
            now = Math.max(now + wait * intervalMs, grid.next);
            const { unobservedFrom } = grid.take(now);
            if (now - before > Math.max(2 * intervalMs, intervalMs + 50) + 1e-6) assert.ok(unobservedFrom !== null);
            before = now;
          }
        },
      ),
    );
  });

  it('uses or counts every slot once, and none before its time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 60 }),
        (intervalMs, waits) => {
          const grid = new Grid(0, intervalMs);
          let now = 0;
          let passed = 0;
          for (const wait of waits) {
            now = Math.max(now + wait, grid.next);
            const { missed, lateMs } = grid.take(now);
            passed += missed + 1;
            assert.ok(lateMs >= 0 && lateMs < intervalMs + 1e-6);
            assert.ok(grid.next > now - 1e-6);
          }
          assert.equal(Math.round(grid.next / intervalMs), passed);
        },
      ),
    );
  });
});

describe('phaseOf', () => {
  it('spreads any number of services over the interval', () => {
    for (const n of [2, 3, 10, 100, 999, 5000]) {
      const phases = Array.from({ length: n }, (_, index) => phaseOf(index, 1000)).sort((a, b) => a - b);
      const widest = Math.max(...phases.map((phase, index) => (phases[index + 1] ?? 1000 + (phases[0] ?? 0)) - phase));
      assert.ok(widest <= 2000 / n, `${String(n)} services, ${String(widest)} ms apart`);
    }
  });
});

describe('maxInFlight', () => {
  it('follows from timeout and interval', () => {
    assert.deepEqual([maxInFlight(1000, 100), maxInFlight(100, 1000), maxInFlight(250, 100)], [11, 2, 4]);
  });
});

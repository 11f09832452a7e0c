import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { TimelineInterval } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { intervalAt, LEAST_DOWN, pieces, scaleAt, slowPieces } from '../../src/page/page-strip.ts';

const NOW = 1_795_359_012_345.12;

function timelineOf(lengths: readonly (readonly [State, number])[]): TimelineInterval[] {
  let at = NOW - lengths.reduce((sum, [, ms]) => sum + ms, 0);
  return lengths.map(([state, ms], index) => {
    const from = at;
    at += ms;
    return { state, from, to: index === lengths.length - 1 ? null : at };
  });
}

const timelines = fc
  .array(
    fc.tuple(
      fc.constantFrom<State>('up', 'down', 'unobserved', 'unknown'),
      fc.oneof(fc.double({ min: 1, max: 500, noNaN: true }), fc.double({ min: 1000, max: 5e6, noNaN: true })),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map(timelineOf);

describe('a strip', () => {
  it('shows every failure in its window, at least three pixels wide and over all else', () => {
    fc.assert(
      fc.property(
        timelines,
        fc.constantFrom(60_000, 3_600_000, 86_400_000),
        fc.integer({ min: 100, max: 2000 }),
        (timeline, spanMs, width) => {
          const scale = scaleAt(NOW, spanMs, width);
          const drawn = pieces(timeline, scale, { now: NOW, knownUntil: NOW, settled: NOW }, 1);
          const order = drawn.map(({ state }) => ['up', 'unobserved', 'down'].indexOf(state));
          assert.deepEqual(order, order.toSorted());
          const down = drawn.filter(({ state }) => state === 'down');
          for (const { x, width: wide } of down) assert.ok(wide >= LEAST_DOWN && x >= 0 && x + wide <= width);
          for (const { state, from, to } of timeline) {
            if (state !== 'down' || (to ?? NOW) < scale.from) continue;
            const middle = (Math.max(from, scale.from) + (to ?? NOW)) / 2;
            const pixel = Math.min(width - 1, Math.floor((middle - scale.from) / scale.stepMs));
            assert.ok(down.some(({ x, width: wide }) => x <= pixel && pixel < x + wide));
          }
        },
      ),
    );
  });

  it('shows where answers were slow, however short, and only in its window', () => {
    const scale = scaleAt(NOW, 60_000, 600);
    const slow = (from: number, to: number) =>
      slowPieces([{ from: NOW + from, to: NOW + to, slowestMs: 1, count: 1 }], scale, 1);
    assert.deepEqual(slow(-90_000, -70_000), []);
    assert.equal(slow(-30_000, -29_990)[0]?.width, LEAST_DOWN);
    const [wide] = slow(-70_000, -30_000);
    assert.ok(wide?.x === 0 && Math.abs(wide.width - 300) <= 2, JSON.stringify(wide));
  });

  it('shows no failure where there was none', () => {
    fc.assert(
      fc.property(timelines, fc.integer({ min: 100, max: 2000 }), (timeline, width) => {
        const scale = scaleAt(NOW, 60_000, width);
        for (const { state, x, width: wide } of pieces(
          timeline,
          scale,
          { now: NOW, knownUntil: NOW, settled: NOW },
          1,
        )) {
          if (state !== 'down') continue;
          const from = scale.from + (x - LEAST_DOWN) * scale.stepMs;
          const to = scale.from + (x + wide + LEAST_DOWN) * scale.stepMs;
          assert.ok(timeline.some((one) => one.state === 'down' && one.from <= to && (one.to ?? NOW) >= from));
        }
      }),
    );
  });

  it('stands still between two pixels of time', () => {
    const step = 60_000 / 600;
    const early = scaleAt(step * 1000 + 1, 60_000, 600);
    assert.equal(scaleAt(step * 1000 + 99, 60_000, 600).from, early.from);
    assert.equal(scaleAt(step * 1001 + 1, 60_000, 600).from, early.from + step);
  });

  it('claims nothing after the monitor was last knownUntil', () => {
    const scale = scaleAt(NOW, 60_000, 600);
    const drawn = pieces(timelineOf([['up', 60_000]]), scale, { now: NOW, knownUntil: NOW - 30_000, settled: NOW }, 1);
    assert.equal(Math.max(...drawn.map(({ x, width }) => x + width)), 300);
  });

  it('marks as provisional what has not settled', () => {
    const scale = scaleAt(NOW, 60_000, 600);
    const drawn = pieces(timelineOf([['up', 60_000]]), scale, { now: NOW, knownUntil: NOW, settled: NOW - 1000 }, 1);
    assert.deepEqual(
      drawn.map(({ provisional }) => provisional),
      [false, true],
    );
  });

  it('finds the short failure near the pointer, and nothing where nothing is known', () => {
    const timeline = timelineOf([
      ['up', 30_000],
      ['down', 200],
      ['up', 10_000],
    ]);
    const scale = scaleAt(NOW, 60_000, 600);
    const known = { now: NOW, knownUntil: NOW, settled: NOW };
    const at = (x: number): State | undefined => intervalAt(timeline, scale, known, x, 5)?.state;
    assert.equal(at(499 + 4), 'down');
    assert.equal(at(520), 'up');
    assert.equal(at(50), undefined);
  });
});

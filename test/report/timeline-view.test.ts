/** The stretch of time that the viewer of a report shows. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { around, chosen, moved, showMoment, ticks, zoomed, type Span } from '../../src/report/timeline-view.ts';

const WHOLE = { from: 0, to: 120_000 };

describe('the view of a timeline', () => {
  it('never leaves the whole, and is never shorter than a probe can be placed', () => {
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom('zoom', 'move', 'choose', 'around'),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.double({ min: 2, max: 1e10, noNaN: true }), (all, length) => {
        const whole = { from: 0, to: length };
        let view: Span = whole;
        for (const [what, a, b] of all) {
          const at = view.from + a * (view.to - view.from);
          if (what === 'zoom') view = zoomed(view, whole, at, b * 3 + 1e-6);
          else if (what === 'move') view = moved(view, whole, (b - 0.5) * length);
          else if (what === 'choose') view = chosen(at, view.from + b * (view.to - view.from), whole);
          else view = around({ from: a * length, to: a * length }, whole);
          const error = length * 1e-9 + 1e-9;
          assert.ok(view.from >= -error && view.to <= length + error, JSON.stringify(view));
          assert.ok(view.to - view.from >= 1 - error && view.to - view.from <= length + error, JSON.stringify(view));
        }
      }),
    );
  });

  it('keeps the moment at which it zooms where it is', () => {
    const view = zoomed(WHOLE, WHOLE, 30_000, 0.5);
    assert.deepEqual(view, { from: 15_000, to: 75_000 });
    assert.equal((30_000 - view.from) / (view.to - view.from), 30_000 / 120_000);
  });

  it('shows what surrounds a short gap', () => {
    assert.deepEqual(around({ from: 1000, to: 1010 }, WHOLE), { from: 940, to: 1070 });
    assert.deepEqual(around({ from: 0, to: 0 }, { from: 0, to: 40 }), { from: 0, to: 40 });
  });

  it('has no more ticks than there is room for, each with a label of its own', () => {
    for (const zero of [2000, null])
      for (const [from, to] of [
        [0, 120_000],
        [2000, 2001],
        [2040, 2100],
        [0, 3.2e10],
        [1e6, 1e6 + 9e7],
      ] as const) {
        const all = ticks({ from, to }, { zero, epoch: 1_795_000_000_000 }, 8);
        assert.ok(all.length >= 1 && all.length <= 9, `${String(all.length)} of ${String(from)}`);
        assert.equal(new Set(all.map(({ label }) => label)).size, all.length, all.map(({ label }) => label).join());
        assert.ok(all.every(({ at }) => at >= from - 1e-6 && at <= to));
      }
    const labels = (from: number, to: number) =>
      ticks({ from, to }, { zero: 2000, epoch: 0 }, 5).map(({ label }) => label);
    assert.deepEqual(labels(0, 10_000), ['−2 s', '0 s', '+2 s', '+4 s', '+6 s', '+8 s']);
    assert.deepEqual(labels(2100, 2102), ['+0.1000 s', '+0.1005 s', '+0.1010 s', '+0.1015 s', '+0.1020 s']);
    assert.deepEqual(labels(0, 600_000), ['0 s', '+2 min', '+4 min', '+6 min', '+8 min']);
  });

  it('has round moments by the clock on the wall, on days of 23 and 25 hours too', () => {
    const before = process.env['TZ'];
    process.env['TZ'] = 'Europe/Berlin';
    try {
      const labels = (from: string, days: number, most: number): string[] => {
        const epoch = new Date(from).getTime();
        return ticks({ from: 0, to: days * 86_400_000 }, { zero: null, epoch }, most).map(({ label }) => label);
      };
      const days = ['23', '24', '25', '26', '27', '28'].map((day) => `2026-10-${day}`);
      assert.deepEqual(labels('2026-10-22T12:00:00', 6, 8), days);
      assert.deepEqual(labels('2026-10-24T23:00:00', 1, 6), [
        ...['10-25 00:00', '10-25 06:00', '10-25 12:00', '10-25 18:00'],
      ]);
      assert.deepEqual(labels('2026-03-29T00:00:00', 0.25, 6), [
        ...['03-29 00:00', '03-29 01:00', '03-29 03:00', '03-29 04:00', '03-29 05:00', '03-29 06:00', '03-29 07:00'],
      ]);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });

  it('names a moment as far as it is seen', () => {
    const axis = { zero: 2000, epoch: 1_795_000_000_000 };
    assert.equal(showMoment(4104.2, axis, { from: 0, to: 1 }), '+2.1042 s');
    assert.equal(showMoment(1500, axis, WHOLE), '−0.5 s');
    assert.match(showMoment(0, { ...axis, zero: null }, { from: 0, to: 1e9 }), /^2026-11-18 \d\d:\d\d$/);
  });
});

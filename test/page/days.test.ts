import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Day } from '../../src/core/uptime.ts';
import { barOf, daysOf, daysShown, downShare, readDays } from '../../src/page/page-days.ts';
import { dayText, daysText } from '../../src/page/page-text.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const HOUR = 3_600_000;
const NOTHING: ReadonlyMap<number, Day> = new Map();

describe('the days', () => {
  const timeline = [
    { state: 'up', from: NOON - 20 * HOUR, to: NOON - 13 * HOUR },
    { state: 'down', from: NOON - 13 * HOUR, to: NOON - 11 * HOUR },
    { state: 'unobserved', from: NOON - 11 * HOUR, to: NOON - 10 * HOUR },
    { state: 'up', from: NOON - 10 * HOUR, to: null },
  ] as const;

  it('divides what is known at midnight', () => {
    const days = daysOf(NOTHING, timeline, NOON);
    assert.equal(days.length, 90);
    assert.deepEqual(days.at(-1), {
      from: NOON - 12 * HOUR,
      upMs: 10 * HOUR,
      downMs: HOUR,
      unobservedMs: HOUR,
      gaps: 1,
    });
    assert.deepEqual([days.at(-2)?.upMs, days.at(-2)?.downMs], [7 * HOUR, HOUR]);
  });

  it('counts an outage once, on the day on which it ended, also where the monitor was restarted in it', () => {
    const at = (hours: number): number => NOON + hours * HOUR;
    const gaps = (...end: Parameters<typeof daysOf>[1]): (number | undefined)[] => {
      const pieces = [
        { state: 'up', from: at(-20), to: at(-14) },
        { state: 'down', from: at(-14), to: at(-13) },
        { state: 'unobserved', from: at(-13), to: at(-11) },
        { state: 'down', from: at(-11), to: at(-10) },
      ] as const;
      return daysOf(NOTHING, [...pieces, ...end], NOON)
        .slice(-2)
        .map((day) => day.gaps);
    };
    assert.deepEqual(gaps({ state: 'up', from: at(-10), to: null }), [0, 1]);
    assert.deepEqual(gaps({ state: 'unobserved', from: at(-10), to: null }), [0, 0]);
    const again = { state: 'unobserved', from: at(-10), to: at(-9) } as const;
    assert.deepEqual(gaps(again, { state: 'up', from: at(-9), to: null }), [0, 1]);
    assert.deepEqual(gaps(again, { state: 'down', from: at(-9), to: null }), [0, 0]);
  });

  it('claims nothing of the days before the watch', () => {
    const days = daysOf(NOTHING, timeline, NOON);
    assert.ok(days.slice(0, -2).every(({ upMs, downMs, unobservedMs }) => upMs + downMs + unobservedMs === 0));
    assert.match(dayText(days[0] ?? assert.fail()), /Not known$/);
    assert.equal(daysText(days), 'Last 90 days: 2 days known, 2 of them with a gap');
  });

  it('shows what the monitor kept of days that this page did not see, and what it saw beyond that', () => {
    const midnight = NOON - 12 * HOUR;
    const kept = readDays({
      from: midnight - 48 * HOUR,
      widthMs: 24 * HOUR,
      services: [
        {
          service: 'web',
          upMs: [23 * HOUR, 24 * HOUR, 9 * HOUR],
          downMs: [HOUR, 0, 0],
          unobservedMs: [0, 0, 0],
          partialMs: [0, 5 * HOUR, 0],
          gaps: [3, 0, 0],
        },
      ],
    }).get('web');
    const days = daysOf(kept ?? NOTHING, timeline, NOON, 4);
    assert.deepEqual(days[0], { from: midnight - 72 * HOUR, upMs: 0, downMs: 0, unobservedMs: 0, gaps: 0 });
    assert.deepEqual(days[1], { from: midnight - 48 * HOUR, upMs: 23 * HOUR, downMs: HOUR, unobservedMs: 0, gaps: 3 });
    assert.equal(kept?.get(midnight - 24 * HOUR)?.partialMs, 5 * HOUR);
    assert.equal(days[3]?.upMs, 10 * HOUR);
    assert.match(dayText(days[1]), /^Sat 21 Nov \(UTC\)\n3 gaps, down for 1 h 00 min/);
  });

  it('shows 0.2 s of a day as surely as an hour, but far less of it', () => {
    const share = (downMs: number): number => downShare({ upMs: 24 * HOUR - downMs, downMs });
    assert.equal(share(0), 0);
    // Of 28 pixels at least three, and of some seconds not more than five.
    assert.ok(share(1) * 28 >= 3 && share(200) * 28 >= 3);
    assert.ok(share(3700) * 28 <= 5);
    const shares = [200, 60_000, HOUR, 6 * HOUR, 24 * HOUR].map(share);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
    assert.ok(share(HOUR) > 0.35 && share(HOUR) < 0.5);
    assert.equal(share(24 * HOUR), 1);
  });

  it('is red where a service was down as long as it was observed, however short that was', () => {
    const bar = (upMs: number, downMs: number, unobservedMs = 0): ReturnType<typeof barOf> =>
      barOf({ from: NOON, upMs, downMs, unobservedMs, gaps: 0 });
    for (const downMs of [1, 20_000, 35_000, 210_000, HOUR, 24 * HOUR])
      assert.deepEqual(bar(0, downMs), { unobserved: 0, partial: 0, down: 1 }, String(downMs));
    // What was not observed is not red, and leaves the rest as it is.
    assert.deepEqual(bar(0, HOUR, HOUR), { unobserved: 0.5, partial: 0, down: 0.5 });
    assert.deepEqual(bar(HOUR, 0, HOUR), { unobserved: 0.5, partial: 0, down: 0 });
    const [half, tenth, hidden] = [bar(10_000, 10_000), bar(90_000, 10_000), bar(0, 1, 23 * HOUR)];
    assert.ok(half!.down > 0.75 && half!.down < 1 && tenth!.down < half!.down && tenth!.down > 0.5);
    assert.ok(hidden!.down > 0.1 && hidden!.unobserved > 0.9);
    assert.deepEqual(bar(HOUR, 0, 120_000), { unobserved: 0.25, partial: 0, down: 0 });
    // A stall of some seconds is no matter of a bar, but where nothing else is known.
    assert.equal(bar(0, HOUR, 5000)?.unobserved, 0);
    assert.deepEqual(bar(0, 0, 5000), { unobserved: 1, partial: 0, down: 0 });
    assert.equal(bar(0, 0), null);
  });

  it('shows what was partly up: at a hub that is neither up nor down', () => {
    const partial = [{ state: 'partial', from: NOON - 2 * HOUR, to: null }] as const;
    const [today] = daysOf(NOTHING, partial, NOON, 1);
    assert.deepEqual(barOf(today!), { unobserved: 0, partial: 1, down: 0 });
    assert.match(dayText(today!), /^Mon 23 Nov \(UTC\)\nNo gap\nPartly up for 2 h 00 min$/);
    const both = [
      { state: 'up', from: NOON - 4 * HOUR, to: NOON - 3 * HOUR },
      { state: 'down', from: NOON - 3 * HOUR, to: NOON - 2 * HOUR },
      ...partial,
    ] as const;
    const bar = barOf(daysOf(NOTHING, both, NOON, 1)[0]!)!;
    assert.ok(bar.down > 0.5 && bar.partial > 0.1 && bar.down + bar.partial < 1, JSON.stringify(bar));
  });

  it('has a bar for each day that is kept, and room for 30', () => {
    const at = (days: number): number => daysShown(NOON - days * 24 * HOUR, NOON);
    assert.deepEqual([at(0.2), at(29), at(40), at(400), daysShown(Infinity, NOON)], [30, 30, 40, 90, 30]);
  });
});

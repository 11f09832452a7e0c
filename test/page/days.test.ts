import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Day } from '../../src/core/uptime.ts';
import { daysOf, daysShown, downShare, readDays } from '../../src/page/page-days.ts';
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
          gaps: [3, 0, 0],
        },
      ],
    }).get('web');
    const days = daysOf(kept ?? NOTHING, timeline, NOON, 4);
    assert.deepEqual(days[0], { from: midnight - 72 * HOUR, upMs: 0, downMs: 0, unobservedMs: 0, gaps: 0 });
    assert.deepEqual(days[1], { from: midnight - 48 * HOUR, upMs: 23 * HOUR, downMs: HOUR, unobservedMs: 0, gaps: 3 });
    assert.equal(days[3]?.upMs, 10 * HOUR);
    assert.match(dayText(days[1]), /^Sat 21 Nov \(UTC\)\n3 gaps, down for 1 h 00 min/);
  });

  it('shows 0.2 s as surely as an hour, but far less of it', () => {
    assert.equal(downShare(0), 0);
    // Of 28 pixels at least three, and of some seconds not more than five.
    assert.ok(downShare(1) * 28 >= 3 && downShare(200) * 28 >= 3);
    assert.ok(downShare(3700) * 28 <= 5);
    const shares = [200, 60_000, HOUR, 6 * HOUR, 24 * HOUR].map(downShare);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
    assert.ok(downShare(HOUR) > 0.35 && downShare(HOUR) < 0.5);
    assert.equal(downShare(24 * HOUR), 1);
  });

  it('has a bar for each day that is kept, and room for 30', () => {
    const at = (days: number): number => daysShown(NOON - days * 24 * HOUR, NOON);
    assert.deepEqual([at(0.2), at(29), at(40), at(400), daysShown(Infinity, NOON)], [30, 30, 40, 90, 30]);
  });
});

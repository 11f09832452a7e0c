import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { State } from '../../src/core/model.ts';
import { UptimeWindows } from '../../src/core/uptime.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The windows, as whole units of the clock: the one that has begun, and as many before it as fit. */
const WINDOWS = [
  { name: '1h', unit: MINUTE, units: 60 },
  { name: '24h', unit: HOUR, units: 24 },
  { name: '90d', unit: DAY, units: 90 },
] as const;

interface Stretch {
  readonly state: State;
  readonly from: number;
  readonly to: number;
}

const BEGAN = 1_700_000_123_456;

/** Stretches of up to some days, one after the other; the last one lasts. */
const lives = fc
  .array(
    fc.tuple(
      fc.constantFrom<State[]>('up', 'down', 'unobserved', 'unknown'),
      fc.oneof(
        fc.double({ min: 0, max: 1000, noNaN: true }),
        fc.double({ min: 0, max: 3 * HOUR, noNaN: true }),
        fc.double({ min: 0, max: 20 * DAY, noNaN: true }),
      ),
    ),
    { minLength: 1, maxLength: 40, size: 'max' },
  )
  .map((pieces): Stretch[] => {
    let at = BEGAN;
    return pieces.map(([state, ms]) => {
      const from = at;
      at += ms;
      return { state, from, to: at };
    });
  });

/** Up / (up + down), added up without any cleverness. */
function naive(life: readonly Stretch[], now: number, unit: number, units: number): number | null {
  const oldest = (Math.floor(now / unit) - units + 1) * unit;
  const sum = (state: State): number =>
    life
      .filter((stretch) => stretch.state === state)
      .reduce((all, { from, to }) => all + Math.max(0, to - Math.max(from, oldest)), 0);
  const [up, down] = [sum('up'), sum('down')];
  return up + down === 0 ? null : up / (up + down);
}

describe('UptimeWindows', () => {
  it('is the share of the time seen, in each window, as added up by hand', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const windows = new UptimeWindows();
        const last = life.at(-1);
        assert.ok(last !== undefined);
        for (const { state, from, to } of life.slice(0, -1)) windows.add(state, from, to);
        const found = windows.uptime(last.to, last).uptime;
        for (const { name, unit, units } of WINDOWS) {
          const expected = naive(life, last.to, unit, units);
          if (expected === null) assert.equal(found[name], null, name);
          else assert.ok(Math.abs((found[name] ?? -1) - expected) < 1e-9, `${name}: ${String(found[name])}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('loses nothing of many short stretches', () => {
    const windows = new UptimeWindows();
    let at = Math.ceil(BEGAN / DAY) * DAY;
    windows.add('up', at, at + 20 * HOUR);
    at += 20 * HOUR;
    let up = 20 * HOUR;
    for (let turn = 0; turn < 100_000; turn++) {
      windows.add('down', at, at + 2);
      windows.add('up', at + 2, at + 5);
      at += 5;
      up += 3;
    }
    const found = windows.uptime(at, { state: 'up', from: at }).uptime['90d'];
    assert.ok(Math.abs((found ?? 0) - up / (up + 200_000)) < 1e-9);
  });

  it('is never whole where a millisecond was missed', () => {
    const windows = new UptimeWindows();
    windows.add('up', BEGAN, BEGAN + 80 * DAY);
    windows.add('down', BEGAN + 80 * DAY, BEGAN + 80 * DAY + 1);
    const now = BEGAN + 80 * DAY + 1;
    assert.ok((windows.uptime(now, { state: 'up', from: now }).uptime['90d'] ?? 1) < 1);
  });
});

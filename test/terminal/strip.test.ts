import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { AHEAD, RunAhead, SEEN, SLOW, Strip, StripRing } from '../../src/terminal/strip-cells.ts';
import type { State } from '../../src/core/model.ts';
import { START } from './world.ts';

const HOUR = 3_600_000;
const nothingAhead = (): RunAhead => new RunAhead(3000);

/** What the last `count` cells of `stepMs` before `end` show: one letter each. */
function shown(
  strip: Strip,
  end: number,
  stepMs: number,
  count: number,
  ahead = nothingAhead(),
  knownUntil = Infinity,
): string {
  const cells = { from: end - count * stepMs, stepMs, count };
  return [...strip.read(cells, { now: end, knownUntil }, ahead)].map(letter).join('');
}

function letter(seen: number): string {
  const kind =
    (seen & SEEN.down) !== 0 ? 'd' : (seen & SEEN.unobserved) !== 0 ? 'x' : (seen & SEEN.up) !== 0 ? 'u' : '.';
  if ((seen & SLOW) !== 0) return `${kind === 'u' ? '' : kind}s`;
  return (seen & AHEAD) === 0 ? kind : kind.toUpperCase();
}

/** A strip that was up from the start, and in the given states. Milliseconds after the start. */
function stripOf(...changes: readonly (readonly [State, number])[]): Strip {
  const strip = new Strip(START);
  strip.enter('up', START);
  for (const [state, at] of changes) strip.enter(state, START + at);
  return strip;
}

describe('a strip', () => {
  it('shows each state where it was', () => {
    const strip = stripOf(['down', 3000], ['up', 5000], ['unobserved', 7000], ['up', 8000]);
    assert.equal(shown(strip, START + 10_000, 1000, 12), '..uuudduuxuu');
  });

  it('shows a gap of one probe in every window, whatever comes after it', () => {
    const strip = stripOf(['down', 60_000], ['up', 60_100]);
    for (const later of [1000, 60_000, HOUR, 12 * HOUR]) {
      for (const windowMs of [10_000, 60_000, 900_000, 6 * HOUR, 24 * HOUR]) {
        if (windowMs < later + 1000) continue;
        const text = shown(strip, START + 60_100 + later, windowMs / 100, 100);
        assert.match(text, /d/, `window ${String(windowMs)}, ${String(later)} ms after it`);
      }
    }
  });

  it('shows the present state up to now, and no further', () => {
    const strip = stripOf(['down', 9000]);
    const cells = { from: START + 8000, stepMs: 1000, count: 4 };
    const seen = strip.read(cells, { now: START + 10_000, knownUntil: Infinity }, nothingAhead());
    assert.equal([...seen].map(letter).join(''), 'ud..');
  });

  it('takes back nothing when a change settles late', () => {
    const strip = stripOf();
    assert.equal(shown(strip, START + 10_000, 1000, 10), 'uuuuuuuuuu');
    strip.enter('down', START + 4000);
    assert.equal(shown(strip, START + 10_000, 1000, 10), 'uuuudddddd');
  });

  it('shows nothing as up after its source was last knownUntil of', () => {
    assert.equal(shown(stripOf(), START + 10_000, 1000, 10, nothingAhead(), START + 6000), 'uuuuuuxxxx');
  });

  it('runs ahead of what is settled with the samples, and says so', () => {
    const ahead = nothingAhead();
    const strip = stripOf();
    ahead.add(START + 8000, 'down', strip.state);
    assert.equal(shown(strip, START + 10_000, 1000, 10, ahead), 'uuuuuuuuDD');
    ahead.add(START + 9000, 'up', strip.state);
    assert.equal(shown(strip, START + 10_000, 1000, 10, ahead), 'uuuuuuuuDU');
    strip.enter('down', START + 8000);
    ahead.settle(START + 8000, 'down');
    assert.equal(shown(strip, START + 10_000, 1000, 10, ahead), 'uuuuuuuudU');
    strip.enter('up', START + 9000);
    ahead.settle(START + 9000, 'up');
    assert.equal(shown(strip, START + 10_000, 1000, 10, ahead), 'uuuuuuuudu');
  });

  it('goes back in time at the resolution that is left', () => {
    const strip = stripOf(['down', 10_000], ['up', 10_500], ['down', 20 * HOUR], ['up', 20 * HOUR + 1]);
    assert.match(shown(strip, START + 20_000, 100, 200), /d/);
    assert.match(shown(strip, START + HOUR, HOUR / 100, 100), /d/);
  });

  it('keeps a day in less than 100 kB however often the state changes', () => {
    const strip = stripOf();
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 24 * HOUR; at += 1000) strip.enter(at % 2000 === 0 ? 'down' : 'up', START + at);
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 100_000, `${String(grown)} bytes`);
    assert.match(shown(strip, START + 24 * HOUR, 14 * 60_000, 100), /^d+$/);
  });

  it('shows where answers were slow, in every window, and only where it was up', () => {
    const strip = stripOf(['down', 4000], ['up', 5000]);
    strip.markSlow(START + 7000, START + 9000);
    strip.markSlow(START + 2000, START + 6000);
    assert.equal(shown(strip, START + 10_000, 1000, 10), 'uussdsussu');
    for (const windowMs of [60_000, 900_000, 6 * HOUR])
      assert.match(shown(strip, START + windowMs, windowMs / 100, 100), /s/, String(windowMs));
    strip.enter('down', START + 7000);
    assert.equal(shown(strip, START + 10_000, 1000, 10), 'uussdsuddd');
    assert.equal(
      shown(strip, START + 24 * HOUR, 14 * 60_000, 100),
      shown(stripOf(['down', 0]), START + 24 * HOUR, 14 * 60_000, 100),
    );
  });

  it('loses no gap when the wall clock is set back', () => {
    const strip = stripOf(['down', 10_000]);
    strip.enter('up', START + 5000);
    assert.equal(shown(strip, START + 12_000, 1000, 12), 'uuuuuuuuuudu');
  });
});

describe('a ring of a strip', () => {
  it('never loses what touched a cell it still holds, and never invents it', () => {
    const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 300 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(spans, (lengths) => {
        const ring = new StripRing(10, 64);
        const cells = new Map<number, number>();
        let at = 1_000_003;
        lengths.forEach(([pause, length], index) => {
          const seen = index % 2 === 0 ? SEEN.down : SEEN.up;
          const from = at + pause;
          at = from + length;
          ring.paint(seen, from, at);
          for (let cell = Math.floor(from / 10); cell * 10 < at; cell++) cells.set(cell, (cells.get(cell) ?? 0) | seen);
        });
        const newest = Math.max(0, ...cells.keys());
        for (let cell = newest - 63; cell <= newest; cell++) {
          assert.equal(ring.read(cell * 10, cell * 10 + 10), cells.get(cell) ?? 0);
        }
      }),
    );
  });
});

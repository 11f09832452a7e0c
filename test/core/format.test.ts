import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import {
  coarse,
  count,
  countServices,
  showAtLeast,
  showDuration,
  showGap,
  showGrain,
  showShare,
  showTime,
  showUptime,
} from '../../src/core/format.ts';

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

/** Reads back what was shown, in milliseconds. */
function read(shown: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: S, min: MIN, h: H, d: D };
  return [...shown.matchAll(/([\d.]+) (ms|s|min|h|d)\b/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? NaN),
    0,
  );
}

const durations = fc.oneof(
  fc.double({ min: 0, max: 200, noNaN: true }),
  fc.double({ min: 0, max: 2 * MIN, noNaN: true }),
  fc.double({ min: 0, max: 100 * D, noNaN: true }),
);

describe('showDuration', () => {
  it('shows as many digits as a duration is worth', () => {
    const shown = [0, 0.4, 41.3, 99.4, 412, 2480, 9994, 12_340, 59_949].map(showDuration);
    assert.deepEqual(shown, ['0 ms', '< 1 ms', '41 ms', '99 ms', '0.41 s', '2.48 s', '9.99 s', '12.3 s', '59.9 s']);
    const longer = [59_950, MIN, 4 * MIN + 7 * S, H, 3 * H + 12 * MIN, D, 12 * D + 4 * H].map(showDuration);
    assert.deepEqual(longer, [
      '1 min 00 s',
      '1 min 00 s',
      '4 min 07 s',
      '1 h 00 min',
      '3 h 12 min',
      '1 d 0 h',
      '12 d 4 h',
    ]);
  });

  it('is right to the step that it shows', () => {
    fc.assert(
      fc.property(durations, (ms) => {
        const step = ms < 100 ? 1 : ms < 10 * S ? 10 : ms < MIN ? 100 : ms < H ? S : ms < D ? MIN : H;
        assert.ok(Math.abs(read(showDuration(ms)) - ms) <= step, `${String(ms)}: ${showDuration(ms)}`);
      }),
    );
  });
});

describe('showAtLeast', () => {
  it('never claims more than there is', () => {
    fc.assert(
      fc.property(durations, (ms) => {
        assert.ok(read(showAtLeast(ms)) <= ms + 1e-6, `${String(ms)}: ${showAtLeast(ms)}`);
      }),
    );
  });
});

describe('showGap', () => {
  it('shows the length and its bounds in one unit', () => {
    assert.equal(showGap({ durationMs: 40, minMs: 19.7, maxMs: 61.2 }), '40 ms (19–62)');
    assert.equal(showGap({ durationMs: 400, minMs: 318, maxMs: 501 }), '0.40 s (0.31–0.51)');
    assert.equal(showGap({ durationMs: 2480, minMs: 2290, maxMs: 2570 }), '2.48 s (2.29–2.57)');
    assert.equal(showGap({ durationMs: 12_340, minMs: 11_290, maxMs: 12_410 }), '12.3 s (11.2–12.5)');
  });

  it('shows as many digits as the bounds resolve, also above a minute', () => {
    assert.equal(showGap({ durationMs: 12_340, minMs: 12_290, maxMs: 12_410 }), '12.34 s (12.29–12.41)');
    assert.equal(showGap({ durationMs: 62_367, minMs: 62_331, maxMs: 62_429 }), '62.37 s (62.33–62.43)');
    assert.equal(showGap({ durationMs: 62_367, minMs: 61_331, maxMs: 63_429 }), '62.4 s (61.3–63.5)');
    assert.equal(showGap({ durationMs: 62_367, minMs: 42_331, maxMs: 63_429 }), '1 min 02 s (42.3 s – 1 min 04 s)');
    assert.equal(showGap({ durationMs: 4 * MIN, minMs: 4 * MIN - 1, maxMs: 4 * MIN + 1 }), '240.00 s (239.99–240.01)');
    assert.equal(
      showGap({ durationMs: 14 * MIN, minMs: 14 * MIN - 1, maxMs: 14 * MIN + 1 }),
      '14 min 00 s (13 min 59 s – 14 min 01 s)',
    );
  });

  it('says that a gap which began unseen has no upper bound', () => {
    assert.equal(showGap({ durationMs: 400, minMs: 318, maxMs: null }), '0.40 s (at least 0.31 s)');
    assert.equal(showGap({ durationMs: 62_370, minMs: 62_331, maxMs: null }), '62.4 s (at least 62.3 s)');
    assert.equal(showGap({ durationMs: 62_370, minMs: 12_331, maxMs: null }), '1 min 02 s (at least 12.3 s)');
  });

  it('rounds the bounds outwards, so that they stay true', () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const [minMs, maxMs] = [Math.min(a, b), Math.max(a, b)];
        const shown = showGap({ durationMs: minMs, minMs, maxMs });
        const [, low = '', high = ''] = /\((.+?) ?– ?(.+)\)$/.exec(shown) ?? [];
        const unit = /^[\d.]+$/.test(low) ? (/ ms \(/.test(shown) ? ' ms' : ' s') : '';
        assert.ok(read(low + unit) <= minMs + 1e-6, `${String(minMs)}: ${shown}`);
        assert.ok(read(high + unit) >= maxMs - 1e-6, `${String(maxMs)}: ${shown}`);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('showShare', () => {
  it('never rounds a fault away, nor a life', () => {
    const shown = [null, 1, 0, 0.5, 0.9987, 0.99996, 1 - 1e-9, 1e-9, 0.0004].map(showShare);
    assert.deepEqual(shown, [
      '–',
      '100 %',
      '0 %',
      '50.0 %',
      '99.9 %',
      '99.996 %',
      '> 99.9999 %',
      '< 0.0001 %',
      '0.04 %',
    ]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        assert.equal(showShare(share) === '100 %', share === 1);
        assert.equal(showShare(share) === '0 %', share === 0);
      }),
    );
  });
});

describe('other formats', () => {
  it('shows a moment in the local time zone, to the millisecond', () => {
    const at = new Date(2026, 10, 3, 4, 5, 6, 7).getTime();
    assert.equal(showTime(at + 0.9), '2026-11-03 04:05:06.007');
  });

  it('counts', () => {
    assert.deepEqual(
      [0, 1, 2].map((n) => count(n, 'probe')),
      ['0 probes', '1 probe', '2 probes'],
    );
  });
});

describe('showUptime', () => {
  it('says of how little time it is', () => {
    assert.equal(showUptime({ upMs: 26_000, downMs: 0 }), '100 % of 26.0 s');
    assert.equal(showUptime({ upMs: 26_000, downMs: 0 }, D), '100 % of 26.0 s');
    assert.equal(showUptime({ upMs: 23 * H, downMs: H / 2 }, D), '97.9 %');
    assert.equal(showUptime({ upMs: 0, downMs: 0 }, D), '–');
  });
});

describe('showGrain', () => {
  it('says what probes may have missed, where they are far apart', () => {
    assert.deepEqual([100, 999, 1000, 2500, 5 * MIN].map(showGrain), [
      ...['', '', ', as far as probes 1 s apart can show', ', as far as probes 2.5 s apart can show'],
      ', as far as probes 5 min 00 s apart can show',
    ]);
  });
});

describe('countServices', () => {
  it('counts a service with two connections once', () => {
    assert.equal(countServices(['web', 'api']), '2 services');
    assert.equal(countServices(['web']), '1 service');
    assert.equal(countServices(['web', 'web (kept)', 'api', 'api (kept)']), '2 services (4 connections)');
    assert.equal(countServices(['web', 'web (kept)']), '1 service (2 connections)');
    // Watched over a kept connection only, it is a service like another.
    assert.equal(countServices(['web (kept)', 'api']), '2 services');
    assert.equal(countServices([]), '0 services');
  });
});

describe('coarse', () => {
  it('is in one unit, rounded down', () => {
    assert.deepEqual([-1, 999, 59_999, MIN, 90 * MIN, 47 * H, 48 * H].map(coarse), [
      ...['0 s', '0 s', '59 s', '1 min', '1 h', '47 h', '2 d'],
    ]);
  });
});

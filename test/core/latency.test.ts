/** How long good answers take: counted in buckets, here and in memory that threads share. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { cumulative, LATENCY_BUCKETS, latencyBucket, LatencyHistogram } from '../../src/core/latency.ts';
import type { Sample } from '../../src/core/model.ts';
import { ProbeCounters } from '../../src/core/probe-counters.ts';
import { NO_PHASES } from '../support/builders.ts';

function answer(endedAt: number, tookMs: number, more: Partial<Sample> = {}): Sample {
  const sentAt = endedAt - tookMs;
  return { sentAt, endedAt, result: 'up', reason: null, message: null, phases: NO_PHASES, ...more };
}

describe('the histogram of latencies', () => {
  it('knows quantiles to within 4 %, and the slowest exactly', () => {
    const took = fc.array(fc.double({ min: 0.11, max: 9000, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(took, (durations) => {
        const histogram = new LatencyHistogram();
        for (const ms of durations) histogram.add(ms);
        const sorted = durations.toSorted((a, b) => a - b);
        const { p50Ms, p99Ms, maxMs } = histogram.latency!;
        assert.equal(maxMs, sorted.at(-1));
        for (const [found, share] of [
          [p50Ms, 0.5],
          [p99Ms, 0.99],
        ] as const) {
          const exact = sorted[Math.ceil(durations.length * share) - 1]!;
          assert.ok(Math.abs(found / exact - 1) < 0.045, `${String(found)} instead of ${String(exact)}`);
        }
      }),
    );
  });

  it('has a place for every duration, and counts what took exactly a bound below it', () => {
    assert.deepEqual([0, 0.1, NaN, 1e9, Infinity].map(latencyBucket), [
      0,
      0,
      0,
      LATENCY_BUCKETS - 1,
      LATENCY_BUCKETS - 1,
    ]);
    const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
    for (const ms of [0.05, 1, 1.2, 10, 100, 1000, 10_000, 20_000]) counts[latencyBucket(ms)]! += 1;
    assert.deepEqual(cumulative(counts, [1, 10, 100, 1000, 10_000]), [2, 4, 5, 6, 7]);
  });

  it('is of the last minute, in memory that threads share', () => {
    const engine = new ProbeCounters();
    const main = new ProbeCounters(engine.memory);
    assert.equal(main.lastMinute(5000), null);
    for (let n = 0; n < 99; n += 1) engine.add(answer(5000, 2));
    engine.add(answer(5000, 930));
    engine.add({ ...answer(5000, 5000), result: 'down', reason: 'timeout-reply', message: null });
    const latency = main.lastMinute(59_000)!;
    assert.equal(latency.maxMs, 930);
    assert.ok(Math.abs(latency.p50Ms - 2) < 0.1 && Math.abs(latency.p99Ms - 2) < 0.1);
    for (let at = 10_000; at <= 80_000; at += 1000) engine.add(answer(at, 1));
    assert.equal(main.lastMinute(80_000)?.maxMs, 1);
    assert.equal(main.lastMinute(200_000), null);
    assert.deepEqual(main.answers([1, 1000]), { upTo: [71, 171], count: 171, sumMs: 99 * 2 + 930 + 71 });
  });

  it('takes neither a hold nor our own lateness for time of the answer', () => {
    const counters = new ProbeCounters();
    counters.add(answer(1000, 326, { heldMs: 25, busyMs: 300 }));
    assert.equal(counters.lastMinute(1000)?.maxMs, 1);
  });
});

/** Counters over restarts of the real program, clean and by SIGKILL, as Prometheus would scrape them. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { endPrograms } from './program.ts';
import { countOverRestarts } from './restarts.ts';

describe('the counters', () => {
  after(endPrograms);

  it('never fall over restarts, and have counted what the feed has', async () => {
    const { resets, increase, gaps } = await countOverRestarts({ restarts: 8, scrapes: 15, scrapeMs: 100 });
    assert.deepEqual(resets, []);
    assert.equal(increase.gapwatch_gaps_total, gaps.length);
    assert.ok(gaps.length >= 16, String(gaps.length));
    const lastedS = gaps.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    const downS = increase.gapwatch_downtime_seconds_total;
    assert.ok(Math.abs(downS - lastedS) < 0.1 * lastedS, `${String(downS)} s, and the gaps ${String(lastedS)} s`);
    assert.ok(downS > 1 && increase.gapwatch_uptime_seconds_total > 1);
  });
});

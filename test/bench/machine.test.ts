import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { amidNoise, noiseProblem } from './machine.ts';

describe('the noise of a machine', () => {
  it('is a problem where others keep it busy, take its time, or make equal loops differ', () => {
    const quiet = { busy: 0.01, stolen: 0, spread: 0.1 };
    assert.equal(noiseProblem(quiet), null);
    assert.match(noiseProblem({ ...quiet, busy: 0.5 }) ?? '', /^others keep 50 % of \d+ cores busy$/);
    assert.equal(noiseProblem({ ...quiet, stolen: 0.1 }), 'the hypervisor takes 10 %');
    assert.equal(noiseProblem({ ...quiet, spread: 1 }), 'equal loops differ by 100 %');
  });

  it('is measured as shares, around a benchmark and meanwhile', async () => {
    const { result, noise } = await amidNoise(() => Promise.resolve('done'));
    assert.equal(result, 'done');
    for (const share of [noise.busy, noise.stolen]) assert.ok(share >= 0 && share <= 1, String(share));
    assert.ok(noise.spread >= 0 && Number.isFinite(noise.spread), String(noise.spread));
  });
});

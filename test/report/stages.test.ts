/** The stages of a run, with the time passed in. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Stages } from '../../src/report/run-stages.ts';

const PATIENCE = { beforeMs: 2000, afterMs: 5000, giveUpMs: 60_000 };

describe('the stages of a run', () => {
  it('start the command when every service has been up for long enough', () => {
    const stages = new Stages(PATIENCE, 0);
    assert.equal(stages.next(100, [null, 3000], 1100), 'wait');
    assert.equal(stages.next(2500, [1999, 4000], 1100), 'wait');
    assert.equal(stages.next(2501, [2000, 4001], 1100), 'start');
  });

  it('give up where a service does not come up, and do not start the command', () => {
    const stages = new Stages(PATIENCE, 1000);
    assert.equal(stages.next(60_999, [null], 1100), 'wait');
    assert.equal(stages.next(61_000, [null], 1100), 'not-up');
  });

  it('wait after the command until all have been up for long enough since its end', () => {
    const stages = new Stages(PATIENCE, 0);
    stages.started(2000);
    assert.equal(stages.stage, 'during');
    assert.equal(stages.next(3000, [null], 1100), 'wait');
    stages.ended(10_000);
    assert.equal(stages.next(14_999, [90_000], 1100), 'wait');
    assert.equal(stages.next(15_000, [4999], 1100), 'wait');
    assert.equal(stages.next(15_001, [5000], 1100), 'finish');
  });

  it('wait after the command until a probe of every service was sent after its end, and has ended', () => {
    const stages = new Stages(PATIENCE, 0);
    stages.started(2000);
    stages.ended(10_000);
    assert.equal(stages.next(15_000, [90_000], 11_000), 'wait');
    assert.equal(stages.next(21_000, [90_000], 11_000), 'finish');
    assert.equal(stages.next(70_000, [90_000], 120_000), 'finish');
  });

  it('neither start nor finish with nothing that is watched', () => {
    const stages = new Stages(PATIENCE, 0);
    assert.equal(stages.next(3000, [], 0), 'wait');
    assert.equal(stages.next(60_000, [], 0), 'not-up');
  });

  it('finish without the services where these do not come back', () => {
    const stages = new Stages(PATIENCE, 0);
    stages.started(2000);
    stages.ended(10_000);
    assert.equal(stages.next(69_999, [null], 1100), 'wait');
    assert.equal(stages.next(70_000, [null], 1100), 'finish');
  });

  it('end a command that never ends, once', () => {
    const stages = new Stages(PATIENCE, 0);
    stages.started(2000);
    assert.equal(stages.next(61_999, [1], 1100), 'wait');
    assert.equal(stages.next(62_000, [1], 1100), 'end-command');
    assert.equal(stages.next(62_001, [1], 1100), 'wait');
  });

  it('do nothing when it is over', () => {
    const stages = new Stages(PATIENCE, 0);
    stages.over(5);
    assert.equal(stages.next(1e9, [], 1100), 'wait');
  });
});

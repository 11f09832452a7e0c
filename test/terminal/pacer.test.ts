import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Pacer, type Cause } from '../../src/terminal/frame-pacer.ts';

/** Draws whenever a frame is due, for 10 s; something asks at the given interval. Returns when frames were drawn. */
function drawn(cause: Cause, everyMs: number, tookMs: number): number[] {
  const pacer = new Pacer();
  const frames: number[] = [];
  let due = 0;
  let why: Cause = 'time';
  for (let now = 0; now < 10_000; now++) {
    if (now % everyMs === 0) {
      const wanted = pacer.due(cause, now);
      if (wanted < due) [due, why] = [wanted, cause];
    }
    if (now < due) continue;
    frames.push(now);
    pacer.drew(why, now, now + tookMs);
    [due, why] = [pacer.due('time', now + tookMs), 'time'];
  }
  return frames;
}

describe('the pacer', () => {
  it('draws nine or ten frames a second, however often a state changes', () => {
    for (const everyMs of [7, 100, 1000]) {
      const frames = drawn('change', everyMs, 2);
      assert.ok(frames.length >= 88 && frames.length <= 101, `${String(frames.length)} frames in 10 s`);
    }
  });

  it('brings a change forward', () => {
    const pacer = new Pacer();
    pacer.drew('time', 1000, 1002);
    assert.equal(pacer.due('change', 1030), 1030);
    pacer.drew('change', 1030, 1032);
    assert.equal(pacer.due('change', 1060), 1140);
  });

  it('answers a key at once', () => {
    const pacer = new Pacer();
    pacer.drew('time', 1000, 1002);
    assert.equal(pacer.due('key', 1010), 1040);
    assert.equal(pacer.due('key', 1090), 1090);
  });

  it('takes no more than a quarter of the thread', () => {
    const frames = drawn('key', 10, 100);
    assert.ok(frames.length <= 26, `${String(frames.length)} frames of 100 ms in 10 s`);
  });
});

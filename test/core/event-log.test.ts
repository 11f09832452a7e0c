import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { EventNumbers, MemoryEventLog } from '../../src/core/event-log.ts';
import type { Event } from '../../src/core/messages.ts';

const mark = (seq: number): Event => ({ type: 'mark', seq, at: seq, text: '' });

describe('the numbers of events', () => {
  it('grow strictly, however the clock steps', () => {
    const steps = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (all) => {
        const numbers = new EventNumbers(0, 1.8e12);
        let [now, last] = [1.8e12, 0];
        for (const step of all) {
          now += step;
          const next = numbers.next(now);
          assert.ok(Number.isSafeInteger(next) && next > last);
          last = next;
        }
      }),
    );
  });

  it('are not given again after a kill that lost the last of them', () => {
    const before = new EventNumbers(0, 1_799_999_999_000);
    const stored = before.next(1_800_000_000_000);
    const lost = Array.from({ length: 15_000 }, () => before.next(1_800_000_000_010));
    const after = new EventNumbers(stored, 1_800_000_000_400);
    assert.ok(after.next(1_800_000_000_500) > (lost.at(-1) ?? Infinity));
  });

  it('are not given again where the clock is behind after that kill', () => {
    const before = new EventNumbers(0, 1_799_999_999_000);
    const stored = before.next(1_800_000_000_000);
    const lost = Array.from({ length: 15_000 }, () => before.next(1_800_000_000_010));
    const after = new EventNumbers(stored, 1_799_996_400_000);
    assert.ok(after.next(1_799_996_400_500) > (lost.at(-1) ?? Infinity));
  });

  it('fit a double without loss until the year 2255', () => {
    assert.ok(new EventNumbers(0, 0).next(Date.UTC(2255, 0, 1)) < Number.MAX_SAFE_INTEGER);
  });
});

describe('the log of events', () => {
  it('gives what came after a number, as long as it is kept', async () => {
    const log = new MemoryEventLog(10, 4);
    assert.deepEqual(await log.after(10, 9), []);
    assert.equal(await log.after(9, 9), null);
    for (let seq = 20; seq <= 60; seq += 10) log.append(mark(seq));
    assert.deepEqual([log.completeAfter, log.newest], [20, 60]);
    assert.equal(await log.after(10, 9), null);
    assert.deepEqual(await log.after(20, 2), [mark(30), mark(40)]);
    assert.deepEqual(await log.after(45, 9), [mark(50), mark(60)]);
    assert.deepEqual(await log.after(60, 9), []);
    assert.deepEqual(log.latest(2), [mark(50), mark(60)]);
  });

  it('can be resumed from a number that a kill has lost, and not from one that this run gave to no event', () => {
    const log = new MemoryEventLog(5);
    log.append(mark(10));
    log.begin(1000);
    log.append(mark(2000));
    assert.deepEqual(
      [10, 500, 1000, 2001].map((seq) => log.canResume(seq)),
      [true, true, true, false],
    );
  });

  it('can be resumed from what it keeps, and from no number that it has not given', () => {
    const log = new MemoryEventLog(5);
    log.append(mark(2000));
    assert.deepEqual(
      [4, 5, 2000, 2001].map((seq) => log.canResume(seq)),
      [false, true, true, false],
    );
  });
});

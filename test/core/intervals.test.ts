import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { Intervals, type Interval } from '../../src/core/intervals.ts';
import type { State } from '../../src/core/model.ts';

const state = fc.constantFrom<State[]>('up', 'down', 'unobserved', 'partial');

describe('intervals', () => {
  it('age over short stalls of the monitor, and over nothing else', () => {
    const since = (...list: readonly Interval[]): number => {
      const states = new Intervals({ state: 'unknown', from: 0, reason: null });
      for (const one of list) states.enter(one);
      return states.steadySince;
    };
    const at = (from: number, state: State, reason: Interval['reason'] = null): Interval => ({ state, from, reason });
    const stall = (from: number): Interval => at(from, 'unobserved', 'stalled');
    assert.equal(since(at(10, 'up'), stall(1000), at(1500, 'up')), 10);
    assert.equal(since(at(10, 'up'), stall(1000), at(1500, 'up'), stall(2000), at(12_000, 'up')), 10);
    assert.equal(since(at(10, 'down'), stall(1000), at(1500, 'down')), 10);
    // While it lasts, too long, for another reason, or with a change of the service in it.
    assert.equal(since(at(10, 'up'), stall(1000)), 1000);
    assert.equal(since(at(10, 'up'), stall(1000), at(11_001, 'up')), 11_001);
    assert.equal(since(at(10, 'up'), at(1000, 'unobserved', 'suspended'), at(1500, 'up')), 1500);
    assert.equal(since(at(10, 'up'), at(1000, 'unobserved', 'stopped'), at(1500, 'up')), 1500);
    assert.equal(since(at(10, 'up'), stall(1000), at(1500, 'down')), 1500);
    assert.equal(since(at(10, 'up'), stall(1000), at(1500, 'down'), at(1600, 'up')), 1600);
    assert.equal(since(at(10, 'up'), at(900, 'down'), stall(1000), at(1500, 'up')), 1500);
  });

  it('have a gap that goes on since the service was up last, with what was seen down in it', () => {
    const open = (...list: readonly State[]): ReturnType<Intervals['openGap']> => {
      const states = new Intervals({ state: 'unknown', from: 0, reason: null });
      list.forEach((state, place) => {
        states.enter({ state, from: (place + 1) * 1000, reason: null });
      });
      return states.openGap((list.length + 1) * 1000);
    };
    assert.deepEqual(open('down'), { from: 1000, downMs: 1000 });
    assert.deepEqual(open('up', 'down'), { from: 2000, downMs: 1000 });
    assert.deepEqual(open('down', 'up', 'down'), { from: 3000, downMs: 1000 });
    // A stall or a restart of the monitor does not end it, and is not down time.
    assert.deepEqual(open('up', 'down', 'unobserved', 'down'), { from: 2000, downMs: 2000 });
    assert.deepEqual(open('up', 'down', 'unobserved'), { from: 2000, downMs: 1000 });
    assert.deepEqual(open('up', 'unobserved', 'down'), { from: 3000, downMs: 1000 });
    for (const states of [['up'], ['down', 'up'], ['up', 'unobserved'], ['partial'], ['down', 'partial'], []] as const)
      assert.equal(open(...states), null, states.join());
  });

  it('keep every state that lasted, in order, however the clock steps', () => {
    const steps = fc.array(
      fc.tuple(
        state,
        fc.integer({ min: -5000, max: 5000 }).filter((ms) => ms !== 0),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const intervals = new Intervals({ state: 'unknown', from: 1000, reason: null });
        const entered: State[] = ['unknown'];
        let at = 1000;
        for (const [next, tookMs] of all) {
          at += tookMs;
          // The moment of the present state itself is another case.
          if (at === intervals.present.from) at += 1;
          intervals.enter({ state: next, from: at, reason: null });
          if (entered.at(-1) !== next) entered.push(next);
        }
        const list = intervals.list();
        assert.deepEqual(
          list.map((one) => one.state),
          entered,
        );
        for (const [index, one] of list.entries()) assert.ok(one.from > (list[index - 1]?.from ?? -Infinity));
        const timeline = intervals.timeline();
        for (const [index, one] of timeline.entries()) assert.equal(one.to, timeline[index + 1]?.from ?? null);
      }),
    );
  });

  it('keep the past where the wall clock is set back by an hour', () => {
    const intervals = new Intervals({ state: 'unknown', from: 10_000_000, reason: null });
    for (const [next, at] of [
      ['up', 10_000_100],
      ['down', 10_050_000],
      ['up', 6_450_300],
    ] as const) {
      intervals.enter({ state: next, from: at, reason: null });
    }
    assert.deepEqual(
      intervals.list().map((one) => one.state),
      ['unknown', 'up', 'down', 'up'],
    );
  });

  it('let what lasted no time give way', () => {
    const intervals = new Intervals({ state: 'up', from: 10, reason: null });
    intervals.enter({ state: 'unobserved', from: 20, reason: 'stalled' });
    intervals.enter({ state: 'up', from: 20, reason: null });
    assert.deepEqual(intervals.list(), [{ state: 'up', from: 10, reason: null }]);
    intervals.enter({ state: 'down', from: 10, reason: 'reset' });
    assert.deepEqual(intervals.list(), [{ state: 'down', from: 10, reason: 'reset' }]);
  });

  it('keep the newest', () => {
    const intervals = new Intervals({ state: 'unknown', from: 0, reason: null }, 10);
    for (let n = 1; n <= 1000; n++) intervals.enter({ state: n % 2 === 0 ? 'up' : 'down', from: n, reason: null });
    assert.ok(intervals.list().length >= 10 && intervals.list().length <= 21);
    assert.equal(intervals.present.from, 1000);
  });
});

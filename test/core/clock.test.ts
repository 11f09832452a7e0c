import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Clock, systemClock } from '../../src/core/clock.ts';

/** A machine whose clocks are set by hand, in milliseconds. */
class Machine {
  mono = 1000;
  epoch = 1_700_000_000_000;
  up = 5000;

  readonly source = { monotonic: () => this.mono, wall: () => this.epoch, boot: () => this.up };

  run(ms: number): void {
    this.mono += ms;
    this.epoch += ms;
    this.up += ms;
  }

  sleep(ms: number): void {
    this.epoch += ms;
    this.up += ms;
  }
}

describe('Clock', () => {
  it('labels moments by the wall clock', () => {
    const machine = new Machine();
    const clock = new Clock(machine.source);
    const then = clock.now();
    machine.run(500);
    assert.equal(clock.check(), null);
    assert.equal(clock.epoch(clock.now()) - clock.epoch(then), 500);
    assert.equal(clock.epoch(then), 1_700_000_000_000);
  });

  it('does not step when the wall clock does: only the labels of what comes later do', () => {
    for (const step of [3_600_000, -3_600_000, 100]) {
      const machine = new Machine();
      const clock = new Clock(machine.source);
      machine.run(100);
      const before = clock.now();
      const label = clock.epoch(before);
      machine.epoch += step;
      machine.run(10);
      assert.equal(clock.check(), null);
      assert.equal(clock.now() - before, 10);
      assert.equal(clock.epoch(clock.now()), machine.epoch);
      assert.equal(clock.epoch(before), label);
    }
  });

  it('recognises a sleep, and counts it as time that has passed', () => {
    const machine = new Machine();
    const clock = new Clock(machine.source);
    machine.run(100);
    clock.check();
    const before = clock.now();
    machine.sleep(60_000);
    machine.run(20);
    const suspension = clock.check();
    assert.deepEqual(suspension, { from: before, to: before + 60_020 });
    assert.equal(clock.now() - before, 60_020);
    assert.equal(clock.epoch(clock.now()), machine.epoch);
    machine.run(100);
    assert.equal(clock.check(), null);
  });

  it('distinguishes a sleep from a wall clock that was set meanwhile', () => {
    const machine = new Machine();
    const clock = new Clock(machine.source);
    machine.sleep(60_000);
    machine.epoch -= 7_200_000;
    const suspension = clock.check();
    assert.equal(suspension === null ? 0 : suspension.to - suspension.from, 60_000);
    assert.equal(clock.epoch(clock.now()), machine.epoch);
  });

  it('is not misled where its thread is preempted between two readings', () => {
    const machine = new Machine();
    let turn = 0;
    const preempted = {
      ...machine.source,
      wall: () => {
        const wall = Math.floor(machine.epoch);
        // Now and then 15 ms pass before the next reading; otherwise some microseconds.
        machine.run(turn++ % 7 === 3 ? 15 : 0.013);
        return wall;
      },
      monotonic: () => {
        const monotonic = machine.mono;
        machine.run(turn++ % 11 === 5 ? 15 : 0.013);
        return monotonic;
      },
    };
    const truth = machine.epoch - machine.mono;
    const clock = new Clock(preempted);
    assert.ok(Math.abs(clock.epoch(0) - truth) <= 1.1, `wrong by ${String(clock.epoch(0) - truth)} ms`);
  });

  it('reads the clocks of this machine alike in its threads: timeline time is comparable', () => {
    const clock = new Clock();
    assert.ok(Math.abs(clock.epoch(clock.now()) - systemClock.wall()) < 50);
  });
});

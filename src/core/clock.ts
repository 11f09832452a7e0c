/**
 * Timeline time: milliseconds that never step. It is the system's monotonic clock plus the time for which the machine
 * was suspended (Linux: CLOCK_MONOTONIC stands still then, /proc/uptime does not). The wall clock only labels it.
 */
import { uptime } from 'node:os';

/** The clocks of the system, in milliseconds. */
export interface ClockSource {
  /** Never steps; may stand still while the machine sleeps. */
  monotonic(): number;
  /** Since the Unix epoch; may step. */
  wall(): number;
  /** Since the machine was started, sleep included; may be coarse (10 ms). */
  boot(): number;
}

export const systemClock: ClockSource = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  boot: () => uptime() * 1000,
};

/** Time in which the machine slept, in timeline time. */
export interface Suspension {
  readonly from: number;
  readonly to: number;
}

/** The wall clock may disagree by this much (its resolution, a preempted reading) before it counts as a step. */
const STEP_MS = 20;
/** The clocks of sleep are coarse: below this a difference is not believed to be one. */
const SUSPENDED_MS = 250;

interface Label {
  /** From this timeline time on, ... */
  readonly from: number;
  /** ... wall clock less timeline time. */
  offset: number;
}

/** Labels that are remembered, one for each step of the wall clock. */
const LABELS = 16;

export class Clock {
  readonly #source: ClockSource;
  #suspendedMs = 0;
  #bootOffset: number;
  #labels: Label[];
  /** The wall clock less timeline time, as it was found last. */
  #wallOffset: number;
  readonly #followsSteps: boolean;
  #lastCheck: number;

  /**
   * @param followsSteps whether a step of the wall clock gives new labels; otherwise the labels go on from those of the
   * beginning, as the monotonic clock does: for a window of time that must not be torn apart
   */
  constructor(source: ClockSource = systemClock, followsSteps = true) {
    this.#source = source;
    this.#followsSteps = followsSteps;
    this.#wallOffset = wallOffset(source);
    this.#labels = [{ from: -Infinity, offset: this.#wallOffset }];
    this.#bootOffset = source.boot() - source.monotonic();
    this.#lastCheck = this.now();
  }

  /** Timeline time. */
  now(): number {
    return this.#source.monotonic() + this.#suspendedMs;
  }

  /** The wall clock's label of a moment: milliseconds since the Unix epoch, to the microsecond. */
  epoch(time: number): number {
    let label = this.#labels[0];
    for (const later of this.#labels) if (later.from <= time) label = later;
    return Math.round((time + (label?.offset ?? 0)) * 1000) / 1000;
  }

  /** The moment that the wall clock labels so: the inverse of `epoch`. */
  at(epoch: number): number {
    const label = this.#labels.findLast(({ from, offset }) => epoch - offset >= from);
    return epoch - (label?.offset ?? 0);
  }

  /**
   * Compares the clocks; to be called often. A step of the wall clock gives new labels from now on. Returns the time in
   * which the machine slept since the last call, if it did.
   */
  check(): Suspension | null {
    const before = this.#lastCheck;
    const now = this.now();
    this.#lastCheck = now;
    if (Math.abs(this.#source.wall() - this.#wallOffset - now) <= STEP_MS) return null;

    // Read again: this thread may have been preempted between the two readings.
    const offset = wallOffset(this.#source) - this.#suspendedMs;
    if (Math.abs(offset - this.#wallOffset) <= STEP_MS) return null;

    const slept = this.#source.boot() - this.#source.monotonic() - this.#bootOffset;
    let suspension: Suspension | null = null;
    let step = offset - this.#wallOffset;
    if (slept > SUSPENDED_MS) {
      this.#bootOffset += slept;
      // The wall clock is the finer measure of the same sleep, unless it was set meanwhile.
      const exact = Math.abs(step - slept) <= STEP_MS ? step : slept;
      this.#suspendedMs += exact;
      this.#lastCheck = this.now();
      step -= exact;
      suspension = { from: before, to: this.#lastCheck };
    }
    if (Math.abs(step) > STEP_MS) {
      this.#wallOffset += step;
      if (this.#followsSteps) {
        this.#labels = [...this.#labels, { from: this.#lastCheck, offset: this.#wallOffset }].slice(-LABELS);
      }
    }
    return suspension;
  }
}

/**
 * Wall clock less monotonic clock, finer than the wall clock's millisecond: the largest of many differences is the one
 * that was read just after the wall clock's tick. The wall clock is read first: where this thread is preempted between
 * the two, the difference is too small, and so does not count. Takes up to 2 ms.
 */
function wallOffset(source: ClockSource): number {
  const until = source.monotonic() + 2;
  let best = -Infinity;
  for (let turn = 0; turn < 20_000; turn++) {
    const wall = source.wall();
    const monotonic = source.monotonic();
    if (wall - monotonic > best) best = wall - monotonic;
    if (monotonic >= until) break;
  }
  return best;
}

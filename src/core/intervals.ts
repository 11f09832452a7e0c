/**
 * The states of a service over time, and the one rule for how a state is entered. Pure. Times in milliseconds.
 *
 * Times are labels of the wall clock, which may be set back. Then the past stays as it is, in order: a state with an earlier
 * label than the present one begins just after it. A state that lasted no time at all is replaced by the one that begins at the same moment.
 */
import type { TimelineInterval } from './messages.ts';
import type { Reason, State } from './model.ts';

/** Times are exact to the microsecond, so this is the shortest time between two states. */
export const TICK_MS = 0.001;

/**
 * When a state begins that is entered at `at`, after one that began at `since`.
 *
 * @example
 * beginAfter(1000, 2500) // 2500
 * beginAfter(1000, 400) // 1000.001: the clock was set back
 */
export function beginAfter(since: number, at: number): number {
  return at >= since ? at : since + TICK_MS;
}

/**
 * What the label of a moment is by a clock that was set back since. One that is not in the future stays. Another is as long
 * ago as it was by the latest label of then: how much time has passed since is not known, and is left out.
 * @param latest the latest label that was given before the clock was set back
 *
 * @example
 * setBack(5000, 2000, 6000) // 1000: it was a second ago
 * setBack(1500, 2000, 6000) // 1500
 */
export function setBack(at: number, now: number, latest: number): number {
  return at <= now ? at : Math.min(now, at - Math.max(0, latest - now));
}

/** A timeline of which no state begins after the present one, which began at `since`. */
export function timelineUpTo(timeline: readonly TimelineInterval[], since: number): TimelineInterval[] {
  return timeline.map(({ state, from, to }, index) => ({
    state,
    from: index === timeline.length - 1 ? since : Math.min(from, since),
    to: to === null ? null : index === timeline.length - 2 ? since : Math.min(to, since),
  }));
}

/** Unobserved time of at most this length does not end the age of a state that is the same after it. */
const SHORT_STALL_MS = 10_000;

/** A state, when it began, and why. */
export interface Interval {
  readonly state: State;
  readonly from: number;
  /** Null where it needs none, or none is known. */
  readonly reason: Reason | null;
}

/** The newest intervals of one service, the last of which is the present state. */
export class Intervals {
  readonly #limit: number;
  #past: Interval[] = [];
  #present: Interval;

  /** @param limit how many past intervals are kept: the newest; up to twice as many between two cuts */
  constructor(first: Interval, limit = Infinity) {
    this.#present = first;
    this.#limit = limit;
  }

  get present(): Interval {
    return this.#present;
  }

  /**
   * Since when it has been in the present state, where a short stall of the monitor does not count: nothing changed, as far as
   * probes on both sides of it show. It stays in the timeline.
   */
  get steadySince(): number {
    let since = this.#present.from;
    for (let place = this.#past.length - 1; place > 0; place -= 2) {
      const [before, stall] = [this.#past[place - 1], this.#past[place]];
      if (stall?.state !== 'unobserved' || stall.reason !== 'stalled' || since - stall.from > SHORT_STALL_MS) break;
      if (before?.state !== this.#present.state) break;
      since = before.from;
    }
    return since;
  }

  /**
   * The gap that goes on: since when, and how long the service was seen down in it; null where none does. What was not observed
   * in between does not end it.
   * @param until until when the present state is known
   */
  openGap(until: number): { readonly from: number; readonly downMs: number } | null {
    let [from, downMs, end] = [Infinity, 0, until];
    for (let place = this.#past.length; place >= 0; place -= 1) {
      const one = this.#past[place] ?? this.#present;
      if (one.state === 'down') [from, downMs] = [one.from, downMs + Math.max(0, end - one.from)];
      else if (one.state !== 'unobserved') break;
      end = one.from;
    }
    return from === Infinity ? null : { from, downMs };
  }

  /** A state is entered at a moment. Where it is the present one already, only its reason is another. */
  enter(next: Interval): void {
    const { state, from } = this.#present;
    if (next.state === state) {
      this.#present = { state, from, reason: next.reason };
      return;
    }
    if (next.from === from) {
      const before = this.#past.at(-1);
      if (before?.state !== next.state) this.#present = next;
      else {
        this.#past.pop();
        this.#present = { ...before, reason: next.reason };
      }
      return;
    }
    this.#past.push(this.#present);
    this.#present = { ...next, from: beginAfter(from, next.from) };
    // Cut in large pieces: shifting at every change would cost the whole length each time.
    if (this.#past.length >= 2 * this.#limit) this.#past = this.#past.slice(-this.#limit);
  }

  /** How many are kept. */
  get size(): number {
    return this.#past.length + 1;
  }

  /** The oldest first; the last one is the present state. */
  list(): Interval[] {
    return [...this.#past, this.#present];
  }

  /** The same, each with its end; the present state is open. */
  timeline(): TimelineInterval[] {
    const all = this.list();
    return all.map(({ state, from }, index) => ({ state, from, to: all[index + 1]?.from ?? null }));
  }
}

/**
 * What the live samples say beyond the settled truth: provisional, until every probe that was sent before has ended.
 * Pure.
 */
import type { Result, State } from '../core/model.ts';

/** Samples that are remembered: more than are unsettled at a time. */
const MOST = 64;

interface Ahead {
  readonly at: number;
  readonly result: Result;
}

export class RunAhead {
  readonly #slackMs: number;
  /** In the order of sending; empty while nothing contradicts the settled state. */
  #samples: Ahead[] = [];

  /** @param slackMs after this long a sample is settled for sure: the timeout, and a little more */
  constructor(slackMs: number) {
    this.#slackMs = slackMs;
  }

  /**
   * Takes a sample.
   * @param settled the settled state at present
   */
  add(at: number, result: Result, settled: State): void {
    if (this.#samples.length === 0 && result === settled) return;
    let place = this.#samples.length;
    while (place > 0 && (this.#samples[place - 1]?.at ?? 0) > at) place -= 1;
    this.#samples.splice(place, 0, { at, result });
    this.#samples = this.#samples.filter((sample) => sample.at > at - this.#slackMs).slice(-MOST);
  }

  /** The state is `settled` from `at` on: forgets what that says, too. */
  settle(at: number, settled: State): void {
    const later = this.#samples.filter((sample) => sample.at > at);
    const news = later.findIndex(({ result }) => result !== settled);
    this.#samples = news < 0 ? [] : later.slice(news);
  }

  /** Where the samples change the state after `settled`, the oldest first; times in milliseconds. */
  changes(now: number, settled: State): readonly Ahead[] {
    if (this.#samples.length === 0) return this.#samples;
    let state: State = settled;
    return this.#samples.filter(({ at, result }) => {
      if (at <= now - this.#slackMs || result === state) return false;
      state = result;
      return true;
    });
  }

  /** The newest state that is known, settled or not. */
  latest(now: number, settled: State): State {
    return this.changes(now, settled).at(-1)?.result ?? settled;
  }
}

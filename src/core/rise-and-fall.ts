/** The status of a service: its state, held until `rise` good or `fall` failed probes in a row say otherwise. Pure. */
import type { Result, State } from './model.ts';

export class Status {
  readonly #rise: number;
  readonly #fall: number;
  #status: State = 'unknown';
  #last: Result | null = null;
  #inARow = 0;

  /**
   * @param rise good probes in a row that make it up, 1 or more
   * @param fall failed probes in a row that make it down, 1 or more
   */
  constructor(rise: number, fall: number) {
    this.#rise = rise;
    this.#fall = fall;
  }

  get current(): State {
    return this.#status;
  }

  /** Takes the result of the next settled probe. Returns the status if it changed, otherwise null. */
  add(result: Result): State | null {
    this.#inARow = result === this.#last ? this.#inARow + 1 : 1;
    this.#last = result;
    // It was no answer: the row is broken, and the status stays.
    if (result === 'unobserved') return null;
    const needed = result === 'up' ? this.#rise : this.#fall;
    if (this.#inARow < needed || result === this.#status) return null;
    this.#status = result;
    return result;
  }
}

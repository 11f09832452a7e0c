/** When what is too old is searched for. Pure; milliseconds. */

const EVERY_MS = 60_000;
/**
 * Not at once, and not soon after the clock was set: a machine that has just started may not know the time yet, and a clock may be set
 * wrong. By a clock that is far ahead all would be too old.
 */
const AFTER_MS = 10 * 60_000;
/** What a clock may be set by, or a batch may wait for the disk, without harm. */
const STEP_MS = 3_600_000;

export class RetentionSchedule {
  #next: number;
  /** The wall clock less the monotonic one, at the last look. */
  #offset: number | null = null;

  /** @param monotonic the monotonic clock */
  constructor(monotonic: number) {
    this.#next = monotonic + AFTER_MS;
  }

  /**
   * Whether a round is due; then the next one is due a minute later. To be asked often.
   * @param now since the Unix epoch
   */
  isDue(now: number, monotonic: number): boolean {
    const offset = now - monotonic;
    if (this.#offset !== null && Math.abs(offset - this.#offset) > STEP_MS) this.#next = monotonic + AFTER_MS;
    this.#offset = offset;
    if (monotonic < this.#next) return false;
    this.#next = monotonic + EVERY_MS;
    return true;
  }
}

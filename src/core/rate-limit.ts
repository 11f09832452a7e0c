/** How much of something may be had: so much at once, and so much more with time (a token bucket). */
export class RateLimit {
  readonly #most: number;
  readonly #perSecond: number;
  #left: number;
  #at = performance.now();

  /**
   * @param most at once
   * @param perSecond how much more may be had each second
   */
  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perSecond = perSecond;
    this.#left = most;
  }

  /** Takes so much. Returns false where that is more than there is: it is taken all the same, down to as much as could be had at once. */
  take(amount = 1): boolean {
    this.#left = Math.max(-this.#most, this.left - amount);
    this.#at = performance.now();
    return this.#left >= 0;
  }

  /** How much there is; negative where more was taken. */
  get left(): number {
    const more = ((performance.now() - this.#at) / 1000) * this.#perSecond;
    return Math.min(this.#most, this.#left + more);
  }

  /** In how many milliseconds there is something again. */
  get waitMs(): number {
    return (Math.max(0, 1 - this.left) / this.#perSecond) * 1000;
  }
}

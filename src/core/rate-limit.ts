/** How much of something may be had: so much at once, and so much more with time (a token bucket). */
export class RateLimit {
  readonly #most: number;
  readonly #perSecond: number;
  #left: number;
  #at = performance.now();

  /** @param most at once */
  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perSecond = perSecond;
    this.#left = most;
  }

  /** Takes so much. Returns false where that is more than there is: it is taken all the same. */
  take(amount = 1): boolean {
    const now = performance.now();
    const more = ((now - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#most, this.#left + more) - amount;
    this.#at = now;
    return this.#left >= 0;
  }
}

/** Keeps an answer for a short time, so that many equal requests cost no more than one. */

/** Answers that are kept at a time: what the oldest one takes is free again. */
const MOST = 256;

interface Kept<T> {
  readonly value: Promise<T>;
  /** When it was there, by the monotonic clock; Infinity while it is made. */
  at: number;
}

export class TtlCache<T> {
  readonly #keepMs: number;
  readonly #kept = new Map<string, Kept<T>>();

  /** @param keepMs how old an answer may be, in milliseconds */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** @param key of what is asked; an answer that fails is not kept */
  get(key: string, make: () => T | Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined && performance.now() - known.at <= this.#keepMs) return known.value;
    const kept: Kept<T> = { value: Promise.resolve().then(make), at: Infinity };
    // Behind all others, of which the first is the oldest.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest);
    kept.value.then(
      () => (kept.at = performance.now()),
      () => this.#kept.get(key) === kept && this.#kept.delete(key),
    );
    return kept.value;
  }
}

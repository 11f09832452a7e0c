/** Keeps an answer for a moment, so that many who ask at once cost no more than one. */

export class TtlCache<T> {
  readonly #keepMs: number;
  readonly #kept = new Map<string, { readonly at: number; readonly value: T }>();

  /** @param keepMs how old an answer may be, in milliseconds */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** @param key of what is asked; one of a few */
  get(key: string, make: () => T): T {
    const now = performance.now();
    const kept = this.#kept.get(key);
    if (kept !== undefined && now - kept.at <= this.#keepMs) return kept.value;
    const value = make();
    this.#kept.set(key, { at: now, value });
    return value;
  }
}

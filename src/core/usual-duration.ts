/**
 * How long the good answers of a service take: the measure for one that is overdue. Pure; milliseconds.
 *
 * An inference from the recent past, not a proof: a service that usually answers within 3 ms, and has not after 45, was
 * not well at some moment of those 45 ms, if it never answers.
 */

/** Good answers that are remembered. */
const REMEMBERED = 32;
/** An answer is overdue after this many times the slowest of them, ... */
const FACTOR = 2;
/** ... but not sooner than this: a healthy process may wait for its turn on a busy machine. */
const LEAST_MS = 45;
/** A good answer is far longer than usual that took this many times the median of them: a few slow ones are not usual. */
const FAR = 4;

export class UsualDuration {
  readonly #tookMs = new Float32Array(REMEMBERED);
  #count = 0;
  #slowestMs = 0;

  /** A good answer took this long. */
  add(tookMs: number): void {
    const place = this.#count % REMEMBERED;
    const forgotten = this.#tookMs[place] ?? 0;
    this.#tookMs[place] = tookMs;
    this.#count += 1;
    if (tookMs >= this.#slowestMs) this.#slowestMs = tookMs;
    else if (forgotten >= Math.fround(this.#slowestMs)) this.#slowestMs = Math.max(...this.#tookMs);
  }

  /** After how long an answer is overdue, in milliseconds; `Infinity` while no good one is known. */
  get overdueMs(): number {
    return this.#count === 0 ? Infinity : Math.max(LEAST_MS, FACTOR * this.#slowestMs);
  }

  /** Whether a good answer took far longer than usual; false while none is known, and where any may wait for its turn. */
  isFarLonger(tookMs: number): boolean {
    return tookMs > LEAST_MS && this.#isUnusual(tookMs);
  }

  /** Whether it took longer than usual by what a healthy process, or a packet, waits for its turn on a busy machine. */
  isLaterByATurn(tookMs: number): boolean {
    return tookMs <= LEAST_MS && this.#isUnusual(tookMs);
  }

  #isUnusual(tookMs: number): boolean {
    if (this.#count === 0) return false;
    const sorted = this.#tookMs.slice(0, this.#count).sort();
    return tookMs > FAR * (sorted[sorted.length >> 1] ?? 0);
  }
}

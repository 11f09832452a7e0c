/**
 * Which writes of one service's probes Redis has acknowledged, and how many of those are gone. Pure.
 *
 * Each write adds one to a counter at the server, whose new value is the number of the write. Numbers grow for as long as nothing
 * is lost. Redis replicates and stores in order: of what it had acknowledged a beginning survives, and after it the numbers of
 * what is gone are given again. So a number that is given twice, or one that is not greater than what was acknowledged before the write
 * was sent, shows that every acknowledged write from that number on is gone. Probes overlap, and their answers come in any
 * order: what was acknowledged after a write was sent says nothing of it.
 *
 * A write that was not acknowledged may have been made all the same. Where that happens after a loss, and before the first write that is
 * acknowledged again, it takes the place of one that is gone, which is not counted then: the count is never too high.
 */

/** Writes that are kept one by one: more than are acknowledged while one is under way. */
const RECENT = 1024;
/** Ranges that are kept of the older ones; beyond it the oldest are merged, and only a loss that reaches so far back is less exact. */
const RANGES = 10_000;

interface Range {
  readonly from: number;
  readonly to: number;
  /** How many numbers of it were acknowledged. */
  readonly count: number;
}

export class WriteLedger {
  readonly #keptMs: number;
  /** In the order in which they were acknowledged. */
  #recent: { readonly number: number; readonly order: number }[] = [];
  /** All before, in the order of their numbers. */
  #older: Range[] = [];
  #greatest = -Infinity;
  #acknowledged = 0;
  #lastAt = -Infinity;

  /** @param keptMs for how long the server keeps a counter that is not written, in milliseconds: its end is no loss */
  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** A write is sent. Returns what `acknowledge` needs of this moment. @param now in milliseconds */
  send(now: number): number {
    if (now - this.#lastAt >= this.#keptMs) {
      this.#recent = [];
      this.#older = [];
      this.#greatest = -Infinity;
    }
    return this.#acknowledged;
  }

  /**
   * A write was acknowledged.
   * @param sent what `send` returned
   * @param number that the server gave it
   * @returns how many of those that were acknowledged before are known now to be gone
   */
  acknowledge(sent: number, number: number, now: number): number {
    // As usual.
    const gone = number > this.#greatest ? 0 : this.#cutRecent(sent, number) + this.#cutOlder(number);
    this.#greatest = Math.max(this.#greatest, number);
    this.#recent.push({ number, order: this.#acknowledged });
    this.#acknowledged += 1;
    this.#lastAt = now;
    if (this.#recent.length >= 2 * RECENT) this.#age();
    return gone;
  }

  /** Takes away those that a write shows to be gone. Returns how many they were. */
  #cutRecent(sent: number, number: number): number {
    const before = this.#recent.length;
    this.#recent = this.#recent.filter((one) => one.number < number || (one.number > number && one.order >= sent));
    this.#greatest = this.#recent.reduce((most, one) => Math.max(most, one.number), number);
    return before - this.#recent.length;
  }

  /** Takes away the older ones from a number on. Returns how many they were. */
  #cutOlder(number: number): number {
    let gone = 0;
    for (let last = this.#older.at(-1); last !== undefined && last.to >= number; last = this.#older.at(-1)) {
      this.#older.pop();
      const cut = Math.min(last.count, last.to - Math.max(last.from, number) + 1);
      gone += cut;
      if (last.from < number) this.#older.push({ from: last.from, to: number - 1, count: last.count - cut });
    }
    return gone;
  }

  #age(): void {
    const aged = this.#recent.splice(0, RECENT).map(({ number }) => number);
    const ranges = [...this.#older, ...aged.map((number): Range => ({ from: number, to: number, count: 1 }))];
    this.#older = [];
    for (const range of ranges.sort((a, b) => a.from - b.from)) {
      const last = this.#older.at(-1);
      if (last?.to !== range.from - 1) this.#older.push(range);
      else this.#older[this.#older.length - 1] = { from: last.from, to: range.to, count: last.count + range.count };
    }
    const merged = this.#older.splice(0, Math.max(0, this.#older.length - RANGES + 1));
    const [first, last] = [merged[0], merged.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#older.unshift({ from: first.from, to: last.to, count: merged.reduce((sum, { count }) => sum + count, 0) });
  }
}

/** One resolution of a strip: what was seen in each cell of time, in a ring that takes memory only as it fills. Pure. */

/** What was seen in a cell, as bits: one that was seen is never averaged away. 0 is "nothing is known". */
export const SEEN = { up: 1, down: 2, unobserved: 4 } as const;

/** Bytes that a ring begins with. */
const FIRST_BYTES = 64;

export class StripRing {
  /** The width of a cell in milliseconds. */
  readonly cellMs: number;
  readonly #capacity: number;
  #bytes = new Uint8Array(0);
  /** The number, since the epoch, of the first cell that was painted. */
  #base = 0;
  /** The number of the newest cell that was painted; -1 where none was. */
  #head = -1;

  /**
   * @param cellMs milliseconds a cell
   * @param capacity cells that are kept, the newest
   */
  constructor(cellMs: number, capacity: number) {
    this.cellMs = cellMs;
    this.#capacity = capacity;
  }

  /** Whether it still holds what was seen at this time, or has never held it at all. */
  holds(time: number): boolean {
    const cell = Math.floor(time / this.cellMs);
    return this.#head - this.#base < this.#capacity || cell > this.#head - this.#capacity;
  }

  /** Adds what was seen from `from` until `to` to the cells that this touches. Times in milliseconds since the epoch. */
  paint(seen: number, from: number, to: number): void {
    if (to <= from) return;
    const last = Math.ceil(to / this.cellMs) - 1;
    const first = Math.max(Math.floor(from / this.cellMs), last - this.#capacity + 1);
    if (this.#head < 0) {
      this.#base = first;
      this.#head = first - 1;
    }
    this.#reach(last);
    // Cells that were never painted may lie between the head and a later beginning.
    this.#fill(0, this.#head + 1, Math.min(first, last + 1));
    const oldest = Math.max(this.#base, Math.max(this.#head, last) - this.#capacity + 1);
    for (let cell = Math.max(first, oldest); cell <= Math.min(last, this.#head); cell++) {
      const place = this.#place(cell);
      this.#bytes[place] = (this.#bytes[place] ?? 0) | seen;
    }
    this.#fill(seen, Math.max(first, this.#head + 1), last + 1);
    this.#head = Math.max(this.#head, last);
  }

  /** What was seen in the cells that begin in [`from`, `to`), or, where none does, in the one that holds `from`. */
  read(from: number, to: number): number {
    const end = Math.min(Math.ceil(to / this.cellMs) - 1, this.#head);
    let cell = Math.ceil(from / this.cellMs);
    if (cell * this.cellMs >= to) cell = Math.floor(from / this.cellMs);
    const oldest = Math.max(this.#base, this.#head - this.#capacity + 1);
    let seen = 0;
    for (cell = Math.max(cell, oldest); cell <= end; cell++) seen |= this.#bytes[this.#place(cell)] ?? 0;
    return seen;
  }

  #place(cell: number): number {
    return (cell - this.#base) % this.#capacity;
  }

  /** Makes room for the cells up to `last`. */
  #reach(last: number): void {
    const needed = Math.min(last - this.#base + 1, this.#capacity);
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.min(this.#capacity, Math.max(needed, FIRST_BYTES, this.#bytes.length * 2)));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  /** Sets the cells from `first` up to and without `end`, at most one turn of the ring. */
  #fill(seen: number, first: number, end: number): void {
    const begin = Math.max(first, end - this.#capacity);
    if (end <= begin) return;
    const from = this.#place(begin);
    const to = from + (end - begin);
    this.#bytes.fill(seen, from, Math.min(to, this.#capacity));
    if (to > this.#capacity) this.#bytes.fill(seen, 0, to - this.#capacity);
  }
}

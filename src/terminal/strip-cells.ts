/**
 * The states of one service over time, at several resolutions, in bounded memory: windows of 10 s to 24 h can be drawn,
 * and the window can be moved back in time. A failed probe is never averaged away, whatever the resolution. Pure.
 *
 * Only what is settled is painted into the rings. The present state, from its beginning on, is added when it is read: so
 * a change that settles late is drawn where it was, and nothing has to be taken back.
 */
import type { Result, State } from '../core/model.ts';
import { Intervals } from '../core/intervals.ts';

/** Milliseconds a cell, and for how long cells are kept: 1 min, 10 min, 2 h, 24 h, 3 d. 28 kB when all are full. */
const LEVELS: readonly (readonly [cellMs: number, cells: number])[] = [
  [25, 2400],
  [100, 6000],
  [1000, 7200],
  [10_000, 8640],
  [60_000, 4320],
];

/** How far back a strip can be drawn, in milliseconds. */
export const KEPT_MS = 3 * 86_400_000;

/** This bit says that the cell holds something that is not settled, ... */
export const AHEAD = 8;
/** ... and this one that answers in it were slow: only where the service was up. */
export const SLOW = 16;

/** The cells to read. */
export interface Cells {
  /** The beginning of the first cell, in milliseconds since the epoch. */
  readonly from: number;
  readonly stepMs: number;
  readonly count: number;
}

/** Until when what is known. Milliseconds since the epoch. */
interface Known {
  /** The present: nothing is drawn after it. */
  readonly now: number;
  /** After this nothing was observed: when the last message came, where the source is not connected. */
  readonly knownUntil: number;
}

/** The settled states of one service. */
export class Strip {
  readonly #rings = LEVELS.map(([cellMs, cells]) => new StripRing(cellMs, cells));
  readonly #states: Intervals;
  /** Nothing is known before this. Milliseconds since the epoch. */
  readonly begin: number;
  /** Where answers were slow; null before the first. Rings of their own: the present state is not painted yet. */
  #slow: StripRing[] | null = null;

  /** @param since nothing is known before this */
  constructor(since: number) {
    this.begin = since;
    this.#states = new Intervals({ state: 'unknown', from: since, reason: null }, 1);
  }

  /** The beginning of the present state, in milliseconds since the epoch. */
  get since(): number {
    return this.#states.present.from;
  }

  get state(): State {
    return this.#states.present.state;
  }

  /** A state is entered at a moment: the one that ends then is painted. */
  enter(state: State, at: number): void {
    const { state: before, from } = this.#states.present;
    this.#states.enter({ state, from: at, reason: null });
    const seen = seenIn(before);
    if (seen !== 0) for (const ring of this.#rings) ring.paint(seen, from, this.since);
  }

  /** Answers were slow from one moment to another. */
  markSlow(from: number, to: number): void {
    this.#slow ??= LEVELS.map(([cellMs, cells]) => {
      const ring = new StripRing(cellMs, cells);
      // What comes late may be earlier than what came first.
      ring.paint(0, this.begin, this.begin + cellMs);
      return ring;
    });
    for (const ring of this.#slow) ring.paint(SLOW, from, to);
  }

  /** What was seen in each cell: bits of `SEEN`, `AHEAD` and `SLOW`. */
  read(cells: Cells, known: Known, ahead: RunAhead): Uint8Array {
    const { from, stepMs, count } = cells;
    const level = this.#levelFor(from, stepMs);
    const ring = ringAt(this.#rings, level);
    const result = new Uint8Array(count);
    for (let cell = 0; cell < count; cell++) {
      const begin = from + cell * stepMs;
      if (begin >= this.since) break;
      // The end is computed as the next cell's beginning is: nothing may fall between the two.
      result[cell] = ring.read(begin, from + (cell + 1) * stepMs);
    }
    let { state, since } = this;
    let bits = 0;
    for (const change of ahead.changes(known.now, state)) {
      const at = Math.max(since, change.at);
      this.#add(result, cells, known, seenIn(state) | bits, since, at);
      state = change.result;
      since = at;
      bits = AHEAD;
    }
    this.#add(result, cells, known, seenIn(state) | bits, since, known.now);
    if (this.#slow === null) return result;
    const slow = ringAt(this.#slow, level);
    return result.map((seen, cell) => {
      if ((seen & SEEN.up) === 0) return seen;
      return seen | slow.read(from + cell * stepMs, from + (cell + 1) * stepMs);
    });
  }

  /** Adds what was seen from `from` until `to` to the cells that this touches. */
  #add(result: Uint8Array, cells: Cells, known: Known, seen: number, from: number, to: number): void {
    if ((seen & ~AHEAD) === 0) return;
    const until = Math.max(from, Math.min(to, known.knownUntil));
    mark(result, cells, seen, from, until);
    mark(result, cells, SEEN.unobserved, until, Math.min(to, known.now));
  }

  /** The place of the coarsest ring that is fine enough for the step and still holds the beginning. */
  #levelFor(from: number, stepMs: number): number {
    const fine = this.#rings.findLastIndex((ring) => ring.cellMs <= stepMs);
    return this.#rings.findIndex((candidate, index) => index >= fine && candidate.holds(from));
  }
}

/** @param level -1 for the last one */
function ringAt(rings: readonly StripRing[], level: number): StripRing {
  const ring = rings.at(level);
  if (ring === undefined) throw new Error('a strip has rings');
  return ring;
}

function seenIn(state: State): number {
  // Some vantages see it down: that is never averaged away.
  if (state === 'partial') return SEEN.up | SEEN.down;
  return state === 'unknown' ? 0 : SEEN[state];
}

function mark(result: Uint8Array, { from, stepMs, count }: Cells, seen: number, begin: number, end: number): void {
  if (end <= begin) return;
  const last = Math.min(count - 1, Math.ceil((end - from) / stepMs) - 1);
  for (let cell = Math.max(0, Math.floor((begin - from) / stepMs)); cell <= last; cell++) {
    result[cell] = (result[cell] ?? 0) | seen;
  }
}

/** What was seen in a cell, as bits: one that was seen is never averaged away. 0 is "nothing is known". */
export const SEEN = { up: 1, down: 2, unobserved: 4 } as const;

/** Bytes that a ring begins with. */
const FIRST_BYTES = 64;

/** One resolution of a strip: what was seen in each cell of time, in a ring that takes memory only as it fills. */
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

/** Samples that are remembered: more than are unsettled at a time. */
const MOST = 64;

interface Ahead {
  readonly at: number;
  readonly result: Result;
}

/** What the live samples say beyond the settled states: provisional, until every probe that was sent before has ended. */
export class RunAhead {
  readonly #slackMs: number;
  /** In the order of sending; empty while nothing contradicts the settled state. */
  #samples: Ahead[] = [];

  /** @param slackMs after this long a sample is settled: the timeout, and a little more */
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

/**
 * The books of one service, for the length of one batch: its row, its intervals, gaps and sums. It follows the rules of
 * the board (see `timeline/board.ts`), so that both tell the same.
 */
import type { Gap, Transition } from '../core/messages.ts';
import type { LostStretch, WatchedNow } from './batch.ts';
import { type Condition, conditionCode, conditionOf, toMicros, toMillis } from './codes.ts';
import type { Database } from './database.ts';
import { type Entry, newEntry, writeEntry } from './entry.ts';
import { gapValues } from './gap-rows.ts';
import { memoryUnobserved, type Remembered } from './memory.ts';
import { isCounted, RollupSums } from './rollup.ts';

/** A wall clock that is set back by more was wrong before, or is now. */
const STEP_US = 60_000_000;
const ABSENT: Condition = { state: 'unobserved', reason: 'stopped' };
const LOST: Condition = { state: 'unobserved', reason: 'resources' };

export class ServiceBook {
  readonly entry: Entry;
  readonly #db: Database;
  readonly #sums = new RollupSums();

  /** @param entry is changed; it stands in the file when `write` was called */
  constructor(db: Database, entry: Entry) {
    this.#db = db;
    this.entry = entry;
  }

  /** Begins with a service that has no row yet. */
  static create(db: Database, name: string, condition: Condition, at: number): ServiceBook {
    const id = db.number('SELECT max(id) FROM service') + 1;
    const book = new ServiceBook(db, newEntry(id, name, at));
    book.#begin(conditionCode(condition), at);
    // Takes the number: others may be created before this one is written.
    writeEntry(db, book.entry);
    return book;
  }

  transition({ to, at, reason }: Transition): void {
    if (to === 'up') this.entry.memory = null;
    else if (to === 'unobserved') this.entry.memory = memoryUnobserved(this.#remembered, at);
    this.#enter({ state: to, reason }, toMicros(at));
  }

  gap(gap: Gap): void {
    const { entry } = this;
    const lasted = toMicros(gap.durationMs);
    this.#db.run('INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', ...gapValues(entry.id, gap));
    entry.gapRows += 1;
    entry.gaps += 1;
    entry.longest = Math.max(entry.longest, lasted);
    this.#sums.gap(Math.max(entry.accounted, toMicros(gap.to)), lasted);
  }

  /**
   * The service is watched by a run.
   * @param alive the last sign of life of the run that watched it last, where that is another one
   */
  watch(now: WatchedNow, run: number, alive: number | null): void {
    const { entry } = this;
    const until = entry.ended ?? alive;
    if (until !== null && entry.info !== null) this.#return(now, until);
    entry.run = run;
    entry.ended = null;
    entry.info = now.info;
    entry.status = now.status;
  }

  /** What was told of a stretch of time is lost. */
  lose({ from, to, state, reason }: LostStretch): void {
    this.#enter(LOST, toMicros(from));
    this.#enter({ state, reason }, toMicros(to));
    this.entry.memory = null;
  }

  write(): void {
    for (const { width, until, buckets, up, down, unobserved, gaps, longest } of this.#sums.rows) {
      this.#db.run(
        'INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET up = up + excluded.up, ' +
          'down = down + excluded.down, unobserved = unobserved + excluded.unobserved, gaps = gaps + excluded.gaps, ' +
          'longest = max(longest, excluded.longest)',
        ...[this.entry.id, width, until, buckets, up, down, unobserved, gaps, longest],
      );
    }
    writeEntry(this.#db, this.entry);
  }

  get #remembered(): Remembered {
    const { condition, since, info, memory } = this.entry;
    return { state: conditionOf(condition).state, since: toMillis(since), info, memory };
  }

  /** It is watched again. Where nobody told what was in between, it was not observed. */
  #return(now: WatchedNow, until: number): void {
    const { entry } = this;
    const since = toMicros(now.since);
    if (conditionOf(entry.condition).state === now.state && entry.since === since) return;
    if (until >= entry.since) {
      entry.memory = memoryUnobserved(this.#remembered, toMillis(until));
      this.#enter(ABSENT, until);
    }
    if (since >= entry.since) this.#enter(now, since);
  }

  #enter(condition: Condition, told: number): void {
    const { entry } = this;
    this.#account(told);
    // A clock that is far off, as of a machine that has just started, must not take away what was kept.
    const at = told < entry.since - STEP_US ? entry.since + 1 : told;
    const code = conditionCode(condition);
    if (at <= entry.since) this.#giveWay(at);
    if (at <= entry.since || conditionOf(entry.condition).state !== condition.state) this.#begin(code, at);
  }

  /** What had no time gives way, and where the wall clock was set back a little, what has later labels. */
  #giveWay(at: number): void {
    const { entry } = this;
    entry.intervalRows -= this.#db.run('DELETE FROM interval WHERE service = ? AND start >= ?', entry.id, at);
    const last = 'SELECT start, condition FROM interval WHERE service = ? ORDER BY start DESC LIMIT 1';
    const row = this.#db.row(last, entry.id);
    if (row === null) {
      entry.since = at;
      entry.rawSince = at;
      entry.firstSeen = Math.min(entry.firstSeen, at);
    } else [entry.since, entry.condition] = row as [number, number];
  }

  #begin(code: number, at: number): void {
    const { entry } = this;
    this.#db.run('INSERT OR REPLACE INTO interval VALUES (?, ?, ?)', entry.id, at, code);
    entry.intervalRows += 1;
    entry.condition = code;
    entry.since = at;
  }

  #account(to: number): void {
    const { entry } = this;
    const took = to - entry.accounted;
    // How long it took where the wall clock was set back meanwhile, its labels do not tell.
    if (took > 0) {
      const { state } = conditionOf(entry.condition);
      if (isCounted(state)) entry[state] += took;
      this.#sums.add(state, entry.accounted, to);
    }
    entry.accounted = to;
  }
}

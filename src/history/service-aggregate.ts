/**
 * One service for the length of one batch: its row, its intervals, gaps and sums. States are entered by the rule of
 * `core/intervals.ts`, as on the board, so that both show the same.
 */
import type { RecordedOpenGap } from '../core/archive.ts';
import { beginAfter } from '../core/intervals.ts';
import type { Gap, Transition } from '../core/messages.ts';
import { checkpointOfUp, interrupted, openGapAt, type Checkpoint } from '../core/checkpoint.ts';
import type { Database } from './database.ts';
import {
  type Condition,
  conditionCode,
  conditionOf,
  type Entry,
  gapValues,
  newEntry,
  toMicros,
  toMillis,
  writeEntry,
} from './history-rows.ts';
import { isCounted, RollupSums } from './rollup-sums.ts';
import type { LostStretch, WatchedNow } from './thread-messages.ts';

const ABSENT: Condition = { state: 'unobserved', reason: 'stopped' };
const LOST: Condition = { state: 'unobserved', reason: 'resources' };

export class ServiceAggregate {
  readonly entry: Entry;
  readonly #db: Database;
  readonly #sums = new RollupSums();

  /** @param entry is changed; it is stored when `write` was called */
  constructor(db: Database, entry: Entry) {
    this.#db = db;
    this.entry = entry;
  }

  /** Begins with a service that has no row yet. */
  static create(db: Database, name: string, condition: Condition, at: number): ServiceAggregate {
    const id = db.number('SELECT max(id) FROM service') + 1;
    const aggregate = new ServiceAggregate(db, newEntry(id, name, at));
    aggregate.#begin(conditionCode(condition), at);
    // Takes the number: others may be created before this one is written.
    writeEntry(db, aggregate.entry);
    return aggregate;
  }

  transition({ to, at, reason }: Transition): void {
    if (to === 'up') this.entry.checkpoint = null;
    else if (to === 'unobserved') this.entry.checkpoint = unobservedAfter(this.entry, at);
    this.#enter({ state: to, reason }, toMicros(at));
  }

  gap(gap: Gap): void {
    const { entry } = this;
    const lasted = toMicros(gap.durationMs);
    const values = gapValues(entry.id, gap);
    this.#db.run(`INSERT OR REPLACE INTO gap VALUES (${values.map(() => '?').join(', ')})`, ...values);
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

  /** What is known of a stretch of time is lost. */
  lose({ from, to, state, reason }: LostStretch): void {
    this.#enter(LOST, toMicros(from));
    this.#enter({ state, reason }, toMicros(to));
    this.entry.checkpoint = null;
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

  /** It is watched again. Where no event says what was in between, it was not observed. */
  #return(now: WatchedNow, until: number): void {
    const { entry } = this;
    if (conditionOf(entry.condition).state === now.state && entry.since === toMicros(now.since)) return;
    entry.checkpoint = unobservedAfter(entry, toMillis(until));
    this.#enter(ABSENT, until);
    this.#enter(now, toMicros(now.since));
  }

  #enter(condition: Condition, at: number): void {
    const { entry } = this;
    this.#account(at);
    if (conditionOf(entry.condition).state === condition.state) return;
    const code = conditionCode(condition);
    if (at !== entry.since) {
      this.#begin(code, toMicros(beginAfter(toMillis(entry.since), toMillis(at))));
      return;
    }
    // A state that lasted no time at all is replaced.
    entry.intervalRows -= this.#db.run('DELETE FROM interval WHERE service = ? AND start = ?', entry.id, at);
    const before = this.#db.row(
      'SELECT start, condition FROM interval WHERE service = ? AND start < ? ORDER BY start DESC LIMIT 1',
      ...[entry.id, at],
    ) as [number, number] | null;
    const isSame = before !== null && conditionOf(before[1]).state === condition.state;
    this.#begin(code, isSame ? before[0] : at);
    if (isSame) entry.intervalRows -= 1;
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
    // Where the wall clock was set back meanwhile, its labels do not say how long it took.
    if (took > 0) {
      const { state } = conditionOf(entry.condition);
      if (isCounted(state)) entry[state] += took;
      this.#sums.add(state, entry.accounted, to);
    }
    entry.accounted = to;
  }
}

/** What a timeline can go on from, in a state that was last seen at `until`. Milliseconds since the epoch. */
export function checkpointAt({ condition, since, info, checkpoint }: Entry, until: number): Checkpoint | null {
  const { state } = conditionOf(condition);
  if (state === 'up') return info && checkpointOfUp(toMillis(since), until, info);
  return state === 'unknown' ? null : checkpoint;
}

/** The checkpoint of a service that is not observed from `at` on. */
function unobservedAfter(entry: Entry, at: number): Checkpoint | null {
  const known = checkpointAt(entry, at);
  return known && { ...known, state: 'unobserved', gap: known.gap && interrupted(known.gap, at) };
}

/** What was known at `until` of the gap that was open then. Milliseconds since the epoch. */
export function openGapOf(entry: Entry, until: number): RecordedOpenGap | null {
  const { checkpoint } = entry;
  const { state } = conditionOf(entry.condition);
  if (checkpoint === null || checkpoint.gap === null || (state !== 'down' && state !== 'unobserved')) return null;
  return { service: entry.name, ...openGapAt(checkpoint.gap, until) };
}

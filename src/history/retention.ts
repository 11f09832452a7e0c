/**
 * Keeps the file small: what is older than the time to keep goes, and of services that flap all the time the oldest single
 * intervals and gaps go before that; their sums stay. Small steps, one transaction each.
 */
import type { Database } from './database.ts';
import type { Entry } from './history-rows.ts';
import type { HistoryWriter } from './history-writer.ts';

/** Rows that are kept of single intervals and gaps, of one service and of all; about 20 and 45 bytes each. */
export interface Limits {
  readonly intervals: number;
  readonly allIntervals: number;
  readonly gaps: number;
  readonly allGaps: number;
  readonly eventBytes: number;
  readonly annotations: number;
}

const LIMITS: Limits = {
  intervals: 400_000,
  allIntervals: 4_000_000,
  gaps: 200_000,
  allGaps: 2_000_000,
  eventBytes: 100_000_000,
  annotations: 200_000,
};

/** Rows that go in one step. */
const STEP = 2000;
const BLOCKS = 200;
const DAY_US = 86_400_000_000;
/** How long minutes are kept, where that is shorter than the time to keep. */
const MINUTES_US = 2 * DAY_US;
/** Free pages are given back to the system from this many on. */
const FREE_PAGES = 2000;
/** What is kept grows shorter all the time; it is written down when it is off by this much. */
const TRIMMED_US = 3_600_000_000;

type Table = 'interval' | 'gap';

export class Retention {
  readonly #db: Database;
  readonly #writer: HistoryWriter;
  readonly #keepUs: number;
  readonly #limits: Limits;
  /** What is still to be done in this round. Each returns whether it needs another turn. */
  #tasks: (() => boolean)[] = [];

  constructor(db: Database, writer: HistoryWriter, keepUs: number, limits: Limits = LIMITS) {
    this.#db = db;
    this.#writer = writer;
    this.#keepUs = keepUs;
    this.#limits = limits;
  }

  /** Begins a round, unless one is at work. @param nowUs microseconds since the epoch */
  begin(nowUs: number): void {
    if (this.#tasks.length > 0) return;
    const cutoff = nowUs - this.#keepUs;
    const entries = [...this.#writer.entries.values()];
    const { intervals, allIntervals, gaps, allGaps } = this.#limits;
    const mostIntervals = Math.min(
      intervals,
      fairShare(
        entries.map(({ intervalRows }) => intervalRows),
        allIntervals,
      ),
    );
    const mostGaps = Math.min(
      gaps,
      fairShare(
        entries.map(({ gapRows }) => gapRows),
        allGaps,
      ),
    );
    for (const { name } of entries) {
      this.#tasks.push(
        () => this.#trim(name, 'interval', cutoff, mostIntervals),
        () => this.#trim(name, 'gap', cutoff, mostGaps),
        () => this.#sums(name, cutoff, nowUs),
      );
    }
    this.#tasks.push(
      () => this.#events(cutoff),
      () => this.#annotations(cutoff),
      () => this.#vacuum(),
    );
  }

  /** Does some of it, for about this long. */
  work(budgetMs: number): void {
    const until = performance.now() + budgetMs;
    for (let task = this.#tasks[0]; task !== undefined && performance.now() < until; task = this.#tasks[0]) {
      if (!task()) this.#tasks.shift();
    }
  }

  #entry(name: string): Entry | null {
    return this.#writer.entries.get(name) ?? null;
  }

  /** Single rows of a service that are too old, or too many. */
  #trim(name: string, table: Table, cutoff: number, most: number): boolean {
    const entry = this.#entry(name);
    if (entry === null) return false;
    const column = table === 'interval' ? 'start' : 'until';
    const rows = table === 'interval' ? entry.intervalRows : entry.gapRows;
    if (rows === 0) return false;
    const nth = (n: number): number =>
      this.#db.number(
        `SELECT ${column} FROM ${table} WHERE service = ? ORDER BY ${column} LIMIT 1 OFFSET ?`,
        entry.id,
        n,
      );
    // The interval that reaches over the edge stays.
    const aged = this.#isGone(entry, cutoff)
      ? Infinity
      : table === 'interval'
        ? this.#db.number('SELECT max(start) FROM interval WHERE service = ? AND start <= ?', entry.id, cutoff)
        : cutoff;
    const wanted = Math.max(aged, rows > most ? nth(Math.min(rows - most, STEP)) : 0);
    if (wanted === 0 || wanted <= nth(0)) return false;
    const edge = rows > STEP ? Math.min(wanted, nth(STEP)) : wanted;
    let gone = 0;
    this.#writer.change(() => {
      gone = this.#db.run(
        `DELETE FROM ${table} WHERE service = ? AND ${column} < ?`,
        entry.id,
        Math.min(edge, 2 ** 53),
      );
      if (gone === 0) return [];
      const rawSince = Math.max(entry.rawSince, Math.min(edge, entry.since));
      return [
        table === 'interval'
          ? { ...entry, rawSince, intervalRows: Math.max(0, rows - gone) }
          : { ...entry, rawSince, gapRows: Math.max(0, rows - gone) },
      ];
    });
    return gone > 0 && (edge < wanted || rows - gone > most);
  }

  #sums(name: string, cutoff: number, now: number): boolean {
    const entry = this.#entry(name);
    if (entry === null) return false;
    const gone = this.#isGone(entry, cutoff);
    const edges = gone
      ? [Infinity, Infinity, Infinity]
      : [Math.max(cutoff, now - MINUTES_US) / 60e6, cutoff / 3600e6, cutoff / DAY_US];
    this.#writer.change(() => {
      for (const [width, edge] of edges.entries()) {
        const until = Math.min(Math.floor(edge), 2 ** 53);
        this.#db.run('DELETE FROM rollup WHERE service = ? AND width = ? AND until <= ?', entry.id, width, until);
      }
      if (gone) this.#db.run('DELETE FROM service WHERE id = ?', entry.id);
      if (gone || entry.firstSeen > cutoff - TRIMMED_US) return [];
      return [{ ...entry, firstSeen: cutoff, rawSince: Math.max(entry.rawSince, cutoff) }];
    });
    if (gone) this.#writer.forget(name);
    return false;
  }

  /** Whether a service was not watched any more in the time that is kept. */
  #isGone({ run, ended, since }: Entry, cutoff: number): boolean {
    // A run whose clock was wrong may have given no good sign of life.
    return Math.max(since, ended ?? this.#db.number('SELECT alive FROM run WHERE id = ?', run)) < cutoff;
  }

  #events(cutoff: number): boolean {
    const oldest = this.#db.rows('SELECT last, at, length(body) FROM event ORDER BY last LIMIT ?', BLOCKS) as [
      number,
      number,
      number,
    ][];
    let excess = this.#db.number("SELECT value FROM meta WHERE name = 'event_bytes'") - this.#limits.eventBytes;
    let last = 0;
    let bytes = 0;
    for (const [seq, at, length] of oldest) {
      if (excess <= 0 && at >= cutoff) break;
      last = seq;
      bytes += length;
      excess -= length;
    }
    if (last === 0) return false;
    this.#writer.change(() => {
      this.#db.run('DELETE FROM event WHERE last <= ?', last);
      this.#db.run("UPDATE meta SET value = value - ? WHERE name = 'event_bytes'", bytes);
      this.#db.run("UPDATE meta SET value = max(value, ?) WHERE name = 'complete_after'", last);
      return [];
    });
    return last === oldest.at(-1)?.[0];
  }

  #annotations(cutoff: number): boolean {
    const nth = 'SELECT at FROM annotation ORDER BY at DESC LIMIT 1 OFFSET ?';
    const edge = Math.max(cutoff, this.#db.number(nth, this.#limits.annotations));
    const some = 'SELECT at FROM annotation ORDER BY at LIMIT 1 OFFSET ?';
    const end = Math.min(edge, this.#db.number(some, STEP) || Infinity);
    let gone = 0;
    this.#writer.change(() => {
      gone = this.#db.run('DELETE FROM annotation WHERE at < ?', end);
      this.#db.run('DELETE FROM note WHERE at < ? AND until < ?', cutoff, cutoff);
      this.#db.run(
        'DELETE FROM run WHERE alive < ? AND id NOT IN (SELECT run FROM service) AND id < (SELECT max(id) FROM run)',
        cutoff,
      );
      return [];
    });
    return gone > 0 && end < edge;
  }

  #vacuum(): boolean {
    if (this.#db.number('PRAGMA freelist_count') < FREE_PAGES) return false;
    // Half of them stay, to be used again.
    this.#db.exec(`PRAGMA incremental_vacuum(${String(FREE_PAGES / 4)})`);
    return false;
  }
}

/** The most that each may have, so that all together have at most `all`: those that have less leave theirs to the others. */
export function fairShare(sizes: readonly number[], all: number): number {
  let left = all;
  for (const [index, size] of sizes.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (sizes.length - index));
    if (size > share) return share;
    left -= size;
  }
  return Infinity;
}

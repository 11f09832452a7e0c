/** Reads a history, also while a monitor writes it. Every question is bounded by its window. Times in milliseconds. */
import type { ConnectionLost, Event, Identity, Mark } from '../core/messages.ts';
import { conditionOf, toMicros, toMillis } from './codes.ts';
import { type Database, fileFaultOf } from './database.ts';
import { type Entry, readEntries, readEntry } from './entry.ts';
import { readEvents, reservedEvents, type Stored, storedEvents } from './event-blocks.ts';
import { HistoryError } from './history-error.ts';
import { openGapOf } from './memory.ts';
import { emptyDatabase, openToRead, unreadable } from './open-to-read.ts';
import type {
  RecordedGap,
  RecordedInterval,
  RecordedOpenGap,
  RecordedService,
  Rollup,
  RollupWidth,
  Window,
} from '../core/archive.ts';
import { gapsOf, intervalsOf, type NewestRows, newestOf } from './raw-rows.ts';
import { type BucketWindow, bucketsOf, presentStretch, type RollupRow, rollupRows, rollupsOf } from './rollup.ts';
import { MIGRATIONS, versionOf } from './schema.ts';

/** Many: no limit at all would be a number that SQLite does not know. */
const ALL = 2 ** 40;
/** Rows of sums that are remembered, by service and window. */
const CACHED = 4096;
/** A run of the monitor. Times in microseconds. */
interface Run {
  readonly id: number;
  readonly vantage: string;
  readonly alive: number;
}

export class HistoryReader {
  readonly #dir: string;
  readonly #onFault: ((error: unknown) => void) | null;
  #db: Database;
  #isWell = false;
  /** The status page asks for the same days again and again, and most have not changed. */
  readonly #rows = new Map<string, { readonly version: string; readonly rows: readonly RollupRow[] }>();

  private constructor(dir: string, db: Database, onFault: ((error: unknown) => void) | null) {
    this.#dir = dir;
    this.#db = db;
    this.#onFault = onFault;
  }

  /**
   * Opens the history in a folder.
   * @throws HistoryError where there is none, or it can't be read
   */
  static open(dir: string): HistoryReader {
    return new HistoryReader(dir, openToRead(dir), null);
  }

  /**
   * For the process that writes the history, whatever happens to that: what can't be read is told to `onFault`, and then
   * there is nothing, until it is opened again.
   */
  static beside(dir: string, onFault: (error: unknown) => void): HistoryReader {
    return new HistoryReader(dir, emptyDatabase(), onFault);
  }

  /** Opens the file that there is now: beside a writer, or one that nobody writes. Returns whether it can be read. */
  reopen(mode: 'read' | 'still'): boolean {
    this.#db.close();
    this.#rows.clear();
    try {
      this.#db = openToRead(this.#dir, [mode]);
      this.#isWell = true;
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error;
      this.#db = emptyDatabase();
      this.#isWell = false;
    }
    return this.#isWell;
  }

  /** Whether the file needs no migration before it is read. */
  get isOfThisVersion(): boolean {
    return this.#read(() => versionOf(this.#db, this.#dir) === MIGRATIONS.length);
  }

  /** Whether the last `reopen` succeeded, and all could be read since. */
  get isWell(): boolean {
    return this.#isWell;
  }

  /** Whose events these are, and where it stands: of the newest run. */
  get monitor(): { readonly id: string; readonly vantage: string } {
    return this.#read(() => {
      const id = this.#db.row("SELECT value FROM meta WHERE name = 'id'")?.[0];
      return { id: typeof id === 'string' ? id : '', vantage: this.#newestRun()?.vantage ?? '' };
    });
  }

  /** From the first thing that is known to the newest sign of life; null where nothing was recorded. */
  get reach(): Window | null {
    return this.#read(() => {
      const run = this.#newestRun();
      const first = this.#db.row('SELECT min(first_seen) FROM service')?.[0];
      if (run === null || typeof first !== 'number') return null;
      return { from: toMillis(first), to: Math.max(toMillis(first), toMillis(run.alive)) };
    });
  }

  /** Every service of which something is kept, in the order in which they came. */
  services(): readonly RecordedService[] {
    return this.#read(() => {
      const runs = this.#runs();
      return readEntries(this.#db).flatMap((entry) => {
        const { name, info, firstSeen, rawSince } = entry;
        if (info === null) return [];
        const lastSeen = toMillis(lastSeenOf(entry, runs));
        return [{ name, info, firstSeen: toMillis(firstSeen), lastSeen, rawSince: toMillis(rawSince) }];
      });
    });
  }

  /**
   * The intervals of a service that overlap a window, the oldest first, and not cut to it.
   * @param newest at most so many of them: the newest
   */
  intervals(service: string, window: Window, newest: number = ALL): readonly RecordedInterval[] {
    return this.#read(() => {
      const entry = readEntry(this.#db, service);
      if (entry === null) return [];
      return intervalsOf(this.#db, entry, { window, newest, end: this.#endOf(entry) });
    });
  }

  /**
   * The gaps that ended and overlap a window, in the order of their ends.
   * @param service of this one only
   * @param newest at most so many: those that ended last
   */
  gaps(window: Window, service?: string, newest: number = ALL): readonly RecordedGap[] {
    return this.#read(() => {
      const asked =
        service === undefined
          ? this.#db.rows('SELECT id, name FROM service')
          : this.#db.rows('SELECT id, name FROM service WHERE name = ?', service);
      const found = (asked as [number, string][]).flatMap(([id, name]) =>
        gapsOf(this.#db, { id, name }, window, newest),
      );
      if (asked.length > 1) found.sort((a, b) => a.to - b.to || a.seq - b.seq);
      return found.slice(-newest);
    });
  }

  /** The gap of a service that had not ended at the newest sign of life; null where there is none. */
  openGap(service: string): RecordedOpenGap | null {
    return this.#read(() => {
      const entry = readEntry(this.#db, service);
      if (entry === null) return null;
      const { info, memory, condition, since } = entry;
      const { state } = conditionOf(condition);
      const until = toMillis(this.#lastSeen(entry));
      return openGapOf(service, { state, since: toMillis(since), info, memory }, until);
    });
  }

  /** Marks, broken kept connections, and services that became another process, in the order of time. */
  moments(window: Window): readonly (Mark | ConnectionLost | Identity)[] {
    return this.#read(() => {
      const sql = 'SELECT body FROM moment WHERE at >= ? AND at <= ? ORDER BY at, seq';
      const rows = this.#db.rows(sql, toMicros(window.from), toMicros(window.to));
      return rows.map(([body]) => JSON.parse(body as string) as Mark | ConnectionLost | Identity);
    });
  }

  /**
   * Sums by whole minutes, hours or days that overlap a window, the oldest first, up to the newest sign of life. One in
   * which nothing was watched is left out. Minutes are kept for two days.
   */
  rollups(service: string, width: RollupWidth, window: Window): readonly Rollup[] {
    return this.#read(() => {
      const entry = readEntry(this.#db, service);
      if (entry === null) return [];
      const buckets = bucketsOf(width, window);
      return rollupsOf(
        this.#rowsOf(entry, width, buckets),
        width,
        buckets,
        presentStretch(entry, this.#lastSeen(entry)),
      );
    });
  }

  /** As `rollups`, up to where the present state began, in which nothing is settled yet. */
  settledRollups({ id }: Pick<Entry, 'id'>, width: RollupWidth, window: Window): readonly Rollup[] {
    return this.#read(() => {
      const buckets = bucketsOf(width, window);
      return rollupsOf(rollupRows(this.#db, id, width, buckets), width, buckets, null);
    });
  }

  /** Whose events there are, and which. */
  get stored(): Stored {
    return this.#read(() => storedEvents(this.#db));
  }

  /** The numbers that a monitor goes on from when nobody writes to it: those that may have been told are not given again. */
  get left(): Stored {
    return this.#read(() => {
      const { reserved } = reservedEvents(this.#db);
      const stored = storedEvents(this.#db);
      return reserved > stored.newest ? { ...stored, newest: reserved, oldest: reserved + 1 } : stored;
    });
  }

  /**
   * Events after a number, the oldest first: at most `limit`, and no more than some thousands at a time.
   * @returns null where one of them is not kept
   */
  events(seq: number, limit: number): readonly Event[] | null {
    return this.#read(() => readEvents(this.#db, seq, limit));
  }

  /** The rows of all services, each with the last sign of life while it was watched: what a monitor goes on from. */
  entries(): readonly { readonly entry: Entry; readonly until: number }[] {
    return this.#read(() => {
      const runs = this.#runs();
      return readEntries(this.#db).map((entry) => ({ entry, until: lastSeenOf(entry, runs) }));
    });
  }

  /** The newest rows of a service, the oldest first: intervals as `[start, condition]`, and gaps. */
  newest(service: Pick<Entry, 'id' | 'name'>, intervals: number, gaps: number): NewestRows {
    return this.#read(() => newestOf(this.#db, service, intervals, gaps));
  }

  close(): void {
    this.#db.close();
  }

  /** When the present interval of a service ended, in microseconds; null where it lasts. */
  #endOf(entry: Entry): number | null {
    const newest = this.#newestRun();
    if (entry.ended === null && entry.run === newest?.id) return null;
    return this.#lastSeen(entry);
  }

  /** The rows of a service's sums: read again where something was settled since. */
  #rowsOf({ id, accounted, gaps }: Entry, width: RollupWidth, { begin, end }: BucketWindow): readonly RollupRow[] {
    const key = [id, width, begin, end].join(' ');
    const version = `${String(accounted)} ${String(gaps)}`;
    const known = this.#rows.get(key);
    if (known?.version === version) return known.rows;
    if (this.#rows.size >= CACHED) this.#rows.clear();
    const rows = rollupRows(this.#db, id, width, { begin, end });
    this.#rows.set(key, { version, rows });
    return rows;
  }

  #lastSeen(entry: Entry): number {
    const alive = this.#db.row('SELECT alive FROM run WHERE id = ?', entry.run)?.[0];
    return Math.max(entry.since, entry.ended ?? (typeof alive === 'number' ? alive : entry.since));
  }

  #newestRun(): Run | null {
    return this.#runRows('ORDER BY id DESC LIMIT 1')[0] ?? null;
  }

  #runs(): ReadonlyMap<number, Run> {
    return new Map(this.#runRows('WHERE id IN (SELECT run FROM service)').map((run) => [run.id, run]));
  }

  #runRows(which: string): Run[] {
    const rows = this.#db.rows(`SELECT id, vantage, alive FROM run ${which}`) as [number, string, number][];
    return rows.map(([id, vantage, alive]) => ({ id, vantage, alive }));
  }

  #read<T>(question: () => T): T {
    try {
      return question();
    } catch (error) {
      if (fileFaultOf(error) === null) throw error;
      if (this.#onFault === null) throw unreadable(this.#dir, error);
      this.#db.close();
      this.#db = emptyDatabase();
      this.#isWell = false;
      this.#onFault(error);
      return question();
    }
  }
}

/** The last sign of life while a service was watched, in microseconds. */
function lastSeenOf({ ended, run, since }: Entry, runs: ReadonlyMap<number, Run>): number {
  return Math.max(since, ended ?? runs.get(run)?.alive ?? since);
}

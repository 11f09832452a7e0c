/** The file of a history as its writer has it: made, brought to the newest version, set aside where it is damaged. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';

import type { Batch } from './batch.ts';
import { toMicros } from './codes.ts';
import { databaseFile } from './data-dir.ts';
import { Database, type Row } from './database.ts';
import { forgetJumps, leaveOut, reservedEvents, RESERVE, type Stored, storedEvents } from './event-blocks.ts';
import { Ledger, type Seed } from './ledger.ts';
import { Retention } from './retention.ts';
import { migrate } from './schema.ts';

/** Whose events a writer is to keep. */
export interface Expected {
  readonly id: string;
  /** The newest event that was told. */
  readonly newest: number;
  /** The first event that is not known to be in the file; those from here on wait in memory. */
  readonly next: number;
}

/** The file is not the one that was opened any more. */
export class FileGone extends Error {
  override readonly name = 'FileGone';
}

export class Store {
  readonly #file: string;
  readonly #db: Database;
  readonly #ledger: Ledger;
  readonly #retention: Retention;
  readonly #inode: number;
  /** Read while the file can be: a seed is wanted when it can't. */
  #runs: readonly Row[] = [];

  /**
   * Opens the file, or makes it.
   * @param expected whose events come next; null for those of the file. Of another one's the timelines stay, not the events
   * @param seed what a new file begins with
   * @throws HistoryError where it is no history, or a later one's; whatever SQLite throws
   */
  constructor(dir: string, keepMs: number, expected: Expected | null, seed: Seed | null) {
    mkdirSync(dir, { recursive: true });
    this.#file = databaseFile(dir);
    const isNew = !existsSync(this.#file);
    this.#db = new Database(this.#file, 'write');
    try {
      // Before the first table: that decides it for ever.
      this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL');
      this.#db.exec('PRAGMA journal_mode = WAL');
      // Also after a power loss nothing that was written is missing.
      this.#db.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -4096');
      migrate(this.#db, this.#file);
      this.#own(expected);
      this.#ledger = new Ledger(this.#db);
      this.#retention = new Retention(this.#db, this.#ledger, toMicros(keepMs));
      if (isNew && seed !== null) this.#ledger.begin(seed);
      this.#runs = this.#readRuns();
      this.#inode = statSync(this.#file).ino;
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  get stored(): Stored {
    return storedEvents(this.#db);
  }

  /** @throws as SQLite does, or FileGone; then nothing of the batch was written */
  write(batch: Batch): void {
    if (statSync(this.#file, { throwIfNoEntry: false })?.ino !== this.#inode) throw new FileGone(this.#file);
    this.#ledger.apply(batch);
    this.#runs = this.#readRuns();
  }

  /** Begins to look for what need not be kept any more. @param now milliseconds since the epoch */
  beginRetention(now: number): void {
    this.#retention.begin(toMicros(now));
  }

  /** Does some of what was begun, for about so long. @throws as SQLite does */
  retain(budgetMs: number): void {
    this.#retention.work(budgetMs);
  }

  /** What a new file would need to go on. */
  get seed(): Seed {
    return { entries: [...this.#ledger.entries.values()], runs: this.#runs };
  }

  /** @param newest the number of the newest event that was told, here or not */
  close(newest: number): void {
    this.#db.run("UPDATE meta SET value = ? WHERE name = 'reserved'", newest);
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  #readRuns(): readonly Row[] {
    // Those that services were watched by last: few.
    return this.#db.rows(
      'SELECT id, vantage, version, started, alive FROM run WHERE id IN (SELECT DISTINCT run FROM service) ORDER BY id',
    );
  }

  /**
   * The events of this file are those of `expected`, or will be from the next one on. Where nobody expects anything, those
   * that were told last may not be in the file, and their numbers are not given again: all those that were reserved are
   * left out, and the next event follows on the last one that is there.
   */
  #own(expected: Expected | null): void {
    const { id, newest, reserved } = reservedEvents(this.#db);
    const next = expected?.next ?? Math.max(newest, reserved) + 1;
    const owner = expected?.id ?? id ?? randomUUID();
    const isOther = owner !== id || newest > (expected?.newest ?? newest);
    const { oldest, last } = id === null ? { oldest: 1, last: 0 } : storedEvents(this.#db);
    // Nothing is missing that is not lost for good: what is there can still be read, and what comes follows on it.
    const isJump = !isOther && expected === null && last >= oldest && next > last + 1;
    this.#db.transaction(() => {
      if (isOther) {
        this.#db.run('DELETE FROM event');
        forgetJumps(this.#db);
      }
      if (isJump) leaveOut(this.#db, last, next);
      const values: [string, string | number][] = [
        ['id', owner],
        ['reserved', Math.max(expected?.newest ?? 0, next) + RESERVE],
      ];
      if (isOther) values.push(['event_bytes', 0]);
      if (isOther || (next > newest + 1 && !isJump)) values.push(['events_since', next]);
      for (const [name, value] of values) this.#db.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', name, value);
    });
  }
}

/**
 * Sets a damaged file aside, under a name that says when. Nothing may have it open for writing in this process: SQLite
 * would take away by its name what belongs to the next file.
 * @returns its new name
 */
export function setAside(dir: string, now: number): string {
  const file = databaseFile(dir);
  const aside = `${file}.damaged-${new Date(now).toISOString().replace(/[-:]/g, '')}`;
  // The log file first: if it stayed behind, the next file would take it for its own.
  for (const ending of ['-wal', '-shm', '']) {
    if (existsSync(file + ending)) renameSync(file + ending, aside + ending);
  }
  return aside;
}

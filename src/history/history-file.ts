/**
 * The file of a history as its thread has it: made, brought to the newest version, written, set aside where it is damaged.
 * And the lock that keeps it to one process.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { databaseFile, FILE_MODE, makeFile } from './data-dir.ts';
import { Database, fileFaultOf } from './database.ts';
import { HistoryError } from './history-error.ts';
import { HistoryReader } from './history-reader.ts';
import { storedEvents, type StoredEvents, toMicros } from './history-rows.ts';
import { migrate, versionOf } from './history-schema.ts';
import { HistoryWriter } from './history-writer.ts';
import type { Seed, Batch, ThreadTask } from './thread-messages.ts';
import { Retention } from './retention.ts';
import type { Row, SqliteDriver } from './sqlite-driver.ts';

/** A larger file is not checked as a whole: each table is one call, which would hold up the batches for too long. */
const CHECKED_BYTES = 100e6;

/** The file is not the one that was opened any more. */
export class FileGone extends Error {
  override readonly name = 'FileGone';
}

export class HistoryFile {
  readonly reader: HistoryReader;
  readonly #file: string;
  readonly #db: Database;
  readonly #writer: HistoryWriter;
  readonly #retention: Retention;
  readonly #inode: number;
  /** Read while the file can be: a seed is wanted when it can't. */
  #runs: readonly Row[] = [];

  /**
   * Opens the file, or makes it.
   * @throws HistoryError where it is no history, or a later one's; whatever SQLite throws
   */
  constructor(driver: SqliteDriver, { dir, keepMs, id, seed }: Omit<ThreadTask, 'access' | 'isDamaged'>) {
    this.#file = databaseFile(dir);
    const isNew = !existsSync(this.#file);
    // SQLite gives its log files the rights of this one.
    if (isNew) makeFile(this.#file);
    this.#db = new Database(driver, this.#file, 'write');
    try {
      // Before the first table: that decides it forever. What is refused is not touched.
      if (versionOf(this.#db, this.#file) === 0) this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL');
      this.#db.exec('PRAGMA journal_mode = WAL');
      // Also after a power loss nothing that was written is missing.
      this.#db.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -4096');
      migrate(this.#db, this.#file);
      this.#db.run("INSERT OR IGNORE INTO meta VALUES ('id', ?)", id ?? randomUUID());
      this.reader = new HistoryReader(this.#db);
      this.#writer = new HistoryWriter(this.#db);
      this.#retention = new Retention(this.#db, this.#writer, toMicros(keepMs));
      if (isNew && seed !== null) this.#writer.begin(seed);
      this.#runs = this.#readRuns();
      this.#inode = statSync(this.#file).ino;
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  get stored(): StoredEvents {
    return storedEvents(this.#db);
  }

  /** What the file and its log take of the disk, in bytes. */
  get bytes(): number {
    const sizes = ['', '-wal'].map((ending) => statSync(this.#file + ending, { throwIfNoEntry: false })?.size ?? 0);
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** @throws as SQLite does, or FileGone; then nothing of the batch was written */
  write(batch: Batch): void {
    if (statSync(this.#file, { throwIfNoEntry: false })?.ino !== this.#inode) throw new FileGone(this.#file);
    this.#writer.apply(batch);
    this.#runs = this.#readRuns();
  }

  /** Begins to search for what need not be kept any more. @param now milliseconds since the epoch */
  beginRetention(now: number): void {
    this.#retention.begin(toMicros(now));
  }

  /** Does some of what was begun, for about this long. @throws as SQLite does */
  retain(budgetMs: number): void {
    this.#retention.work(budgetMs);
  }

  /** Checks a file that is not too large, a table at a time. Returns what is wrong; null for nothing. */
  *check(): Generator<undefined, string | null> {
    if (this.bytes > CHECKED_BYTES) return null;
    for (const [table] of this.#db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")) {
      const found = this.#db.row(`PRAGMA quick_check(${String(table)})`)?.[0];
      if (found !== 'ok') return String(found);
      yield;
    }
    return null;
  }

  /** What a new file would need to go on. */
  get seed(): Seed {
    return { entries: [...this.#writer.entries.values()], runs: this.#runs };
  }

  close(): void {
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  #readRuns(): readonly Row[] {
    // Those that services were watched by last: few.
    return this.#db.rows(
      'SELECT id, vantage, version, started, alive FROM run WHERE id IN (SELECT DISTINCT run FROM service) ORDER BY id',
    );
  }
}

/**
 * Sets a damaged file aside, under a name that says when. No connection of this process may have it open for writing:
 * SQLite would delete by its name what belongs to the next file.
 * @returns its new name
 */
export function quarantine(dir: string, now: number): string {
  const file = databaseFile(dir);
  const aside = `${file}.damaged-${new Date(now).toISOString().replace(/[-:]/g, '')}`;
  // The log file first: if it stayed behind, the next file would take it for its own.
  for (const ending of ['-wal', '-shm', '']) {
    if (existsSync(file + ending)) renameSync(file + ending, aside + ending);
  }
  return aside;
}

/** The process that holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly command: string;
}

/**
 * The lock is SQLite's, on a small file of its own: the system takes it back when the process ends, however it ends. A file
 * beside it names that process, for people. Nothing else may open the lock's file: to close it anywhere in the process would
 * give up the lock.
 */
export class HistoryLock {
  readonly #db: Database;
  readonly #holderFile: string;
  /** Null where it was there before. */
  readonly #ownFile: string | null;

  private constructor(db: Database, holderFile: string, ownFile: string | null) {
    this.#db = db;
    this.#holderFile = holderFile;
    this.#ownFile = ownFile;
  }

  /**
   * Takes the lock, at once or not at all.
   * @throws HistoryError where another living process has it; whatever else fails is thrown as it came
   */
  static take(driver: SqliteDriver, dir: string): HistoryLock {
    const holderFile = join(dir, 'gapwatch.holder');
    const lockFile = join(dir, 'gapwatch.lock');
    const isNew = !existsSync(lockFile);
    if (isNew) makeFile(lockFile);
    const db = new Database(driver, lockFile, 'write');
    try {
      db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      if (fileFaultOf(error) === 'busy') throw held(dir, holderFile);
      throw error;
    }
    const lock = new HistoryLock(db, holderFile, isNew ? lockFile : null);
    lock.#sign();
    return lock;
  }

  /** @param leaves whether nothing stays in the folder: it is not a history's */
  release(leaves = false): void {
    try {
      rmSync(this.#holderFile, { force: true });
      // Otherwise it stays: another process may wait for it.
      if (leaves && this.#ownFile !== null) rmSync(this.#ownFile, { force: true });
    } catch {
      // It is for people; the lock itself is what counts.
    }
    // Not by closing alone: that may be put off until its statements are collected.
    this.#db.exec('ROLLBACK');
    this.#db.close();
  }

  #sign(): void {
    const holder: Holder = {
      pid: process.pid,
      host: hostname(),
      since: Date.now(),
      // No arguments: a target among them may hold a password.
      command:
        process.argv[2] === undefined || /[:/@=.]/.test(process.argv[2]) ? 'gapwatch' : `gapwatch ${process.argv[2]}`,
    };
    try {
      writeFileSync(this.#holderFile, JSON.stringify(holder), { mode: FILE_MODE });
    } catch {
      // As above.
    }
  }
}

function held(dir: string, holderFile: string): HistoryError {
  const what = `The history in ${dir} belongs to another process`;
  const remedy = 'Stop that one, or name another folder with --data, or --data off.';
  try {
    const { pid, host, since, command } = JSON.parse(readFileSync(holderFile, 'utf8')) as Holder;
    const began = new Date(since).toISOString();
    return new HistoryError('held', `${what}: ${command}, pid ${String(pid)} on ${host}, since ${began}. ${remedy}`);
  } catch {
    return new HistoryError('held', `${what}, which could not record its name. ${remedy}`);
  }
}

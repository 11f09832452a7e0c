/**
 * Which process has a history. The lock is SQLite's, on a small file of its own: the system takes it back when the process
 * ends, however it ends. A file beside it says who holds it, for people. Nothing else may open the lock's file: to close it
 * anywhere in the process would give up the lock.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { Database, fileFaultOf } from './database.ts';
import { HistoryError } from './history-error.ts';
import type { SqliteDriver } from './sqlite-driver.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly command: string;
}

export class HistoryLock {
  readonly #db: Database;
  readonly #holderFile: string;

  private constructor(db: Database, holderFile: string) {
    this.#db = db;
    this.#holderFile = holderFile;
  }

  /**
   * Takes the lock, at once or not at all.
   * @throws HistoryError where another living process has it; whatever else fails is thrown as it came
   */
  static take(driver: SqliteDriver, dir: string): HistoryLock {
    const holderFile = join(dir, 'gapwatch.holder');
    const db = new Database(driver, join(dir, 'gapwatch.lock'), 'write');
    try {
      db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      if (fileFaultOf(error) === 'busy') throw held(dir, holderFile);
      throw error;
    }
    const lock = new HistoryLock(db, holderFile);
    lock.#sign();
    return lock;
  }

  release(): void {
    try {
      rmSync(this.#holderFile, { force: true });
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
      writeFileSync(this.#holderFile, JSON.stringify(holder));
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
    return new HistoryError('held', `${what}, which could not write down who it is. ${remedy}`);
  }
}

/** One connection to a file of SQLite, as this history uses it, and what its errors say of the file. */
import type { FileFault } from './history-error.ts';
import type { Connection, Mode, Row, SqliteDriver, Statement, Value } from './sqlite-driver.ts';

/** A lock is waited for this long: another connection recovers the file, or moves its log file. */
const BUSY_MS = 2000;

export class Database {
  readonly #db: Connection;
  readonly #statements = new Map<string, Statement>();

  constructor(driver: SqliteDriver, file: string, mode: Mode) {
    this.#db = driver.open(file, mode);
    this.#db.exec(`PRAGMA busy_timeout = ${String(BUSY_MS)}`);
  }

  /** All rows of a query: bound it. */
  rows(sql: string, ...parameters: readonly Value[]): Row[] {
    return this.#statement(sql).all(parameters);
  }

  /**
   * As `rows`, for many of them: as one value, which takes a third of the time. Numbers, texts and nulls only.
   * @param source what stands behind FROM
   */
  list(columns: string, source: string, ...parameters: readonly Value[]): Row[] {
    const sql = `SELECT json_group_array(json_array(${columns})) FROM (SELECT ${columns} FROM ${source})`;
    return JSON.parse(this.row(sql, ...parameters)?.[0] as string) as Row[];
  }

  /** The first row of a query. */
  row(sql: string, ...parameters: readonly Value[]): Row | null {
    return this.#statement(sql).get(parameters) ?? null;
  }

  /** The first value of the first row, a number; 0 where there is none. */
  number(sql: string, ...parameters: readonly Value[]): number {
    const value = this.row(sql, ...parameters)?.[0];
    return typeof value === 'number' ? value : 0;
  }

  /** Runs a statement. Returns how many rows it changed. */
  run(sql: string, ...parameters: readonly Value[]): number {
    return this.#statement(sql).run(parameters);
  }

  /** Runs several statements. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** All of it or, where it throws, nothing of it. */
  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      try {
        this.#db.exec('ROLLBACK');
      } catch {
        // SQLite has ended it already where the disk failed.
      }
      throw error;
    }
  }

  /** With libsql, what statements hold of the file is let go only when they are collected, or with their thread. */
  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** SQLite's result codes, less what makes them finer. */
const FAULTS: Readonly<Record<number, FileFault>> = {
  // Here only for tables that are gone: the statements themselves are right.
  1: 'damaged',
  5: 'busy',
  6: 'busy',
  8: 'readonly',
  10: 'io',
  11: 'damaged',
  13: 'full',
  14: 'io',
  // Every row is written so that it may be there already.
  19: 'damaged',
  26: 'damaged',
};

/** What ails the file, from what was thrown; null for a fault of the program. */
export function fileFaultOf(error: unknown): FileFault | null {
  if (!(error instanceof Error)) return null;
  // The one is libsql's name for it, the other one Node's.
  const { rawCode, errcode = rawCode } = error as { rawCode?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return FAULTS[errcode & 0xff] ?? 'other';
  // Where libsql did not open it, the code stands in the text only.
  const code = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message)?.[1];
  if (code !== undefined) return FAULTS[Number(code) & 0xff] ?? 'other';
  const { code: name } = error as NodeJS.ErrnoException;
  if (name === 'ENOSPC' || name === 'EDQUOT') return 'full';
  if (name === 'EROFS') return 'readonly';
  // What Node itself refuses is a fault of the program.
  return name === undefined || name.startsWith('ERR_') ? null : 'io';
}

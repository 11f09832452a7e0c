/**
 * SQLite through `libsql`, as this history uses it. Three of its habits are kept inside here: parameters go in as one
 * array (a single null would throw), an iteration is never left before its end (it would hold its snapshot), and its
 * `readonly` option does nothing, so that a URI says it.
 */
import { pathToFileURL } from 'node:url';

import Libsql from 'libsql';

export type Value = number | string | Uint8Array | null;
export type Row = readonly Value[];

/** What ails a file. `io`: the disk failed. `other`: none of the known ones. */
export type FileFault = 'full' | 'readonly' | 'damaged' | 'busy' | 'io' | 'other';

/**
 * How to open. `write`: read and write; made where it is missing. `read`: beside a writer. `still`: as it stands on a disk
 * that can't be written; what is not yet moved from the log file (`-wal`) is not seen.
 */
export type Mode = 'write' | 'read' | 'still';

/** A lock is waited for this long: another connection recovers the file, or moves its log file. */
const BUSY_MS = 2000;

export class Database {
  readonly #db: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement>();

  constructor(file: string, mode: Mode) {
    const uri = `${pathToFileURL(file).href}?mode=ro${mode === 'still' ? '&immutable=1' : ''}`;
    this.#db = new Libsql(mode === 'write' ? file : uri, { timeout: BUSY_MS });
  }

  /** All rows of a query: bound it. */
  rows(sql: string, ...parameters: readonly Value[]): Row[] {
    return this.#statement(sql).all(parameters) as Row[];
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
    return (this.#statement(sql).get(parameters) as Row | undefined) ?? null;
  }

  /** The first value of the first row, a number; 0 where there is none. */
  number(sql: string, ...parameters: readonly Value[]): number {
    const value = this.row(sql, ...parameters)?.[0];
    return typeof value === 'number' ? value : 0;
  }

  /** Runs a statement. Returns how many rows it changed. */
  run(sql: string, ...parameters: readonly Value[]): number {
    return this.#statement(sql).run(parameters).changes;
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
      // SQLite has ended it already where the disk failed.
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** What statements hold of the file is let go when they are collected, or with their thread. */
  close(): void {
    this.#statements.clear();
    if (this.#db.open) this.#db.close();
  }

  #statement(sql: string): Libsql.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      if (statement.reader) statement.raw();
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
  const { rawCode } = error as { rawCode?: unknown };
  if (typeof rawCode === 'number') return FAULTS[rawCode & 0xff] ?? 'other';
  // It was not opened: then the code stands in the text only.
  const code = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message)?.[1];
  if (code !== undefined) return FAULTS[Number(code) & 0xff] ?? 'other';
  const { code: name } = error as NodeJS.ErrnoException;
  if (name === 'ENOSPC' || name === 'EDQUOT') return 'full';
  if (name === 'EROFS') return 'readonly';
  return name === undefined ? null : 'io';
}

/**
 * The SQLite that there is: the one of Node (22.13 and later), otherwise `libsql`, which is native code that npm may not
 * have installed. Loaded when a history is opened and not before, in the thread that uses it.
 */
import { pathToFileURL } from 'node:url';

import type Libsql from 'libsql';

import { HistoryError } from './history-error.ts';

export type Value = number | string | Uint8Array | null;
export type Row = readonly Value[];

export interface Statement {
  all(parameters: readonly Value[]): Row[];
  get(parameters: readonly Value[]): Row | undefined;
  /** Returns how many rows it changed. */
  run(parameters: readonly Value[]): number;
}

export interface Connection {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  close(): void;
}

/**
 * How to open. `write`: read and write; made where it is missing. `read`: beside another process that writes. `immutable`:
 * as it stands on a disk that can't be written; what is not yet moved from the log file (`-wal`) is not seen. Node can do
 * that since 22.15.
 */
export type Mode = 'write' | 'read' | 'immutable';

export interface SqliteDriver {
  readonly name: 'node:sqlite' | 'libsql';
  open(file: string, mode: Mode): Connection;
}

/** What we use of `node:sqlite`: the types of Node 20 do not have it. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    location: string,
    options?: { readonly readOnly: boolean },
  ) => {
    prepare(sql: string): NodeStatement;
    exec(sql: string): void;
    close(): void;
  };
}

interface NodeStatement {
  all(...parameters: readonly Value[]): unknown[];
  get(...parameters: readonly Value[]): unknown;
  run(...parameters: readonly Value[]): { readonly changes: number };
  /** Since 22.16. */
  setReturnArrays?(enabled: boolean): void;
}

/**
 * @param preferred tried first
 * @throws HistoryError where there is none
 */
export async function loadDriver(preferred: SqliteDriver['name'] = 'node:sqlite'): Promise<SqliteDriver> {
  const loaders = preferred === 'libsql' ? [loadLibsql, loadNodeSqlite] : [loadNodeSqlite, loadLibsql];
  for (const load of loaders) {
    const driver = await load();
    if (driver !== null) return driver;
  }
  throw new HistoryError(
    'unusable',
    `A history needs SQLite: Node 22.13 or later has it, and this is ${process.version}. For older ones there is the package ` +
      "libsql, which is not installed, or can't be loaded here. Use a newer Node, or say --data off.",
  );
}

function loadNodeSqlite(): SqliteDriver | null {
  const sqlite = withoutWarning(() => process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined);
  if (sqlite === undefined) return null;
  return {
    name: 'node:sqlite',
    open(file, mode) {
      const db =
        mode === 'immutable'
          ? new sqlite.DatabaseSync(uriOf(file, mode))
          : new sqlite.DatabaseSync(file, { readOnly: mode === 'read' });
      return {
        prepare: (sql) => nodeStatement(db.prepare(sql)),
        exec: (sql) => {
          db.exec(sql);
        },
        close: () => {
          db.close();
        },
      };
    },
  };
}

function nodeStatement(statement: NodeStatement): Statement {
  statement.setReturnArrays?.(true);
  // No two columns of a query of ours have the same name.
  const rowOf = (row: unknown): Row => (Array.isArray(row) ? row : Object.values(row as object)) as Row;
  return {
    all: (parameters) => statement.all(...parameters).map(rowOf),
    get: (parameters) => {
      const row = statement.get(...parameters);
      return row === undefined ? undefined : rowOf(row);
    },
    run: (parameters) => statement.run(...parameters).changes,
  };
}

/** Loads without the one warning that users can't do anything about: "SQLite is an experimental feature". */
function withoutWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning.bind(process) as (...all: unknown[]) => void;
  process.emitWarning = (warning: unknown, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite is an experimental feature')) emitWarning(warning, ...rest);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function loadLibsql(): Promise<SqliteDriver | null> {
  let Database: typeof Libsql;
  try {
    ({ default: Database } = await import('libsql'));
  } catch {
    // Not installed, or not for this system.
    return null;
  }
  return {
    name: 'libsql',
    open(file, mode) {
      // Its option for it does nothing.
      const db = new Database(mode === 'write' ? file : uriOf(file, mode));
      return {
        prepare: (sql) => libsqlStatement(db.prepare(sql)),
        exec: (sql) => {
          db.exec(sql);
        },
        close: () => {
          db.close();
        },
      };
    },
  };
}

function uriOf(file: string, mode: 'read' | 'immutable'): string {
  return `${pathToFileURL(file).href}?mode=ro${mode === 'immutable' ? '&immutable=1' : ''}`;
}

/** Parameters go in as one array: a single null would throw. */
function libsqlStatement(statement: Libsql.Statement): Statement {
  if (statement.reader) statement.raw();
  return {
    all: (parameters) => statement.all(parameters) as Row[],
    get: (parameters) => statement.get(parameters) as Row | undefined,
    run: (parameters) => statement.run(parameters).changes,
  };
}

/**
 * The tables, and how each version becomes the next one. Times are whole microseconds since the epoch, sums whole
 * microseconds; `condition` is a state with its reason (see `history-rows.ts`).
 *
 * - `run`: each time that a monitor ran, with its last sign of life.
 * - `service`: what is known of each service now; its sums are up to `accounted`.
 * - `interval`: where each stretch of time in one state begins; it ends where the next one does.
 * - `rollup`: sums by minute, hour and day. A row stands for `buckets` whole ones that end at `until`, both counted in
 *   widths since the epoch: so a year without a change is one row. Rows add up where the wall clock was set back.
 * - `event`: the events by number, many in a row, as they were published. `complete_after` in `meta`: all with a greater
 *   number are there. Numbers of 0.1.0 count from 1, later ones come from a clock.
 * - `note`: each note as it stands now; `until` is when it ended, null for never.
 * - `hook`: how far each hook is, which is for the hooks to read.
 * - `annotation`: marks, lost connections, changes of identity, stretches of slow answers, lost writes.
 */
import { statSync } from 'node:fs';

import { databaseFile } from './data-dir.ts';
import { Database, fileFaultOf } from './database.ts';
import { HistoryError } from './history-error.ts';
import type { Mode, SqliteDriver } from './sqlite-driver.ts';

/** `gapw`: so that no other program's file is taken for a history. */
const APPLICATION = 0x67617077;

const FIRST = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
CREATE TABLE run (
  id INTEGER PRIMARY KEY, vantage TEXT NOT NULL, version TEXT NOT NULL, started INTEGER NOT NULL, alive INTEGER NOT NULL
) STRICT;
CREATE TABLE service (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, info TEXT, run INTEGER NOT NULL, ended INTEGER,
  first_seen INTEGER NOT NULL, condition INTEGER NOT NULL, status TEXT, since INTEGER NOT NULL, accounted INTEGER NOT NULL,
  up INTEGER NOT NULL, down INTEGER NOT NULL, unobserved INTEGER NOT NULL, gaps INTEGER NOT NULL, longest INTEGER NOT NULL,
  raw_since INTEGER NOT NULL, interval_rows INTEGER NOT NULL, gap_rows INTEGER NOT NULL, memory TEXT
) STRICT;
CREATE TABLE interval (
  service INTEGER NOT NULL, start INTEGER NOT NULL, condition INTEGER NOT NULL, PRIMARY KEY (service, start)
) STRICT, WITHOUT ROWID;
CREATE TABLE gap (
  service INTEGER NOT NULL, until INTEGER NOT NULL, seq INTEGER NOT NULL, start INTEGER NOT NULL, lasted INTEGER NOT NULL,
  least INTEGER NOT NULL, most INTEGER, failed INTEGER NOT NULL, reasons ANY, PRIMARY KEY (service, until, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup (
  service INTEGER NOT NULL, width INTEGER NOT NULL, until INTEGER NOT NULL, buckets INTEGER NOT NULL, up INTEGER NOT NULL,
  down INTEGER NOT NULL, unobserved INTEGER NOT NULL, gaps INTEGER NOT NULL, longest INTEGER NOT NULL,
  PRIMARY KEY (service, width, until, buckets)
) STRICT, WITHOUT ROWID;
CREATE TABLE event (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE moment (at INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (at, seq))
  STRICT, WITHOUT ROWID;
PRAGMA application_id = ${String(APPLICATION)};
`;

/** 0.1.0 kept its numbers without a hole, which took a reserve of them, and a table of those that were left out. */
const SECOND = `
ALTER TABLE moment RENAME TO annotation;
ALTER TABLE service RENAME COLUMN memory TO checkpoint;
INSERT OR REPLACE INTO meta SELECT 'complete_after', value - 1 FROM meta WHERE name = 'events_since';
DELETE FROM meta WHERE name IN ('events_since', 'reserved') OR name GLOB 'jump *';
`;

/** Later than 0.1.0 a gap also has its lower bound without inference, and its silence; null where they are not known. */
const THIRD = `
ALTER TABLE gap ADD COLUMN proven INTEGER;
ALTER TABLE gap ADD COLUMN silence INTEGER;
`;

/** Later than 0.1.0 hooks note how far they are, there are notes, and gaps that were planned: 1, otherwise null. */
const FOURTH = `
ALTER TABLE gap ADD COLUMN planned INTEGER;
CREATE INDEX planned_gap ON gap (service, until) WHERE planned = 1;
CREATE TABLE note (id TEXT PRIMARY KEY, at INTEGER NOT NULL, until INTEGER, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE hook (id TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** What makes version `n + 1` of version `n`, at place `n`. */
export const MIGRATIONS: readonly string[] = [FIRST, SECOND, THIRD, FOURTH];

const NO_NOTES = `
CREATE TEMP VIEW hook AS SELECT NULL AS id, NULL AS state WHERE 0;
CREATE TEMP VIEW note AS SELECT NULL AS id, NULL AS at, NULL AS until, NULL AS body WHERE 0;
`;
const SECOND_AS_THIRD = `${NO_NOTES}
CREATE TEMP VIEW gap AS SELECT *, NULL AS proven, NULL AS silence, NULL AS planned FROM main.gap;`;

/** The present tables over those of version `n`, at place `n`, for a file that may only be read. */
const READ_AS: Readonly<Record<number, string>> = {
  1: `
CREATE TEMP VIEW annotation AS SELECT * FROM moment;
CREATE TEMP VIEW service AS SELECT *, memory AS checkpoint FROM main.service;
CREATE TEMP VIEW meta AS SELECT name, value FROM main.meta
  UNION ALL SELECT 'complete_after', value - 1 FROM main.meta WHERE name = 'events_since';
${SECOND_AS_THIRD}
`,
  2: SECOND_AS_THIRD,
  3: `${NO_NOTES} CREATE TEMP VIEW gap AS SELECT *, NULL AS planned FROM main.gap;`,
};

/** The version of a file; 0 for an empty one. @throws HistoryError where it is no history, or a later one */
export function versionOf(db: Database, file: string, known: number = MIGRATIONS.length): number {
  const version = db.number('PRAGMA user_version');
  const isOurs = db.number('PRAGMA application_id') === APPLICATION;
  if (!isOurs && (version > 0 || db.number('SELECT count(*) FROM sqlite_schema') > 0)) {
    throw new HistoryError(
      'foreign',
      `${file} is a database of another program, not a history of gapwatch. Name another folder with --data, or move it away.`,
    );
  }
  if (version > known) {
    throw new HistoryError(
      'newer',
      `${file} was written by a newer gapwatch (its version is ${String(version)}, this one knows ${String(known)}). ` +
        'Use that one, or name another folder with --data. The file was not changed.',
    );
  }
  return version;
}

/** Brings a file to the newest version, one version at a time. @throws HistoryError as `versionOf` */
export function migrate(db: Database, file: string, migrations: readonly string[] = MIGRATIONS): void {
  for (let version = versionOf(db, file, migrations.length); version < migrations.length; version++) {
    db.transaction(() => {
      db.exec(`${migrations[version] ?? ''}; PRAGMA user_version = ${String(version + 1)};`);
    });
  }
}

/**
 * Opens a file to read it, whatever its version.
 * @param modes the ways to try, in their order; `immutable` only where nothing waits in the log file
 * @throws HistoryError where there is no history, or it can't be read
 */
export function openToRead(
  driver: SqliteDriver,
  dir: string,
  modes: readonly Mode[] = ['read', 'immutable'],
): Database {
  const file = databaseFile(dir);
  const missing = whyMissing(file);
  if (missing !== null) {
    throw new HistoryError(
      'missing',
      `There is no history to be read in ${dir}: ${missing}. It begins with 'gapwatch serve', or where --data DIR is given. ` +
        'Name its folder with --data.',
    );
  }
  // Where nothing waits in the log file, the file can be read as it stands, also where no lock can be had.
  const isWhole = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  let fault: unknown;
  for (const mode of modes) {
    if (mode === 'immutable' && !isWhole) continue;
    let db: Database | null = null;
    try {
      db = new Database(driver, file, mode);
      const version = versionOf(db, file);
      if (version === 0) throw new HistoryError('missing', `The history in ${dir} has not begun yet.`);
      db.exec(READ_AS[version] ?? '');
      return db;
    } catch (error) {
      db?.close();
      if (error instanceof HistoryError) throw error;
      fault = error;
    }
  }
  throw unreadable(dir, fault);
}

/** The error for a history that can't be read. */
export function unreadable(dir: string, error: unknown): HistoryError {
  const file = databaseFile(dir);
  const why = error instanceof Error ? error.message : String(error);
  return fileFaultOf(error) === 'damaged'
    ? new HistoryError(
        'damaged',
        `The history in ${file} is damaged (${why}). 'gapwatch serve' sets it aside and begins a new one.`,
      )
    : new HistoryError('unusable', `The history in ${file} can't be read (${why}).`);
}

/** Why there is no such file, in words; null where there is one. */
function whyMissing(file: string): string | null {
  try {
    statSync(file);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') return 'this user may not read that folder';
    return code === 'ENOTDIR' ? 'a part of that path is a file, not a folder' : `${file} does not exist`;
  }
}

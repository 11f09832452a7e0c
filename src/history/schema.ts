/**
 * The tables, and how each version becomes the next one. Times are whole microseconds since the epoch, sums whole
 * microseconds; `condition` is a state with its reason (see `codes.ts`).
 *
 * - `run`: each time that a monitor ran, with its last sign of life.
 * - `service`: what is known of each service now; its sums are up to `accounted`.
 * - `interval`: where each stretch of time in one state begins; it ends where the next one does.
 * - `rollup`: sums by minute, hour and day. A row stands for `buckets` whole ones that end at `until`, both counted in
 *   widths since the epoch: so a year without a change is one row. Rows add up where the wall clock was set back.
 * - `event`: the events by number, many in a row, as they were told.
 */
import type { Database } from './database.ts';
import { HistoryError } from './history-error.ts';

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

/** What makes version `n + 1` of version `n`, at place `n`. */
export const MIGRATIONS: readonly string[] = [FIRST];

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

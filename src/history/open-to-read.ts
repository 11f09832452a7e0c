/** Opens the file of a history for those that only read it. */
import { statSync } from 'node:fs';

import { databaseFile } from './data-dir.ts';
import { Database, fileFaultOf, type Mode } from './database.ts';
import { HistoryError } from './history-error.ts';
import { migrate, versionOf } from './schema.ts';

/**
 * @param modes the ways to try, in their order; `still` only where nothing waits in the log file
 * @throws HistoryError where there is no history, or it can't be read
 */
export function openToRead(dir: string, modes: readonly Mode[] = ['read', 'still']): Database {
  const file = databaseFile(dir);
  const missing = whyMissing(file);
  if (missing !== null) {
    throw new HistoryError(
      'missing',
      `There is no history to be read in ${dir}: ${missing}. It begins with 'gapwatch serve', or where --data DIR is given. ` +
        'Name its folder with --data.',
    );
  }
  let fault: unknown;
  for (const mode of modes) {
    if (mode === 'still' && !isStill(file)) continue;
    let db: Database | null = null;
    try {
      db = new Database(file, mode);
      if (versionOf(db, file) === 0) throw new HistoryError('missing', `The history in ${dir} has not begun yet.`);
      return db;
    } catch (error) {
      db?.close();
      if (error instanceof HistoryError) throw error;
      fault = error;
    }
  }
  throw unreadable(dir, fault);
}

/** A history of nothing. */
export function emptyDatabase(): Database {
  const db = new Database(':memory:', 'write');
  migrate(db, ':memory:');
  return db;
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

/** Whether nothing waits in the log file: then the file can be read as it stands, also where no lock can be had. */
function isStill(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Why there is no such file, in words; null where there is one. */
function whyMissing(file: string): string | null {
  try {
    statSync(file);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') return 'this user may not look there';
    return code === 'ENOTDIR' ? 'a part of that path is a file, not a folder' : `${file} does not exist`;
  }
}

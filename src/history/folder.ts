/** The folder of a history, before anything in it is opened. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';

import { databaseFile } from './data-dir.ts';
import { HistoryError } from './history-error.ts';

/** The disk may be well again later: that is told as problem, and is no reason not to start. */
const PASSING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

/**
 * Makes the folder, and sees whether this user may write there. Returns whether that is possible now.
 * @throws HistoryError where that can't be, whatever the disk does
 */
export function prepareFolder(dir: string): boolean {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = databaseFile(dir);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (PASSING.has(code)) return false;
    throw new HistoryError('unusable', `The history can't be kept in ${dir}: ${WORDS[code] ?? message} ${REMEDY}`);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EEXIST: 'that is a file, not a folder.',
  ENOTDIR: 'a part of that path is a file, not a folder.',
  EACCES: 'this user may not write there.',
  EPERM: 'this user may not write there.',
};
const REMEDY =
  'Name another folder with --data (or history.dir in the configuration), give this user the right, or say --data off.';

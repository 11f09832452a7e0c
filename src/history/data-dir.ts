/** The folder of a history: where it is by default, and whether it can be used. */
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

import { HistoryError } from './history-error.ts';

/**
 * `$XDG_STATE_HOME/gapwatch`, or `~/.local/state/gapwatch` where that is not set; null where this user has no home. A path that
 * is not absolute does not count.
 */
export function defaultDataDir(env: NodeJS.ProcessEnv): string | null {
  const state = env['XDG_STATE_HOME'] ?? '';
  if (isAbsolute(state)) return join(state, 'gapwatch');
  const home = [env['HOME'] ?? '', homeOfUser()].find(isAbsolute);
  return home === undefined ? null : join(home, '.local', 'state', 'gapwatch');
}

/** What is said where there is no `defaultDataDir`. */
export const NO_HOME =
  'This user has no home folder (HOME is not set to an absolute path), so there is none for a history: name one with --data, or history.dir in the configuration';

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A user without an entry in the list of users, as in containers.
    return '';
  }
}

/** The one file of a history in its folder. */
export function databaseFile(dir: string): string {
  return join(dir, 'gapwatch.db');
}

/** Faults that may pass: a problem to show, and no reason not to start. */
const PASSING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ENOENT', 'ENXIO', 'ESTALE']);
const WORDS: Readonly<Record<string, string>> = {
  EEXIST: 'that is a file, not a folder.',
  ENOTDIR: 'a part of that path is a file, not a folder.',
  EACCES: 'this user may not write there.',
  EPERM: 'this user may not write there.',
  ENAMETOOLONG: 'its name is too long.',
  ELOOP: 'its links lead in a circle.',
};
const REMEDY =
  'Name another folder with --data (or history.dir in the configuration), give this user the right, or say --data off.';

/**
 * Makes a folder and those above it, each by itself: with `recursive`, Node says ENOENT of a disk that can only be read, and
 * never returns where a file system has no place for folders, such as /proc.
 * @throws as `mkdir` does
 */
function makeFolder(dir: string, mode = 0o777): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(dir) !== dir) makeFolder(dirname(dir));
  try {
    mkdirSync(dir, { mode });
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(dir).isDirectory()) throw error;
  }
}

/** Makes a file that others than this user and its group may not read, where there is none yet. */
export function makeFile(file: string): void {
  closeSync(openSync(file, 'a', FILE_MODE));
}

/** Names and targets of services are for this user; a group may be given the right to make reports. */
export const FILE_MODE = 0o640;

/**
 * Makes the folder, and sees whether this user may write there.
 * @throws HistoryError where that can't be, whatever the disk does; another error where it may be possible later
 */
export function prepareFolder(dir: string): void {
  try {
    // Only this user has to enter it.
    makeFolder(dir, 0o700);
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = databaseFile(dir);
    if (!existsSync(file)) return;
    accessSync(file, constants.R_OK | constants.W_OK);
    if (statSync(file).isDirectory())
      throw new HistoryError('unusable', `${file} is a folder, not a history. ${REMEDY}`);
  } catch (error) {
    if (error instanceof HistoryError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (PASSING.has(code)) throw error;
    throw new HistoryError('unusable', `The history can't be kept in ${dir}: ${WORDS[code] ?? message} ${REMEDY}`);
  }
}

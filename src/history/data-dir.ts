/** The folder of a history: where it is by default, and whether it can be used. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

import { HistoryError } from './history-error.ts';

/** `$XDG_STATE_HOME/gapwatch`, or `~/.local/state/gapwatch` where that is not set. A path that is not absolute does not count. */
export function defaultDataDir(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] ?? '';
  const home = env['HOME'] ?? '';
  const base = isAbsolute(state) ? state : join(isAbsolute(home) ? home : userInfo().homedir, '.local', 'state');
  return join(base, 'gapwatch');
}

/** The one file of a history in its folder. */
export function databaseFile(dir: string): string {
  return join(dir, 'gapwatch.db');
}

/** Faults that may pass: a problem to show, and no reason not to start. ENOENT is what Node says of a new folder on a read-only disk. */
const PASSING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ENOENT']);
const WORDS: Readonly<Record<string, string>> = {
  EEXIST: 'that is a file, not a folder.',
  ENOTDIR: 'a part of that path is a file, not a folder.',
  EACCES: 'this user may not write there.',
  EPERM: 'this user may not write there.',
};
const REMEDY =
  'Name another folder with --data (or history.dir in the configuration), give this user the right, or say --data off.';

/**
 * Makes the folder, and sees whether this user may write there.
 * @throws HistoryError where that can't be, whatever the disk does; another error where it may be possible later
 */
export function prepareFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = databaseFile(dir);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (PASSING.has(code)) throw error;
    throw new HistoryError('unusable', `The history can't be kept in ${dir}: ${WORDS[code] ?? message} ${REMEDY}`);
  }
}

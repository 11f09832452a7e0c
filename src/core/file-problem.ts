/** Why a file can't be read or written, for people. */

const READ: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of that path is a file, not a folder',
  EISDIR: 'this is a folder, not a file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
};
const WRITE: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file, not a folder',
  EISDIR: 'this is a folder, not a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

/** A clause for what `readFile` and its like throw. */
export function readProblem(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return READ[code] ?? `it can't be read: ${message}`;
}

/** A clause for what `writeFile` and its like throw. */
export function writeProblem(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return WRITE[code] ?? `it can't be written: ${message}`;
}

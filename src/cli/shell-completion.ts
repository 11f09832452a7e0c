/** What the shell completes, where yargs would list options: files, and programs. */
import { readdirSync } from 'node:fs';
import { delimiter } from 'node:path';

import type { Options } from 'yargs';

/**
 * What completes a command of `run`, or the value of an option: programs, or nothing, and then the shell completes with files. Null
 * where it is neither, and for an option that has a list of values.
 * @param words those behind the program's name, the last one unfinished; bash has an = as a word of its own
 * @param options of all commands
 */
export function completedByShell(
  words: readonly string[],
  options: Readonly<Record<string, Options>>,
): string[] | null {
  const dashes = words.slice(0, -1).indexOf('--');
  const last = words.at(-1) ?? '';
  if (dashes >= 0) return dashes < words.length - 2 || last === '' || last.includes('/') ? [] : programsFrom(last);
  const before = words.at(words.at(-2) === '=' ? -3 : -2);
  const [, option] =
    Object.entries(options).find(([name, { alias }]) => before === `--${name}` || before === `-${String(alias)}`) ?? [];
  return option === undefined || option.type === 'boolean' || option.choices !== undefined ? null : [];
}

/** The names in the PATH that begin so. */
function programsFrom(start: string): string[] {
  const names = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => name.startsWith(start));
    } catch {
      return [];
    }
  });
  return [...new Set(names)].sort();
}

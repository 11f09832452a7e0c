/** Installs programs from Debian's packages, where that is allowed; otherwise says what is missing. */
import { spawnSync } from 'node:child_process';

import { isInstalled } from './tools.ts';

/**
 * Installs what is missing of these programs, given with the packages that bring them.
 * @param what for whom, such as `the tests`
 * @returns null where all of them are there now; otherwise the command that installs them
 */
export function installMissing(packages: Readonly<Record<string, string>>, what: string): string | null {
  const missing = Object.entries(packages)
    .filter(([tool]) => !isInstalled(tool))
    .map(([, name]) => name);
  if (missing.length === 0) return null;
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    process.stderr.write(`Installing what ${what} need: ${missing.join(', ')}\n`);
    apt('update');
    if (apt('install', '--no-install-recommends', ...missing) === 0) return null;
  }
  return `apt-get install ${missing.join(' ')}`;
}

function apt(...words: string[]): number {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-y', '-qq', ...words], { stdio: ['ignore', 2, 2], env }).status ?? 1;
}

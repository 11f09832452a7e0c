/** Before the tests: installs the programs that they need, where that is allowed; otherwise says what is missing. */
import { spawnSync } from 'node:child_process';

import { isInstalled, PACKAGES } from './tools.ts';

const missing = Object.entries(PACKAGES)
  .filter(([tool]) => !isInstalled(tool))
  .map(([, name]) => name);

function apt(...words: string[]): number {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-y', '-qq', ...words], { stdio: ['ignore', 2, 2], env }).status ?? 1;
}

if (missing.length > 0) {
  const command = `apt-get install ${missing.join(' ')}`;
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    process.stderr.write(`Installing what the tests need: ${missing.join(', ')}\n`);
    apt('update');
    if (apt('install', '--no-install-recommends', ...missing) !== 0) process.exitCode = 1;
  } else {
    process.stderr.write(`Some tests will be skipped. They need: ${command}\n`);
    if (process.env['CI'] === 'true') process.exitCode = 1;
  }
}

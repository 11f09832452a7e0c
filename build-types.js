/** The types of the library: the declarations of `src/index.ts` and of what it refers to, beside its JavaScript in `dist`. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ALL = '.build/types';
/** What a declaration imports of our own. */
const OWN = /(?:from|import\()\s*['"](\.{1,2}\/[^'"]+)\.ts['"]/g;

rmSync(ALL, { recursive: true, force: true });
const { status } = spawnSync('npx', ['tsc', '-p', 'tsconfig.types.json', '--outDir', ALL], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const needed = new Set(['src/index.d.ts']);
// A set is walked over in the order in which it grows.
for (const file of needed) {
  for (const [, path] of readFileSync(join(ALL, file), 'utf8').matchAll(OWN))
    needed.add(normalize(join(dirname(file), `${path}.d.ts`)));
  mkdirSync(join('dist', dirname(file)), { recursive: true });
  copyFileSync(join(ALL, file), join('dist', file));
}

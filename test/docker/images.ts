/** Root file systems for containers, made of programs of this machine: no registry is asked. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MOST_BYTES = 256 * 1024 * 1024;

/** A tar archive of a file system with these programs in `/bin`, and the libraries that they need. */
export function rootFileSystem(programs: readonly string[], folder: string): Buffer {
  const root = mkdtempSync(join(folder, 'image-'));
  // A container's user need not be root.
  chmodSync(root, 0o755);
  try {
    for (const name of programs) {
      const path = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
      cpSync(path, join(root, 'bin', basename(path)), { dereference: true });
      for (const library of librariesOf(path)) {
        const place = join(root, library);
        mkdirSync(dirname(place), { recursive: true });
        cpSync(library, place, { dereference: true });
      }
    }
    return execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: MOST_BYTES });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Paths of the libraries that a program is linked with, the loader included; none for a static one. */
function librariesOf(path: string): string[] {
  try {
    const text = execFileSync('ldd', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return text.match(/(?<=\s)\/\S+/g) ?? [];
  } catch {
    return [];
  }
}

/**
 * The Docker of Debian's next release, unpacked beside the one that is installed: nothing of the system is changed. The `runc` of
 * the system is used, for the newer one wants a newer C library.
 */
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { isInstalled } from '../support/tools.ts';

const SUITE = 'trixie';
const FOLDER = join(homedir(), '.cache', 'gapwatch-peers', `docker-${SUITE}`);
const PACKAGES = ['docker.io', 'containerd'] as const;
const PROGRAMS = [
  'usr/sbin/dockerd',
  'usr/sbin/docker-proxy',
  'usr/bin/docker-init',
  'usr/bin/containerd',
  'usr/bin/containerd-shim-runc-v2',
] as const;
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
const PATIENCE_MS = 180_000;

/** The folder with its programs, or why it can't be had. */
export function newerDocker(): { readonly programs: string } | { readonly why: string } {
  const programs = join(FOLDER, 'programs');
  if (existsSync(programs)) return { programs };
  if (!isInstalled('apt-get') || !existsSync(KEYS))
    return { why: 'it is unpacked from Debian’s packages, on Debian only' };
  try {
    unpack();
    return { programs };
  } catch (error) {
    return { why: `Debian’s ${SUITE} can’t be unpacked: ${(error as Error).message.split('\n')[0] ?? ''}` };
  }
}

/** The version that a folder's or, without one, the system's daemon says, such as `20.10.24`. */
export function dockerVersion(programs?: string): string {
  const dockerd = programs === undefined ? 'dockerd' : join(programs, 'dockerd');
  const said = execFileSync(dockerd, ['--version'], { encoding: 'utf8' });
  return /version ([\d.]+)/.exec(said)?.[1] ?? said.trim();
}

/** From where this machine has its own release. */
function mirror(): string {
  const format = ['--format', '$(SITE) $(ORIGIN) $(LABEL)', 'Created-By: Packages'];
  const targets = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' }).split('\n');
  const [site] = targets.find((line) => line.endsWith(' Debian Debian'))?.split(' ') ?? [];
  if (site === undefined) throw new Error('apt knows no mirror of Debian; apt-get update');
  return site;
}

/** Into another folder first: what is there is whole. */
function unpack(): void {
  const folder = `${FOLDER}-unpacking`;
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['lists/partial', 'cache/archives/partial', 'none', 'packages', 'programs'])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(join(folder, 'sources'), `deb [signed-by=${KEYS}] ${mirror()} ${SUITE} main\n`);
  writeFileSync(
    join(folder, 'apt.conf'),
    `Dir::State "${folder}"; Dir::State::status "${folder}/status"; Dir::Cache "${folder}/cache";
     Dir::Etc::sourcelist "${folder}/sources"; Dir::Etc::sourceparts "${folder}/none"; APT::Sandbox::User "root";`,
  );
  const packages = join(folder, 'packages');
  const env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf') };
  const options: ExecFileSyncOptions = { cwd: packages, env, stdio: ['ignore', 2, 2], timeout: PATIENCE_MS };
  execFileSync('apt-get', ['-qq', 'update'], options);
  execFileSync('apt-get', ['-qq', 'download', ...PACKAGES], options);
  for (const file of readdirSync(packages)) execFileSync('dpkg-deb', ['-x', file, join(folder, 'root')], options);
  for (const program of PROGRAMS) {
    const name = program.slice(program.lastIndexOf('/') + 1);
    symlinkSync(join('..', 'root', program), join(folder, 'programs', name));
  }
  renameSync(folder, FOLDER);
  // Whether it runs here.
  dockerVersion(join(FOLDER, 'programs'));
}

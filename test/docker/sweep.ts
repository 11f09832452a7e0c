/**
 * What a daemon leaves behind when its namespaces are gone: a folder, and control groups of that folder's name. The name
 * holds the number of the process that made it, so that the next run finds what dead runs could not clear.
 */
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CONTROL_GROUPS = '/sys/fs/cgroup';
const NAME = /^gapwatch-docker-(\d+)-/;

/** Makes a folder for a daemon; its base name is the name for its control group. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), `gapwatch-docker-${String(process.pid)}-`));
}

/** Removes a folder and its control groups, when all of their processes have ended. */
export async function clear(folder: string): Promise<void> {
  // The kernel tells that a namespace ended before it has taken the last process out of its groups.
  for (let tries = 0; !clearGroups(folder) && tries < 100; tries++) await sleep(20);
  rmSync(folder, { recursive: true, force: true });
}

/** Removes what runs left behind that are dead. */
export function sweep(): void {
  const names = [tmpdir(), ...groupFolders()].flatMap((folder) => readdirSync(folder));
  for (const name of new Set(names)) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    clearGroups(name);
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** The control groups of a daemon's folder that there are. */
export function groupsNamed(folder: string): string[] {
  return groupFolders()
    .map((place) => join(place, basename(folder)))
    .filter((path) => existsSync(path));
}

/** Where a control group of ours may be: at the root of each hierarchy, of which version 2 has one. */
function groupFolders(): string[] {
  const folders = readdirSync(CONTROL_GROUPS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [CONTROL_GROUPS, ...folders.map((entry) => join(CONTROL_GROUPS, entry.name))];
}

/** Whether none is left. */
function clearGroups(folder: string): boolean {
  for (const path of groupsNamed(folder)) removeGroup(path);
  return groupsNamed(folder).length === 0;
}

/** Removes a group and those in it, where no process is in them any more. */
function removeGroup(path: string): void {
  const inner = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const entry of inner) removeGroup(join(path, entry.name));
  try {
    rmdirSync(path);
  } catch {
    // Its processes are ending.
  }
}

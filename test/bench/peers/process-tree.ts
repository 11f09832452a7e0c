/** A program with all that it has started: frozen, and continued. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Stops these processes and everything below them, as a debugger or a suspended machine does. Returns what was stopped. */
export function freeze(roots: readonly number[]): number[] {
  const frozen = new Set<number>();
  for (;;) {
    // A process may have been started between the look and the signal to its parent.
    const more = withChildren(roots).filter((pid) => !frozen.has(pid));
    if (more.length === 0) return [...frozen];
    for (const pid of more) {
      frozen.add(pid);
      signal(pid, 'SIGSTOP');
    }
  }
}

export function thaw(frozen: readonly number[]): void {
  for (const pid of frozen) signal(pid, 'SIGCONT');
}

function withChildren(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isNaN(pid)) continue;
    const parent = parentOf(pid);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [...roots];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name, in brackets, may contain spaces.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

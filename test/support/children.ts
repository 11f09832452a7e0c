/** Child processes of tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The path of a compiled script in `children/`. */
export function childScript(name: string): string {
  return fileURLToPath(new URL(`children/${name}.js`, import.meta.url));
}

const running = new Set<ChildProcess>();

// A test that fails may not come to the end of its children.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// So the runner ends a file that takes too long.
process.once('SIGTERM', () => process.exit(143));

/** Starts a program, and waits for a line of its output for which `ready` returns true. */
export async function startChild(
  command: string,
  args: readonly string[],
  ready: (line: string) => boolean,
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!ready(line)) continue;
    child.stdout.resume();
    return child;
  }
  throw new Error(`${command} ended before it was ready`);
}

/** Kills a child, and waits for its end. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Runs a script in `children/` to its end, and reads its last line as JSON. */
export async function runChild(command: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  await (child.exitCode === null ? once(child, 'exit') : Promise.resolve());
  return JSON.parse(last) as unknown;
}

/** Services for the tests of `run`, in processes of their own, that a command can restart or end by a signal. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { childScript } from '../support/children.ts';

const running = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Flapping {
  readonly port: number;
  /** SIGUSR2 sends it away for a while, SIGKILL for good. */
  readonly pid: number;
}

/** Starts a TCP server on a free port. @param awayMs how long it is away at SIGUSR2 */
export async function startFlapping(awayMs = 300): Promise<Flapping> {
  const child = spawn(process.execPath, [childScript('flapping'), String(awayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(port.toString()), pid: child.pid ?? 0 };
}

/** Ends them all; for `after`. */
export async function endFlapping(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }),
  );
}

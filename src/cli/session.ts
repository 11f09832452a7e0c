/** What ends a command that watches: a signal, its time, or a reader that went away; and what a signal asks for. */
import { once } from 'node:events';

/** Exit codes of the contract. */
export const EXIT = { ok: 0, bad: 1, usage: 2, commandFailed: 3, notUp: 4 } as const;

/** Why a watch ended. `epipe`: nobody reads stdout any more. */
export type Ending = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'time' | 'quit' | 'epipe';

/** The exit code that an ending has where nothing else decides: 128 + the signal's number, as shells have it. */
export function exitCodeOf(ending: Ending): number {
  if (ending === 'SIGINT') return 130;
  if (ending === 'SIGTERM') return 143;
  if (ending === 'SIGHUP') return 129;
  return EXIT.ok;
}

/**
 * Waits for the end of a watch.
 * @param forMs how long at most; null for ever
 * @param more further endings to wait for
 */
export async function untilEnded(forMs: number | null, ...more: Promise<Ending>[]): Promise<Ending> {
  const abort = new AbortController();
  const { signal } = abort;
  const on = async (event: 'SIGINT' | 'SIGTERM'): Promise<Ending> => {
    await once(process, event, { signal });
    return event;
  };
  const broken = new Promise<Ending>((resolve) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve('epipe');
      else throw error;
    });
  });
  const time = new Promise<Ending>((resolve) => {
    if (forMs === null) return;
    const timer = setTimeout(resolve, forMs, 'time');
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  });
  const waiting = [on('SIGINT'), on('SIGTERM'), time, broken, ...more];
  try {
    return await Promise.race(waiting);
  } finally {
    abort.abort();
    await Promise.allSettled(waiting.slice(0, 2));
  }
}

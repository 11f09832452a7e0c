/** What ends a command that watches: a signal, its time, or a reader that went away; and what a signal asks for. */
/** Exit codes of the contract; 70 and 74 are those of sysexits.h: a fault of the program, and a result that could not be written. */
export const EXIT = { ok: 0, bad: 1, usage: 2, commandFailed: 3, notUp: 4, fault: 70, output: 74 } as const;

/** Why a watch ended. `epipe`: stdout has no reader any more. */
export type Ending = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'time' | 'quit' | 'epipe';

/** The exit code that an ending has where nothing else decides: 128 + the signal's number, as shells have it. */
export function exitCodeOf(ending: Ending): number {
  if (ending === 'SIGINT') return 130;
  if (ending === 'SIGTERM') return 143;
  if (ending === 'SIGHUP') return 129;
  return EXIT.ok;
}

interface Ends {
  /** How long at most, in milliseconds; null for no limit. */
  readonly forMs: number | null;
  /** Whether SIGHUP ends it too. */
  readonly hangup: boolean;
  /** Further endings to wait for. */
  readonly others: readonly Promise<Ending>[];
}

/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits for the end of a watch. */
export async function untilEnded({ forMs, hangup, others }: Ends): Promise<Ending> {
  const closers: (() => void)[] = [];
  const own = new Promise<Ending>((resolve) => {
    for (const signal of hangup ? (['SIGINT', 'SIGTERM', 'SIGHUP'] as const) : (['SIGINT', 'SIGTERM'] as const)) {
      process.once(signal, resolve);
      closers.push(() => process.off(signal, resolve));
    }
    const onError = (error: NodeJS.ErrnoException): void => {
      if (isReaderGone(error)) resolve('epipe');
    };
    process.stdout.on('error', onError);
    closers.push(() => process.stdout.off('error', onError));
    if (forMs !== null)
      closers.push(
        after(forMs, () => {
          resolve('time');
        }),
      );
  });
  try {
    return await Promise.race([own, ...others]);
  } finally {
    for (const close of closers) close();
  }
}

/** Whether a stream failed because its reader went away: a pipe that was closed, or a terminal. */
export function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO';
}

/** Calls back after a time of any length. Returns how to give it up. */
function after(ms: number, done: () => void): () => void {
  let left = ms;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const now = Math.min(left, LONGEST_TIMER_MS);
    left -= now;
    timer = setTimeout(left > 0 ? wait : done, now);
  };
  wait();
  return () => {
    clearTimeout(timer);
  };
}

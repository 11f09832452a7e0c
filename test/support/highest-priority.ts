/** What plays targets, or reads what tools say, must not starve: its fault would be taken for the monitor's. Only root may. */
import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

const HIGHEST = -20;
/**
 * Of the session, where the kernel shares the processors among sessions (`kernel.sched_autogroup_enabled`, as Debian's does):
 * a nice value counts among the processes of one session only. See sched(7).
 */
const SESSION = '/proc/self/autogroup';

/** For the rest of this process, and of its session where that is its own. */
export function takeHighestPriority(): void {
  try {
    setPriority(HIGHEST);
    if (leadsSession()) writeFileSync(SESSION, String(HIGHEST));
  } catch {
    // Measured all the same, on a machine that should be quiet then.
  }
}

/** For as long as the work takes, with the session. What is started meanwhile inherits it. */
export async function atHighestPriority<T>(work: () => Promise<T>): Promise<T> {
  const usual = getPriority();
  const usualOfSession = /nice (-?\d+)/.exec(read(SESSION))?.[1];
  const restore = (): void => {
    try {
      setPriority(usual);
      if (usualOfSession !== undefined) writeFileSync(SESSION, usualOfSession);
    } catch {
      // It was not changed either.
    }
  };
  process.once('exit', restore);
  try {
    takeHighestPriority();
    if (usualOfSession !== undefined) writeFileSync(SESSION, String(HIGHEST));
  } catch {
    // As above.
  }
  try {
    return await work();
  } finally {
    process.off('exit', restore);
    restore();
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function leadsSession(): boolean {
  // After the name, in brackets: state, parent, group, session.
  const stat = read('/proc/self/stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) === process.pid;
}

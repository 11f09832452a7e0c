/**
 * Notifies systemd that the daemon is ready, at work, and about to end (`Type=notify`, `WatchdogSec=`), by `systemd-notify`, as Node
 * can't write to a datagram socket of a path without native code.
 * @see sd_notify(3)
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { Logger } from 'pino';

const run = promisify(execFile);

/** How often it is looked whether the daemon is at work, at most, in milliseconds. */
const LOOK_MS = 500;
/** What fails again and again is tried again after this long at the latest, in milliseconds. */
const LATEST_MS = 20_000;
/** A `systemd-notify` that takes longer is ended, and called again. In milliseconds. */
const PATIENCE_MS = 20_000;

/**
 * Notifies from now on, where systemd waits for that.
 * @param env the environment; what is for this process alone is taken out of it, so that no command of a hook has it
 * @param isAtWork whether the daemon probes: READY is sent once it does, WATCHDOG only while it does
 * @returns how to say that it ends
 */
export function notifySystemd(env: NodeJS.ProcessEnv, isAtWork: () => boolean, log: Logger): () => void {
  const { PATH, NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID = String(process.pid) } = env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) Reflect.deleteProperty(env, name);
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return () => undefined;
  const everyMs = WATCHDOG_PID === String(process.pid) ? Number(WATCHDOG_USEC ?? 0) / 2000 : 0;
  const end = new AbortController();
  let hasFailed = false;
  let running: ChildProcess | null = null;

  const notify = async (state: string): Promise<boolean> => {
    try {
      const called = run('systemd-notify', [state], { env: { PATH, NOTIFY_SOCKET }, timeout: PATIENCE_MS });
      running = called.child;
      await called;
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!hasFailed && !end.signal.aborted)
        log.warn({ why: code === 'ENOENT' ? 'there is no systemd-notify' : message }, 'systemd is not notified');
      hasFailed = true;
      return false;
    }
  };
  const notifyWhileAtWork = async (): Promise<void> => {
    const lookMs = everyMs > 0 ? Math.min(LOOK_MS, everyMs / 2) : LOOK_MS;
    let due = -Infinity;
    let failures = 0;
    for (let isReady = false; !end.signal.aborted;) {
      const now = performance.now();
      if (now >= due && isAtWork()) {
        // What fails is tried again soon: a watchdog of minutes then ends no daemon for one that had to wait.
        if (await notify(isReady ? 'WATCHDOG=1' : 'READY=1')) {
          [isReady, failures] = [true, 0];
          due = everyMs > 0 ? now + everyMs : Infinity;
        } else due = now + Math.min(LATEST_MS, LOOK_MS * 2 ** failures++);
      }
      await sleep(lookMs, undefined, { ref: false, signal: end.signal }).catch(() => undefined);
    }
  };
  void notifyWhileAtWork();
  return () => {
    end.abort();
    running?.kill();
    void notify('STOPPING=1');
  };
}

/** Histories of tests, in folders of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { History } from '../../src/history/history.ts';

export const DAY_MS = 86_400_000;
/** A moment to begin at: noon. */
export const NOON = Date.UTC(2026, 10, 23, 12);

/** A history is opened in the background where that takes longer. */
const PATIENCE_MS = 3000;

/** Those that a test which fails has not come to close. */
const opened = new Map<string, History[]>();

/** A history that logs nothing and keeps 90 days. */
export async function openHistory(dir: string, keepMs = 90 * DAY_MS): Promise<History> {
  for (;;) {
    const began = performance.now();
    const history = await History.open({ dir, keepMs, log: pino({ enabled: false }) });
    // On a busy machine it may go on without its disk for now, whose thread has not begun: then once more.
    if (history.problem !== null || performance.now() - began < PATIENCE_MS) {
      opened.get(dir)?.push(history);
      return history;
    }
    await history.close();
  }
}

/** Runs a test with a folder that is gone afterwards. */
export async function withFolder<T>(test: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'gapwatch-history-'));
  opened.set(dir, []);
  try {
    return await test(dir);
  } finally {
    await Promise.all((opened.get(dir) ?? []).map((history) => history.close()));
    opened.delete(dir);
    // The thread of one that was refused may still be at work.
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  }
}

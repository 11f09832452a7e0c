/** Histories of tests, in folders of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { History } from '../../src/history/history.ts';

export const DAY_MS = 86_400_000;
/** A moment to begin at: noon. */
export const NOON = Date.UTC(2026, 10, 23, 12);

/** A history that logs nothing and keeps 90 days. */
export function openHistory(dir: string, keepMs = 90 * DAY_MS): Promise<History> {
  return History.open({ dir, keepMs, log: pino({ enabled: false }) });
}

/** Runs a test with a folder that is gone afterwards. */
export async function withFolder<T>(test: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'gapwatch-history-'));
  try {
    return await test(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Opens the history that a command line and its configuration ask for. */
import { resolve } from 'node:path';

import type { Logger } from 'pino';

import type { Config } from '../config/load-config.ts';
import { defaultDataDir } from '../history/data-dir.ts';
import { History } from '../history/history.ts';

export interface HistoryRequest {
  /** The option `--data` as typed. */
  readonly option: string | undefined;
  readonly settings: Config['history'];
  /** Whether there is a history where neither option nor file asks for one. */
  readonly usual: boolean;
  readonly log: Logger;
}

/**
 * @returns the history; null where none is wanted
 * @throws HistoryError where it is in use, or can't be
 */
export async function openHistory({ option, settings, usual, log }: HistoryRequest): Promise<History | null> {
  const dir = option ?? (usual ? (settings.dir ?? defaultDataDir(process.env)) : 'off');
  if (dir === 'off') return null;
  return History.open({ dir: resolve(dir), keepMs: settings.keepMs, log });
}

/**
 * Reads what a monitor goes on from where nothing can be written: in a thread of its own, because what reads beside no
 * writer keeps SQLite from writing in the whole process, until the last statement is collected, or its thread is gone.
 */
import { parentPort, workerData } from 'node:worker_threads';

import type { RestoredState } from '../core/archive.ts';
import type { Stored } from './event-blocks.ts';
import { HistoryError } from './history-error.ts';
import { readServices } from './past-reader.ts';
import { HistoryReader } from './reader.ts';

/** What a monitor that is gone has left. */
export interface Left {
  readonly stored: Stored;
  readonly services: RestoredState['services'];
}

let left: Left | null = null;
try {
  const reader = HistoryReader.open(workerData as string);
  left = { stored: reader.left, services: readServices(reader) };
} catch (error) {
  // There is none, or it can't be read: then a monitor begins anew.
  if (!(error instanceof HistoryError)) throw error;
}
parentPort?.postMessage(left);

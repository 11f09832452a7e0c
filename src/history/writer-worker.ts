/**
 * The writer's thread: the only one that writes to the file, so that a disk which is slow, or stuck, blocks neither the
 * feed nor the engine. It ends at the first failure, and with it everything that it had open; the next one begins anew.
 */
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

import { databaseFile } from './data-dir.ts';
import { fileFaultOf } from './database.ts';
import { HistoryError } from './history-error.ts';
import { FileGone, setAside, Store } from './store.ts';
import type { FromWriter, ToWriter, WriterTask } from './writer-protocol.ts';

const RETENTION_EVERY_MS = 60_000;
/** Not at once: a machine that has just started may not know the time yet, and what is too old would be all. */
const RETENTION_AFTER_MS = 10 * 60_000;
/** Retention takes at most about so long after a batch. */
const RETENTION_MS = 20;

if (parentPort === null) throw new Error('this is a worker');
const port = parentPort;
const task = workerData as WriterTask;
let store: Store | null = null;
let nextRetention = performance.now() + RETENTION_AFTER_MS;

const send = (message: FromWriter): void => {
  port.postMessage(message);
};

function fail(error: unknown): void {
  if (error instanceof HistoryError) {
    send({ type: 'refused', code: error.code, message: error.message });
  } else {
    const fault = error instanceof FileGone ? 'gone' : fileFaultOf(error);
    if (fault === null) throw error;
    send({ type: 'failed', fault, message: (error as Error).message, seed: store?.seed ?? null });
  }
  port.close();
}

function obey(order: ToWriter): void {
  if (store === null) return;
  if (order.type === 'close') {
    store.close(order.newest);
    send({ type: 'closed' });
    port.close();
    return;
  }
  if (order.type === 'leave') {
    send({ type: 'failed', fault: 'damaged', message: order.message, seed: store.seed });
    port.close();
    return;
  }
  store.write(order.batch);
  send({ type: 'written', stored: store.stored, bytes: bytesOf(task.dir) });
  if (performance.now() >= nextRetention) {
    nextRetention = performance.now() + RETENTION_EVERY_MS;
    store.beginRetention(order.now);
  }
  store.retain(RETENTION_MS);
}

/** What the file and its log take of the disk. */
function bytesOf(dir: string): number {
  const sizes = ['', '-wal'].map(
    (ending) => statSync(databaseFile(dir) + ending, { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

port.on('message', (order: ToWriter) => {
  try {
    obey(order);
  } catch (error) {
    fail(error);
  }
});
try {
  const aside = task.isDamaged ? setAside(task.dir, Date.now()) : null;
  store = new Store(task.dir, task.keepMs, task.expected, task.seed);
  send({ type: 'opened', stored: store.stored, aside });
} catch (error) {
  fail(error);
}

/**
 * The thread that owns the file of a history, and the only code that ever opens it: a disk that is slow, or stuck, blocks
 * neither the feed nor the probes. Batches come first, questions wait for them, and the check of the file comes last. It
 * ends at a failure that it can't go on from, and with it everything that it had open; the main thread starts the next.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { prepareFolder } from './data-dir.ts';
import { fileFaultOf } from './database.ts';
import { type DiskFault, HistoryError } from './history-error.ts';
import { FileGone, HistoryFile, HistoryLock, quarantine } from './history-file.ts';
import { type Answering, HistoryReader, type RestoredRows } from './history-reader.ts';
import { openToRead, unreadable } from './history-schema.ts';
import { RetentionSchedule } from './retention-schedule.ts';
import { loadDriver, type SqliteDriver } from './sqlite-driver.ts';
import type { FromThread, Opened, RestoredEntry, ThreadTask, ToThread } from './thread-messages.ts';

/** The file is checked when the monitor has found its feet. */
const CHECK_AFTER_MS = 5000;
/** How long retention takes after a batch, about. */
const RETENTION_MS = 20;
/** So many services go to the main thread at once when it is opened. */
const PIECE = 16;
/** A question is worked at for this long before it is seen whether a batch has come. */
const STEP_MS = 10;

if (parentPort === null) throw new Error('this is a worker');
const port = parentPort;
const task = workerData as ThreadTask;

interface Question {
  readonly id: number;
  readonly steps: Answering<unknown>;
}

/** The check of the file, which is worked at where nothing is asked. */
const CHECK = -1;

let lock: HistoryLock | null = null;
/** Null where it can only be read. */
let file: HistoryFile | null = null;
let reader: HistoryReader | null = null;
const retention = new RetentionSchedule(performance.now());
let questions: Question[] = [];
let isAtWork = false;

function send(message: FromThread): void {
  port.postMessage(message);
}

/** @param isRefused whether the folder is not a history's */
function end(isRefused = false): void {
  reader = null;
  file = null;
  port.close();
  lock?.release(isRefused);
}

/** @throws where it is a fault of the program */
function faultOf(error: unknown): DiskFault {
  const fault = error instanceof FileGone ? 'gone' : fileFaultOf(error);
  if (fault === null) throw error;
  return fault;
}

function fail(error: unknown): void {
  if (error instanceof HistoryError) {
    send({ type: 'refused', code: error.code, message: error.message });
    end(true);
    return;
  }
  const fault = faultOf(error);
  // Room may be made, and a lock let go: that needs no other connection.
  const isOver = file === null || (fault !== 'full' && fault !== 'busy');
  send({ type: 'failed', fault, message: (error as Error).message, seed: file?.seed ?? null, isOver });
  if (isOver) end();
}

function damaged(message: string): void {
  send({ type: 'failed', fault: 'damaged', message, seed: file?.seed ?? null, isOver: true });
  end();
}

function takeLock(driver: SqliteDriver): string | null {
  try {
    lock = HistoryLock.take(driver, task.dir);
    return null;
  } catch (error) {
    if (error instanceof HistoryError) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** Says what a monitor resumes from: the services first, in pieces. */
function restore(from: HistoryReader): RestoredRows {
  let piece: RestoredEntry[] = [];
  const sendPiece = (): void => {
    send({ type: 'services', entries: JSON.stringify(piece) });
    piece = [];
  };
  for (const entry of from.restoredServices()) {
    piece.push(entry);
    if (piece.length === PIECE) sendPiece();
  }
  sendPiece();
  return from.restored();
}

/** @throws HistoryError where there is nothing to be opened; whatever SQLite throws */
function open(driver: SqliteDriver): Omit<Opened, 'services'> {
  if (task.access === 'read') {
    reader = new HistoryReader(openToRead(driver, task.dir));
    const nothing = { id: null, stored: { newest: 0, completeAfter: 0 }, events: [], notes: [] };
    return { ...nothing, aside: null, lockProblem: null, readOnly: null };
  }
  let lockProblem: string | null = null;
  let aside: string | null = null;
  try {
    prepareFolder(task.dir);
    lockProblem = takeLock(driver);
    if (task.isDamaged) aside = quarantine(task.dir, Date.now());
    file = new HistoryFile(driver, task);
    ({ reader } = file);
    checkLater(file);
    return { ...restore(reader), aside, lockProblem, readOnly: null };
  } catch (error) {
    if (error instanceof HistoryError) throw error;
    const fault = faultOf(error);
    if (fault === 'damaged' || fault === 'busy') throw error;
    try {
      reader = new HistoryReader(openToRead(driver, task.dir, ['immutable']));
    } catch {
      throw error;
    }
    return { ...restore(reader), aside, lockProblem, readOnly: { fault, message: (error as Error).message } };
  }
}

function checkLater(checked: HistoryFile): void {
  setTimeout(() => {
    questions.push({ id: CHECK, steps: checked.check() });
    workOn();
  }, CHECK_AFTER_MS).unref();
}

function write({ batch, now }: ToThread & { type: 'write' }): void {
  if (file === null) return;
  try {
    file.write(batch);
    send({ type: 'written', stored: file.stored, bytes: file.bytes });
    if (retention.isDue(now, performance.now())) file.beginRetention(now);
    file.retain(RETENTION_MS);
  } catch (error) {
    fail(error);
  }
}

function ask({ id, method, about }: ToThread & { type: 'ask' }): void {
  if (reader === null) return;
  const steps = (reader[method] as (about: unknown) => Answering<unknown>).call(reader, about);
  questions.push({ id, steps });
  workOn();
}

/** Works at the questions, a step at a time: a batch that comes in between is written first. */
function workOn(): void {
  if (isAtWork) return;
  isAtWork = true;
  setImmediate(() => {
    isAtWork = false;
    const question = questions.find(({ id }) => id !== CHECK) ?? questions[0];
    if (question === undefined || reader === null) return;
    questions = questions.filter((one) => one !== question);
    // Behind the others: a short question does not wait for a long one.
    if (!step(question)) questions.push(question);
    if (questions.length > 0) workOn();
  });
}

/** Returns whether it is done with. */
function step({ id, steps }: Question): boolean {
  try {
    for (const until = performance.now() + STEP_MS; performance.now() < until;) {
      const { done, value } = steps.next();
      if (done !== true) continue;
      if (id !== CHECK) send({ type: 'answer', id, answer: value });
      else if (typeof value === 'string') damaged(value);
      return true;
    }
    return false;
  } catch (error) {
    const fault = faultOf(error);
    const { code, message } = unreadable(task.dir, error);
    if (id !== CHECK) send({ type: 'no-answer', id, code, message });
    // A fault that passes must not hide months: only what is damaged is set aside.
    if (fault === 'damaged' && task.access === 'write') damaged((error as Error).message);
    return true;
  }
}

function close(): void {
  try {
    if (file === null) reader?.close();
    else file.close();
  } catch {
    // What was written is in the file, or its log.
  }
  end();
}

try {
  const driver = await loadDriver();
  send({ type: 'opened', opened: open(driver) });
  port.on('message', (message: ToThread) => {
    if (message.type === 'write') write(message);
    else if (message.type === 'ask') ask(message);
    else if (message.type === 'drop') questions = questions.filter(({ id }) => id !== message.id);
    else close();
  });
} catch (error) {
  fail(error);
}

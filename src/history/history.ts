/**
 * What a monitor keeps beyond its own end: a file in a folder, which one thread owns. After the start nothing that happens
 * to the disk reaches the monitor: what can't be written waits in memory, and `problem` says so.
 */
import { randomUUID } from 'node:crypto';

import type { Logger } from 'pino';

import {
  type Archive,
  type ArchiveFigures,
  type ArchiveReader,
  totalsOf,
  type RestoredState,
} from '../core/archive.ts';
import type { Note } from '../core/messages.ts';
import type { Totals } from '../core/model.ts';
import type { RecordedMonitor } from '../core/source.ts';
import type { StoredEvents } from './history-rows.ts';
import { EventStore } from './event-store.ts';
import { type DiskHost, HistoryDisk } from './history-disk.ts';
import { HistoryError } from './history-error.ts';
import { BATCH, HistoryRecorder } from './history-recorder.ts';
import { HistoryThread } from './history-thread.ts';
import type { About, Answer, HistoryQuestions, Opened } from './thread-messages.ts';

/** What happened is on disk after this, and the time that it takes to write. */
const FLUSH_MS = 300;
/** Where nothing happens, the sign of life is written every other time. */
const ALIVE_MS = FLUSH_MS * 1.5;
/** How long the start waits for the disk, and the end. */
const PATIENCE_MS = 3000;
/** How long a file that was only read may take to close. */
const CLOSE_MS = 1000;

export interface HistoryOptions {
  readonly dir: string;
  /** How long to keep, in milliseconds. */
  readonly keepMs: number;
  readonly log: Logger;
}

type LateListener = (services: RestoredState['services'], notes: readonly Note[]) => void;

export class History implements Archive, DiskHost {
  readonly reader: ArchiveReader;
  readonly #disk: HistoryDisk;
  readonly #events: EventStore;
  #id: string | null = null;
  #services: RestoredState['services'] = new Map();
  #notes: readonly Note[] = [];
  #hasOpened = false;
  readonly #lateListeners: LateListener[] = [];
  #recorder: HistoryRecorder | null = null;
  #flush: NodeJS.Timeout | null = null;
  #writtenAt = -Infinity;
  #closing: Promise<void> | null = null;

  private constructor(options: HistoryOptions) {
    this.#disk = new HistoryDisk(options, this);
    const ask: Ask = (method, about) => this.#disk.ask(method, about);
    this.reader = readerOf(ask);
    this.#events = new EventStore((after, limit) => ask('events', { after, limit }));
  }

  /**
   * Opens the history in a folder, or begins one. Where the disk is full, can only be read, or does not answer, it goes on
   * all the same, and `problem` says so.
   * @throws HistoryError where another process has it, the folder can't be used, or the file is no history, or a later one's
   */
  static async open(options: HistoryOptions): Promise<History> {
    const history = new History(options);
    await history.#disk.open(PATIENCE_MS);
    return history;
  }

  /** What a monitor resumes from: the services as they were when this was opened, and the events as they are now. */
  get restored(): RestoredState {
    this.#id ??= randomUUID();
    return { id: this.#id, events: this.#events, services: this.#services, notes: this.#notes };
  }

  /** The id of a new file; null where it may have one of its own. */
  get id(): string | null {
    return this.#id;
  }

  /** Calls where the disk answers only when the monitor has begun with nothing. Its events are in the log by then. */
  onLate(listener: LateListener): void {
    this.#lateListeners.push(listener);
  }

  get problem(): string | null {
    return this.#disk.problem;
  }

  get kept(): ReadonlyMap<string, Totals> {
    return this.#recorder?.kept ?? new Map();
  }

  get figures(): ArchiveFigures {
    return { bytes: this.#disk.bytes, waiting: this.waiting(), lost: this.#events.lostCount };
  }

  /** Calls when something else is wrong than before, or nothing any more. */
  onProblem(listener: (problem: string | null) => void): void {
    this.#disk.onProblem(listener);
  }

  /** How far each hook is, as it stands in the file. @throws ArchiveError where there is no answer in time */
  hookStates(): Promise<ReadonlyMap<string, string>> {
    return this.#disk.ask('hookStates', undefined);
  }

  /** Keeps how far a hook is, with the next batch; null forgets it. To be called while a monitor is recorded. */
  keepHookState(id: string, state: string | null): void {
    this.#recorder?.keepHookState(id, state);
  }

  /** Follows a monitor, which goes on from what was restored, until `close`. */
  record(monitor: RecordedMonitor): void {
    const recorder = new HistoryRecorder(monitor, this.#events, keptOf(this.#services));
    this.#recorder = recorder;
    this.#flush = setInterval(() => {
      this.#disk.checkHealth();
      const isIdle = !recorder.hasNews && performance.now() - this.#writtenAt < ALIVE_MS;
      if (this.#disk.isReady && !isIdle) this.#write(recorder);
    }, FLUSH_MS);
  }

  /** Writes what is left, and lets go of the file. To be called when the monitor has stopped. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#flush !== null) clearInterval(this.#flush);
    const recorder = this.#recorder;
    if (recorder !== null) {
      await this.#disk.until(() => this.#disk.isReady, PATIENCE_MS);
      if (this.#disk.isReady) {
        this.#write(recorder);
        await this.#disk.until(() => this.#disk.isReady && !recorder.hasNews, PATIENCE_MS);
      }
      recorder.stop();
    }
    await this.#disk.close();
  }

  waiting(): number {
    return this.#events.waiting;
  }

  opened(opened: Opened): void {
    this.#events.open(opened);
    if (this.#hasOpened) return;
    this.#hasOpened = true;
    if (this.#id !== null) {
      // Late: the monitor has begun, under another id.
      for (const listener of this.#lateListeners) listener(opened.services, opened.notes);
      return;
    }
    this.#id = opened.id;
    this.#services = opened.services;
    this.#notes = opened.notes;
  }

  written(stored: StoredEvents): void {
    this.#events.written(stored, this.#recorder?.written() ?? []);
    if (this.#recorder !== null && this.waiting() >= BATCH) this.#write(this.#recorder);
  }

  failed(): void {
    this.#recorder?.failed();
  }

  #write(recorder: HistoryRecorder): void {
    this.#writtenAt = performance.now();
    this.#disk.write(recorder.batch());
  }
}

function keptOf(services: RestoredState['services']): ReadonlyMap<string, Totals> {
  return new Map(Array.from(services, ([name, restored]) => [name, totalsOf(restored)]));
}

/** A history that is only read, also while a monitor writes it. */
export interface OpenArchive extends ArchiveReader {
  close(): Promise<void>;
}

/**
 * Opens the history in a folder to read it. It is waited for the disk, however long that takes.
 * @throws HistoryError where there is none, or it can't be read
 */
export async function openArchive(dir: string): Promise<OpenArchive> {
  const task = { dir, access: 'read', keepMs: 0, isDamaged: false, id: null, seed: null } as const;
  return new Promise((resolve, reject) => {
    const thread = new HistoryThread(task, Infinity, (message) => {
      if (message.type === 'refused') reject(new HistoryError(message.code, message.message));
      else if (message.type === 'failed') reject(new HistoryError('unusable', message.message));
      else resolve({ ...readerOf((method, about) => thread.ask(method, about)), close: () => thread.close(CLOSE_MS) });
    });
  });
}

type Ask = <M extends keyof HistoryQuestions>(method: M, about: About<M>) => Promise<Answer<M>>;

function readerOf(ask: Ask): ArchiveReader {
  return {
    overview: () => ask('overview', undefined),
    intervals: (query) => ask('intervals', query),
    gaps: (query) => ask('gaps', query),
    openGaps: (services) => ask('openGaps', services),
    annotations: (window) => ask('annotations', window),
    rollups: (query) => ask('rollups', query),
  };
}

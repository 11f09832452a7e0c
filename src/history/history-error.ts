/** What is wrong with a history, in words for people: why it can't be used at all, and what ails it while it is used. */
import { ArchiveError } from '../core/archive.ts';

/** What ails a file. `io`: the disk failed. `other`: none of the known ones. */
export type FileFault = 'full' | 'readonly' | 'damaged' | 'busy' | 'io' | 'other';

/**
 * What kind of fault it is. `held`: another process has it. `unusable`: the folder can't be made or used. `newer`: it was
 * written by a later version. `foreign`: the file is something else. `missing`: there is nothing to read. `damaged`: it
 * can't be read. `unavailable`: it does not answer at present.
 */
export type HistoryFault = 'held' | 'unusable' | 'newer' | 'foreign' | 'missing' | 'damaged' | 'unavailable';

/** The history can't be used. The message is for people, and the whole of what to print. */
export class HistoryError extends ArchiveError {
  override readonly name = 'HistoryError';
  readonly code: HistoryFault;

  constructor(code: HistoryFault, message: string) {
    super(message);
    this.code = code;
  }
}

/** A disk that has not answered for this long is a problem, in milliseconds. */
export const STUCK_MS = 5000;
/** What happened once is shown for this long, in milliseconds. */
const NOTICE_MS = 10 * 60_000;

/** Why nothing can be written. `gone`: the file is not there any more. */
export type DiskFault = FileFault | 'gone' | 'held';

const CAUSES: Readonly<Record<DiskFault, string>> = {
  full: 'the disk is full: make room on it',
  readonly: 'it can only be read: mount the disk for writing, or give this user the right to write',
  damaged: 'the file is damaged, and could not be set aside',
  busy: 'another program has it locked',
  io: 'the disk does not do what it is asked for',
  gone: 'the file is gone',
  held: 'another process has it',
  other: 'it can not be used',
};

interface Failure {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly fault: DiskFault;
  readonly message: string;
}

export class HistoryProblem {
  readonly #file: string;
  #failure: Failure | null = null;
  #lock: string | null = null;
  #notices: { readonly text: string; readonly until: number }[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** Nothing can be written, until `works`. */
  fail(fault: DiskFault, message: string, now: number): void {
    this.#failure = { since: this.#failure?.since ?? now, fault, message };
  }

  /** It is written again. */
  works(): void {
    this.#failure = null;
  }

  /** Why it can't be known whether another process writes to the file; null where it can. */
  setLock(message: string | null): void {
    this.#lock = message;
  }

  /** Something happened that people should know of, although it works again. */
  notice(text: string, now: number): void {
    this.#notices = [...this.#notices, { text, until: now + NOTICE_MS }].slice(-3);
  }

  /** Changes when something else is wrong than before; empty where all is well. */
  kind({ now, stuckMs }: { now: number; stuckMs: number }): string {
    this.#notices = this.#notices.filter(({ until }) => until > now);
    const failure = this.#failure?.fault ?? (stuckMs > STUCK_MS ? 'stuck' : '');
    const parts = [failure, this.#lock ?? '', ...this.#notices.map(({ text }) => text)];
    return parts.filter((part) => part !== '').join(' ');
  }

  /**
   * All of it; null where all is well.
   * @param stuckMs for how long the disk has not answered
   */
  text({ now, waiting, stuckMs }: { now: number; waiting: number; stuckMs: number }): string | null {
    if (this.kind({ now, stuckMs }) === '') return null;
    const texts: string[] = [];
    const wait = `${String(waiting)} events wait in memory, to be written when that is possible.`;
    if (this.#failure !== null) {
      const { since, fault, message } = this.#failure;
      const when = new Date(since).toISOString();
      texts.push(
        `The history in ${this.#file} has not been written since ${when}: ${CAUSES[fault]} (${message}). ${wait}`,
      );
    } else if (stuckMs > STUCK_MS) {
      const seconds = Math.floor(stuckMs / 1000);
      texts.push(`The disk of the history, ${this.#file}, has not answered for ${String(seconds)} s. ${wait}`);
    }
    if (this.#lock !== null) {
      texts.push(`Whether another process writes to ${this.#file} too can not be known: ${this.#lock}.`);
    }
    texts.push(...this.#notices.map(({ text }) => text));
    return texts.join(' ');
  }
}

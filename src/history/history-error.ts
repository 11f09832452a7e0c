/** What is wrong with a history, told to people: what, where, and what to do. */

/**
 * What kind of fault it is. `held`: another process has it. `unusable`: the folder can't be made or used. `newer`: it was
 * written by a later version. `foreign`: the file is something else. `missing`: there is nothing to read. `damaged`: it
 * can't be read.
 */
export type HistoryFault = 'held' | 'unusable' | 'newer' | 'foreign' | 'missing' | 'damaged';

/** The history can't be used. The message is for people, and the whole of what to print. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly code: HistoryFault;

  constructor(code: HistoryFault, message: string) {
    super(message);
    this.code = code;
  }
}

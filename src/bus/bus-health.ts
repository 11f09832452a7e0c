/** Whether a hub hears its bus; and what is to be shown while it does not: nobody must take for present what is past. */
import type { Logger } from 'pino';

import { SILENT_MS } from './constants.ts';
import type { Board } from '../core/board.ts';
import { blindBoard } from './blind.ts';

const NOT_YET = 'not connected yet';

export class Hearing {
  readonly #log: Logger;
  #problem: string | null = NOT_YET;
  /** When the bus was last heard of, in milliseconds since the epoch. */
  #heardAt: number;
  #blind: Board | null = null;

  constructor(log: Logger, now: number) {
    this.#log = log;
    this.#heardAt = now;
  }

  /** Why nothing is heard at present, for people; null where all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The services while the bus has been away for long; null otherwise. */
  get blind(): Board | null {
    return this.#blind;
  }

  /** The bus is heard. Returns whether something else is to be shown now. */
  heard(now: number): boolean {
    this.#heardAt = now;
    if (this.#problem !== null) this.#log.info('the bus is heard');
    this.#problem = null;
    const wasBlind = this.#blind !== null;
    this.#blind = null;
    return wasBlind;
  }

  /** The bus is not heard. Returns whether something else is to be shown now. @param board what was known */
  failed(error: unknown, board: Board, now: number): boolean {
    const problem = error instanceof Error ? error.message : String(error);
    if (this.#problem === null || this.#problem === NOT_YET) this.#log.warn({ problem }, 'the bus is not heard');
    this.#problem = problem;
    if (this.#blind !== null || now - this.#heardAt < SILENT_MS) return false;
    this.#blind = blindBoard(board, this.#heardAt, now);
    return true;
  }
}

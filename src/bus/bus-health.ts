/** How a hub's reading of the bus goes: whether the bus is reachable, what is shown while it is not, and what could not be read. */
import type { Logger } from 'pino';

import type { Board } from '../core/board.ts';
import { SILENT_MS } from './bus-scripts.ts';
import { unobservedBoard } from './unobserved.ts';

const NOT_YET = 'not connected yet';

export class BusHealth {
  readonly #log: Logger;
  #problem: string | null = NOT_YET;
  /** When the bus last answered, in milliseconds since the epoch. */
  #answeredAt: number;
  #unobserved: Board | null = null;
  /** What was skipped, by kind. The kinds come from the code, so there are few. */
  readonly #kinds = new Set<string>();
  #skipped = 0;

  constructor(log: Logger, now: number) {
    this.#log = log;
    this.#answeredAt = now;
  }

  /** Why the bus can't be read at present, for people; null where all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The services while the bus has been unreachable for long, so that no past state is taken for the present one; null otherwise. */
  get unobserved(): Board | null {
    return this.#unobserved;
  }

  /** How many entries and events could not be read. */
  get skipped(): number {
    return this.#skipped;
  }

  /** The bus answers. Returns whether something else is to be shown now. */
  answered(now: number): boolean {
    this.#answeredAt = now;
    if (this.#problem !== null) this.#log.info('the bus answers');
    this.#problem = null;
    const wasUnobserved = this.#unobserved !== null;
    this.#unobserved = null;
    return wasUnobserved;
  }

  /** The bus can't be read. Returns whether something else is to be shown now. @param board what was known */
  failed(problem: string, board: Board, now: number): boolean {
    if (this.#problem === null || this.#problem === NOT_YET) this.#log.warn({ problem }, 'the bus can not be read');
    this.#problem = problem;
    if (this.#unobserved !== null || now - this.#answeredAt < SILENT_MS) return false;
    this.#unobserved = unobservedBoard(board, this.#answeredAt, now);
    return true;
  }

  /** Something in the stream can't be read: it is counted, and each kind of it logged once. @param problem one of a few texts */
  skip(problem: string): void {
    this.#skipped += 1;
    if (this.#kinds.has(problem)) return;
    this.#kinds.add(problem);
    this.#log.warn(`skipped in the stream of the bus: ${problem}; this is logged once, and counted`);
  }
}

/** What a hub could not read: counted, and each kind of it logged once. */
import type { Logger } from 'pino';

/** Kinds that are remembered: they come from the code, so there are few. */
export class Skipped {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #told = new Set<string>();
  #count = 0;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  /** @param problem one of a few texts */
  add(problem: string): void {
    this.#count += 1;
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    this.#log.warn(`skipped in the stream of the bus: ${problem}; this is told once, and counted`);
  }
}

/**
 * The stages of a run: wait until all services were up for a while, run the command, wait until they are up again. Pure:
 * time comes in, what is to be done comes out. Times in milliseconds of any clock that does not step.
 */

/** `before`: the command is not started yet. `after`: it has ended. */
type Stage = 'before' | 'during' | 'after' | 'over';

/** What is to be done. `not-up`: give up, without the command. `end-command`: it takes too long. */
type Step = 'wait' | 'start' | 'not-up' | 'end-command' | 'finish';

/** How long a run waits. */
export interface Patience {
  /** Every service up this long before the command. */
  readonly beforeMs: number;
  /** And this long after it. */
  readonly afterMs: number;
  /** The longest that any stage takes. */
  readonly giveUpMs: number;
}

/** @example
 * stages.next(now, [2500, 2100], proofMs) // start: both were up for the two seconds of `beforeMs`
 */
export class Stages {
  readonly #patience: Patience;
  #stage: Stage = 'before';
  #since: number;
  #endRequested = false;

  constructor(patience: Patience, now: number) {
    this.#patience = patience;
    this.#since = now;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** When the stage began. */
  get since(): number {
    return this.#since;
  }

  /** The command was started. */
  started(now: number): void {
    this.#enter('during', now);
  }

  /** The command has ended. */
  ended(now: number): void {
    this.#enter('after', now);
  }

  over(now: number): void {
    this.#enter('over', now);
  }

  /**
   * What is to be done now.
   * @param upForMs for each service, how long it has been up without a break; null where it is not up
   * @param proofMs after this long a probe of every service has certainly been sent and ended: until then "up" is
   *   only what was so before
   */
  next(now: number, upForMs: readonly (number | null)[], proofMs: number): Step {
    const { beforeMs, afterMs, giveUpMs } = this.#patience;
    const tookMs = now - this.#since;
    // Without a service nothing can be said.
    const allUpFor = (ms: number): boolean =>
      upForMs.length > 0 && upForMs.every((upFor) => upFor !== null && upFor >= ms);
    switch (this.#stage) {
      case 'before':
        if (allUpFor(beforeMs)) return 'start';
        return tookMs >= giveUpMs ? 'not-up' : 'wait';
      case 'during':
        if (tookMs < giveUpMs || this.#endRequested) return 'wait';
        this.#endRequested = true;
        return 'end-command';
      case 'after':
        return (tookMs >= Math.max(afterMs, proofMs) && allUpFor(afterMs)) || tookMs >= giveUpMs ? 'finish' : 'wait';
      case 'over':
        return 'wait';
    }
  }

  #enter(stage: Stage, now: number): void {
    this.#stage = stage;
    this.#since = now;
  }
}

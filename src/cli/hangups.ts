/** SIGHUP, from the first moment of the process on, so that one which comes during the start does not end it. */

/** Takes SIGHUP from the start of a command on, so that one which comes early does not end the process. */
class Hangups {
  #reload: (() => Promise<void>) | null = null;
  #pending = false;
  #running = false;
  #isClosed = false;
  #isReleased = false;
  readonly #onSignal = (): void => {
    if (this.#isReleased) {
      this.#leave();
      return;
    }
    this.#pending = true;
    void this.#next();
  };

  constructor() {
    process.on('SIGHUP', this.#onSignal);
  }

  /** Reloads at every SIGHUP from now on, and once where one came before; one after the other, the newest file last. */
  handle(reload: () => Promise<void>): void {
    this.#reload = reload;
    void this.#next();
  }

  /** From now on SIGHUP ends the process, unless another listener takes it; so does one that has come and was not handled. */
  release(): void {
    this.#isReleased = true;
    // Its turn is later: by then a listener of the command may be there.
    if (this.#pending) process.kill(process.pid, 'SIGHUP');
    this.#pending = false;
  }

  /** The listener stays until it is called: with its removal, Node drops a signal that has come and was not delivered yet. */
  #leave(): void {
    if (process.listenerCount('SIGHUP') > 1) return;
    process.off('SIGHUP', this.#onSignal);
    process.kill(process.pid, 'SIGHUP');
  }

  /** Whether the command ends: a reload that is under way changes nothing any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** No reload begins any more; SIGHUP does nothing until the process has ended. */
  close(): void {
    this.#isClosed = true;
    this.#reload = null;
  }

  async #next(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // It is null before `handle`, and after `close`.
    for (let reload = this.#reload; this.#pending && reload !== null; reload = this.#reload) {
      this.#pending = false;
      await reload();
    }
    this.#running = false;
  }
}

/** Those of this process. A command that does not reload anything releases them. */
export const hangups = new Hangups();

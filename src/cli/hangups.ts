/** SIGHUP, from the first moment of the process on, so that one which comes during the start does not end it. */

/** Takes SIGHUP from the start of a command on, so that one which comes early does not end the process. */
export class Hangups {
  #reload: (() => Promise<void>) | null = null;
  #pending = false;
  #running = false;
  readonly #onSignal = (): void => {
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

  /** SIGHUP does again what it did before; also one that has come and was not handled. */
  release(): void {
    process.off('SIGHUP', this.#onSignal);
    if (this.#pending) process.kill(process.pid, 'SIGHUP');
    this.#pending = false;
  }

  /** No reload begins any more; SIGHUP does nothing until the process has ended. */
  close(): void {
    this.#reload = null;
  }

  async #next(): Promise<void> {
    if (this.#running || this.#reload === null) return;
    this.#running = true;
    while (this.#pending) {
      this.#pending = false;
      await this.#reload();
    }
    this.#running = false;
  }
}

/** Those of this process. A command that does not reload anything releases them. */
export const hangups = new Hangups();

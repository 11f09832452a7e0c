/** When a publisher speaks: a sign of life at regular times, sooner where there is news, and pauses after failures. */
import type { BusLink } from './bus-connection.ts';

const FIRST_PAUSE_MS = 100;
/** Well below the time after which a monitor that says nothing is taken for silent. */
const LONGEST_PAUSE_MS = 1000;

export class Pace {
  #resolve: (() => void) | null = null;
  #soon: NodeJS.Timeout | null = null;
  /** There was news while nobody slept. */
  #awake = false;
  #hurries = false;

  /** Waits this long, or until it is woken. */
  async sleep(ms: number): Promise<void> {
    if (!this.#awake && !this.#hurries) await this.#wait(ms);
    this.#awake = false;
  }

  /** Wakes it in so long, if it is not woken sooner. */
  wakeIn(ms: number): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      this.#awake = true;
      this.#resolve?.();
    }, ms);
  }

  /** Waits no more from now on. */
  hurry(): void {
    this.#hurries = true;
    this.#resolve?.();
  }

  /** Waits after a failure: until there is a connection again, or, where there is one, longer and longer. */
  async pause(failures: number, link: BusLink): Promise<void> {
    const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
    const until = performance.now() + ms;
    if (!link.isReady && !this.#hurries) await link.ready(LONGEST_PAUSE_MS);
    // News do not end this pause.
    for (let left = ms; left > 0 && !this.#hurries; left = until - performance.now()) await this.#wait(left);
  }

  async #wait(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
      timer = setTimeout(resolve, ms);
    });
    this.#resolve = null;
    clearTimeout(timer);
  }
}

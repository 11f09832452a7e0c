/** Samples wait for company: a write for each probe and client would cost ten times as much. */
import type { SampleMessage } from '../core/messages.ts';

/** How long a sample waits at most while there is time. */
const WAIT_MS = 40;
/** Writing samples takes at most one part in so many of the time: events come first. */
const SHARE = 4;
/** More than this do not wait; the oldest are dropped. */
const LIMIT = 10_000;

export class SampleBatch {
  readonly #write: (samples: readonly SampleMessage[]) => void;
  #waiting: SampleMessage[] = [];
  #timer: NodeJS.Timeout | null = null;
  #tookMs = 0;

  /** @param write called with what has come together */
  constructor(write: (samples: readonly SampleMessage[]) => void) {
    this.#write = write;
  }

  add(samples: readonly SampleMessage[]): void {
    this.#waiting.push(...samples);
    if (this.#waiting.length > LIMIT) this.#waiting = this.#waiting.slice(-LIMIT / 2);
    this.#timer ??= setTimeout(
      () => {
        this.#flush();
      },
      Math.max(WAIT_MS, this.#tookMs * (SHARE - 1)),
    );
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
  }

  #flush(): void {
    this.#timer = null;
    const samples = this.#waiting;
    this.#waiting = [];
    const before = performance.now();
    this.#write(samples);
    this.#tookMs = performance.now() - before;
  }
}

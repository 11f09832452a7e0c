/** Who answers: asked with a new connection, but not more than once a second. */
import type { Attempt } from '../attempt.ts';
import type { ProberEvents } from '../prober.ts';

const EVERY_MS = 1000;

export class Identity {
  readonly #tell: (id: string) => void;
  #askedAt = -Infinity;

  constructor(events: ProberEvents) {
    this.#tell = (id) => {
      events.identity(id);
    };
  }

  /** Whom to tell where this attempt shall ask; null where it need not. */
  askedBy(attempt: Attempt): ((id: string) => void) | null {
    if (attempt.sentAt - this.#askedAt < EVERY_MS) return null;
    this.#askedAt = attempt.sentAt;
    return this.#tell;
  }
}

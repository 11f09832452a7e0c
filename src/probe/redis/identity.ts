/** Who answers: asked with a new connection, until it has answered, and then not more than once a second. */
import type { Attempt } from '../attempt.ts';
import type { ProberEvents } from '../prober.ts';

const EVERY_MS = 1000;

export class Identity {
  readonly #tell: (id: string) => void;
  #answeredAt = -Infinity;

  constructor(events: ProberEvents) {
    this.#tell = (id) => {
      events.identity(id);
    };
  }

  /** Whom to tell where this attempt shall ask; null where it need not. */
  askedBy(attempt: Attempt): ((id: string) => void) | null {
    if (attempt.sentAt - this.#answeredAt < EVERY_MS) return null;
    return (id) => {
      // Not when it is asked: a proxy that accepts for a server that is not there yet would use up the question.
      this.#answeredAt = Math.max(this.#answeredAt, attempt.sentAt);
      this.#tell(id);
    };
  }
}

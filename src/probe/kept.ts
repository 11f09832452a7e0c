/**
 * `connection: kept`: every probe goes over one connection. When it breaks, that is told at once, and the probes that
 * were on it are sent once more, each over a connection of its own; the first of those that opens is kept from then on.
 */
import type { Attempt } from './attempt.ts';
import type { Failure } from './failure.ts';
import type { Prober, ProberEvents } from './prober.ts';

/** An open connection that carries probes. */
export interface Link {
  /** Sends a probe over it; ends the attempt. */
  send(attempt: Attempt): void;
  /** Closes it; `lost` is not called any more. */
  close(): void;
}

/** What a kind of probe gives so that its connections can be kept. */
export interface Linker {
  /**
   * Opens a connection for an attempt. On failure ends the attempt; until `opened` is called, the attempt's end closes
   * the connection.
   * @param opened called once, with the open connection; the probe itself has not been sent
   * @param lost called once, when the connection breaks later
   */
  open(attempt: Attempt, opened: (link: Link) => void, lost: (failure: Failure) => void): void;
}

export class KeptProber implements Prober {
  readonly #linker: Linker;
  readonly #events: ProberEvents;
  readonly #carried = new Set<Attempt>();
  #link: Link | null = null;

  constructor(linker: Linker, events: ProberEvents) {
    this.#linker = linker;
    this.#events = events;
  }

  start(attempt: Attempt): void {
    if (this.#link === null) this.#open(attempt);
    else this.#carry(attempt, this.#link);
  }

  close(): void {
    this.#link?.close();
    this.#link = null;
  }

  #open(attempt: Attempt): void {
    let mine: Link | null = null;
    this.#linker.open(
      attempt,
      (link) => {
        mine = link;
        attempt.release = null;
        if (this.#link === null) this.#link = link;
        else link.close(); // another attempt's connection opened first
        this.#carry(attempt, this.#link);
      },
      (failure) => {
        if (mine !== null && mine === this.#link) this.#lost(failure);
      },
    );
  }

  #carry(attempt: Attempt, link: Link): void {
    this.#carried.add(attempt);
    attempt.release = (reason) => {
      this.#carried.delete(attempt);
      // A reply that may still come would be taken for the next one's.
      if (reason === 'timeout-reply' && link === this.#link) {
        this.#lost({ reason, message: 'a probe over it was not answered in time' });
      }
    };
    if (attempt.phase !== 'reply') attempt.begin('reply');
    link.send(attempt);
  }

  #lost(failure: Failure): void {
    this.#link?.close();
    this.#link = null;
    const carried = [...this.#carried];
    this.#carried.clear();
    this.#events.connectionLost(failure);
    for (const attempt of carried) {
      if (attempt.ended) continue;
      attempt.release = null;
      if (attempt.redialled) {
        attempt.fail(failure);
      } else {
        attempt.redialled = true;
        attempt.begin('connect');
        this.#open(attempt);
      }
    }
  }
}

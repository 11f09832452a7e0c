/**
 * `connection: kept`: every probe goes over one connection. When it breaks, that is told at once, and the probes that
 * were on it are sent once more, each over a connection of its own; the first of those that opens is kept from then on.
 */
import { resultOf } from '../core/model.ts';
import type { Attempt } from './attempt.ts';
import type { Failure } from './failure.ts';
import type { Prober, ProberEvents } from './prober.ts';

/** An open connection that carries probes. */
export interface Link {
  /** Sends a probe over it. Ends the attempt, and sets its `answered` before, unless the connection breaks first. */
  send(attempt: Attempt): void;
  /** Closes it; nothing is told of it any more, and attempts on it are left as they are. */
  close(): void;
}

/** What a kind of probe gives so that its connections can be kept. */
export interface Linker {
  /**
   * Opens a connection for an attempt, probes over it, and ends the attempt.
   * @param opened called once, when the connection has answered the attempt and can be used again, whatever the answer
   * was; just before the attempt's end
   * @param lost called when the connection breaks after that; with null where it ended as the peer had announced
   */
  open(attempt: Attempt, opened: (link: Link) => void, lost: (failure: Failure | null) => void): void;
}

export class KeptProber implements Prober {
  readonly #linker: Linker;
  readonly #events: ProberEvents;
  readonly #carried = new Set<Attempt>();
  #link: Link | null = null;
  #closed = false;

  constructor(linker: Linker, events: ProberEvents) {
    this.#linker = linker;
    this.#events = events;
  }

  start(attempt: Attempt): void {
    if (this.#link === null) this.#open(attempt);
    else this.#carry(attempt, this.#link);
  }

  close(): void {
    this.#closed = true;
    this.#link?.close();
    this.#link = null;
  }

  #open(attempt: Attempt): void {
    let mine: Link | null = null;
    this.#linker.open(
      attempt,
      (link) => {
        attempt.release = null;
        if (this.#link !== null || this.#closed) {
          link.close(); // another attempt's connection opened first
          return;
        }
        mine = link;
        this.#link = link;
      },
      (failure) => {
        if (mine !== null) this.#lost(mine, failure);
      },
    );
  }

  #carry(attempt: Attempt, link: Link): void {
    this.#carried.add(attempt);
    attempt.release = (failure) => {
      this.#carried.delete(attempt);
      if (failure === null || failure.reason === 'stopped' || attempt.answered) return;
      // A reply that may still come would be taken for the next one's, or hold it up.
      this.#lost(link, resultOf(failure.reason) === 'down' ? failure : null);
    };
    attempt.begin('reply');
    link.send(attempt);
  }

  #lost(link: Link, failure: Failure | null): void {
    if (link !== this.#link) return;
    this.#link = null;
    link.close();
    const carried = [...this.#carried];
    this.#carried.clear();
    if (failure !== null) this.#events.connectionLost(failure);
    for (const attempt of carried) {
      attempt.release = null;
      attempt.begin('connect');
      this.#open(attempt);
    }
  }
}

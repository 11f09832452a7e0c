/** The events of a hub. Its readers hold on to it, so it stays the same where the stream is begun anew. */
import { type EventLog, MemoryEventLog } from '../core/event-log.ts';
import type { Event } from '../core/messages.ts';

/** Events in memory, for viewers who come back: some 100 MB. */
const KEPT = 100_000;

export class HubLog implements EventLog {
  #log = new MemoryEventLog(0, KEPT);

  get newest(): number {
    return this.#log.newest;
  }

  get oldest(): number {
    return this.#log.oldest;
  }

  append(event: Event): void {
    this.#log.append(event);
  }

  after(seq: number, limit: number): readonly Event[] | null {
    return this.#log.after(seq, limit);
  }

  /** Forgets all. @param newest the number of the newest event that is not kept */
  beginAt(newest: number): void {
    this.#log = new MemoryEventLog(newest, KEPT);
  }
}

/** The events by number: the newest in memory, with all that wait for the disk; older ones on the disk. */
import type { EventLog } from '../core/event-log.ts';
import type { Event } from '../core/messages.ts';
import type { LostStretch } from './batch.ts';
import type { Stored } from './event-blocks.ts';
import type { Expected } from './store.ts';

/** Events that stay in memory when they are on disk. */
const KEPT = 20_000;
/** Events that may wait for the disk: some 64 MB. */
const MOST = 200_000;
/** So many of the oldest are given up at once, when more would wait. */
const GIVEN_UP = 20_000;

/** Reads events from the disk, as `HistoryReader.events` does; null where that fails. */
export type ReadEvents = (seq: number, limit: number) => readonly Event[] | null;

export class EventStore implements EventLog {
  readonly #read: ReadEvents;
  readonly #most: number;
  readonly #givenUp: number;
  readonly #id: string;
  /** Without a hole. */
  #events: Event[] = [];
  #newest: number;
  /** Where numbers were left out at the start: the last event before that, and the first one behind it. */
  readonly #jump: { readonly before: number; readonly next: number } | null;
  /** What of them is on disk. */
  #stored: Pick<Stored, 'newest' | 'oldest'>;
  #lost = new Map<string, LostStretch>();
  #lostCount = 0;

  /** @param stored what is on disk; of it nothing is read before it is asked for */
  constructor(stored: Stored, read: ReadEvents, most: number = MOST, givenUp: number = GIVEN_UP) {
    this.#id = stored.id;
    this.#newest = stored.newest;
    this.#jump =
      stored.last > 0 && stored.last < stored.newest ? { before: stored.last, next: stored.newest + 1 } : null;
    this.#stored = stored;
    this.#read = read;
    this.#most = most;
    this.#givenUp = givenUp;
  }

  get newest(): number {
    return this.#newest;
  }

  get oldest(): number {
    return this.#isWhole ? Math.min(this.#stored.oldest, this.#first) : this.#first;
  }

  /** How many wait for the disk. */
  get waiting(): number {
    return this.#newest - this.#next + 1;
  }

  /** How many were given up, because too many waited. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** What was given up of each service and is not told to the disk yet. */
  get lost(): readonly LostStretch[] {
    return [...this.#lost.values()];
  }

  get expected(): Expected {
    return { id: this.#id, newest: this.#newest, next: this.#next };
  }

  append(event: Event): void {
    this.#newest = event.seq;
    this.#events.push(event);
    if (this.waiting > this.#most) this.#giveUp();
    // Cut in large pieces: shifting at every event would cost the whole length each time.
    const stored = this.#events.length - this.waiting;
    if (stored > KEPT * 1.25) this.#events = this.#events.slice(stored - KEPT);
  }

  after(seq: number, limit: number): readonly Event[] | null {
    if (seq > this.#newest || seq < this.oldest - 1) return null;
    if (seq === this.#jump?.before && this.#first === this.#jump.next) return this.#events.slice(0, limit);
    if (seq < this.#first - 1) {
      // Numbers that were left out may have been told: who has one of them knows what was lost.
      if (this.#jump !== null && seq > this.#jump.before && seq < this.#jump.next) return null;
      if (limit === 0) return [];
      const found = this.#read(seq, Math.min(limit, this.#first - 1 - seq));
      // There must be one: it is kept. Where the disk does not give it, it can't be told.
      if (found === null || found.length === 0) return null;
      const isAll = found.at(-1)?.seq === this.#first - 1;
      return isAll ? [...found, ...this.#events.slice(0, limit - found.length)] : found;
    }
    const from = seq - this.#first + 1;
    return this.#events.slice(from, from + limit);
  }

  /** The next that are to be written, the oldest first. */
  next(limit: number): readonly Event[] {
    const from = this.#next - this.#first;
    return this.#events.slice(from, from + limit);
  }

  /** What is on disk now. @param told the lost stretches that are told there */
  take(stored: Stored, told: readonly LostStretch[]): void {
    this.#stored = stored;
    for (const stretch of told) if (this.#lost.get(stretch.service) === stretch) this.#lost.delete(stretch.service);
  }

  /** The number of the first event in memory. */
  get #first(): number {
    return this.#newest - this.#events.length + 1;
  }

  /** The number of the first event that waits. */
  get #next(): number {
    return Math.max(this.#first, this.#stored.newest + 1);
  }

  /** Whether disk and memory together have no hole. */
  get #isWhole(): boolean {
    return this.#stored.newest >= this.#first - 1;
  }

  #giveUp(): void {
    const from = this.#next - this.#first;
    const gone = this.#events.slice(from, from + this.#givenUp);
    this.#events = this.#events.slice(from + gone.length);
    this.#lostCount += gone.length;
    for (const event of gone) {
      if (event.type !== 'transition') continue;
      const { service, at, to: state, reason } = event;
      this.#lost.set(service, { service, from: this.#lost.get(service)?.from ?? at, to: at, state, reason });
    }
  }
}

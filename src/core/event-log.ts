/** The numbers of events, and the events that a client which comes back may have missed. */
import type { Event } from './messages.ts';

/** As numbers have it: microseconds. */
const DAY_US = 86_400_000_000;

/**
 * Gives events their numbers: a hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014). A number is the
 * wall clock in microseconds or, where that did not advance, one more than the last. So numbers grow strictly, and are not
 * given twice even where the last ones never reached the disk. They fit a double until the year 2255.
 * @example
 * const numbers = new EventNumbers(0, 1000);
 * numbers.next(1000.5); // 1000500
 * numbers.next(999); // 1000501: the wall clock was set back
 */
export class EventNumbers {
  #last: number;

  /**
   * @param last the newest number that is known to be given, 0 for none
   * @param now milliseconds since the Unix epoch
   */
  constructor(last: number, now: number) {
    const present = Math.floor(now * 1000);
    // Where the clock is behind, numbers after the last one may have been given and lost in a kill: a day is left out for them.
    this.#last = present >= last ? present : last + DAY_US;
  }

  /** The newest number that was given; before the first one, a number that is smaller than all that will be given. */
  get last(): number {
    return this.#last;
  }

  /** @param now milliseconds since the Unix epoch, by the wall clock */
  next(now: number): number {
    this.#last = Math.max(this.#last + 1, Math.floor(now * 1000));
    return this.#last;
  }
}

/** The events of one monitor, by their numbers. A hole between two numbers means nothing. */
export interface EventLog {
  /** The number of the newest event; 0 where there is none yet. */
  readonly newest: number;
  /** Every event with a greater number than this is kept. */
  readonly completeAfter: number;
  /**
   * Whether a client that has the events up to a number can go on from there: all later ones are kept, and the number was
   * given, if only to an event that was lost in a kill.
   */
  canResume(seq: number): boolean;
  /** All numbers that are given from now on are greater than this one. */
  begin(floor: number): void;
  /** Keeps the next event: its number is greater than `newest`. */
  append(event: Event): void;
  /** The newest events that are in memory, the oldest first. @param limit at most this many of them */
  latest(limit: number): readonly Event[];
  /**
   * The events after a number, the oldest first; empty where there is none. Never rejects.
   * @param limit at most this many of them
   * @returns null where one of them is not kept any more, or could not be read
   */
  after(seq: number, limit: number): Promise<readonly Event[] | null>;
}

/** Events kept without a history: a day of 20 services that restart every five minutes, some 15 MB with their frames. */
const KEPT = 20_000;

/** Keeps the newest events in memory. */
export class MemoryEventLog implements EventLog {
  readonly #kept: number;
  #events: Event[] = [];
  #newest: number;
  #completeAfter: number;
  #floor = 0;

  /** @param completeAfter the number of the newest event that was given before this log began, 0 for none */
  constructor(completeAfter: number, kept: number = KEPT) {
    this.#newest = completeAfter;
    this.#completeAfter = completeAfter;
    this.#kept = kept;
  }

  get newest(): number {
    return this.#newest;
  }

  get completeAfter(): number {
    return this.#completeAfter;
  }

  canResume(seq: number): boolean {
    return seq >= this.#completeAfter && seq <= Math.max(this.#newest, this.#floor);
  }

  begin(floor: number): void {
    this.#floor = floor;
  }

  append(event: Event): void {
    this.#newest = event.seq;
    this.#events.push(event);
    // Cut in large pieces: shifting at every event would cost the whole length each time.
    if (this.#events.length < this.#kept * 1.25) return;
    this.#completeAfter = this.#events.at(-this.#kept - 1)?.seq ?? this.#completeAfter;
    this.#events = this.#events.slice(-this.#kept);
  }

  /** Forgets all events. @param completeAfter the number of the newest event that is not kept */
  restart(completeAfter: number): void {
    this.#events = [];
    this.#newest = completeAfter;
    this.#completeAfter = completeAfter;
  }

  latest(limit: number): readonly Event[] {
    return this.#events.slice(-limit);
  }

  after(seq: number, limit: number): Promise<readonly Event[] | null> {
    return Promise.resolve(this.eventsAfter(seq, limit));
  }

  /** As `after`, at once. */
  eventsAfter(seq: number, limit: number): readonly Event[] | null {
    if (seq < this.#completeAfter) return null;
    const from = indexAfter(this.#events, seq);
    return this.#events.slice(from, from + limit);
  }
}

/** The place of the first event with a greater number: a binary search. @param events in the order of their numbers */
export function indexAfter(events: readonly Pick<Event, 'seq'>[], seq: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

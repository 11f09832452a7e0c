/** The events by number: the newest in memory, with all that wait for the disk; older ones on the disk. */
import { type EventLog, indexAfter } from '../core/event-log.ts';
import type { Event } from '../core/messages.ts';
import type { Opened, LostStretch } from './thread-messages.ts';
import type { StoredEvents } from './history-rows.ts';

/** Events that stay in memory when they are on disk. */
const KEPT = 20_000;
/** Events that may wait for the disk: some 64 MB. */
const MOST = 200_000;
/** How many of the oldest are dropped at once, when more would wait. */
const GIVEN_UP = 20_000;
/** Events that are asked of the disk at a time, at most. */
const PAGE = 5000;

/** Reads events from the disk, as `HistoryQuestions.events` does: at most `limit`, which is some thousands. */
export type ReadEvents = (after: number, limit: number) => Promise<readonly Event[] | null>;

export class EventStore implements EventLog {
  readonly #read: ReadEvents;
  readonly #most: number;
  readonly #givenUp: number;
  /** All that have a greater number than `#memoryAfter`. */
  #events: Event[] = [];
  #memoryAfter = 0;
  /** The newest one that is on disk, and the number after which all are, up to that one. */
  #storedTo = 0;
  #storedAfter = 0;
  #lost = new Map<string, LostStretch>();
  #lostCount = 0;
  #floor = 0;

  /** @param read older events than those in memory */
  constructor(read: ReadEvents, most: number = MOST, givenUp: number = GIVEN_UP) {
    this.#read = read;
    this.#most = most;
    this.#givenUp = givenUp;
  }

  get newest(): number {
    return this.#events.at(-1)?.seq ?? this.#memoryAfter;
  }

  get completeAfter(): number {
    // Where events are missing between disk and memory, only memory counts.
    return this.#storedTo < this.#memoryAfter ? this.#memoryAfter : Math.min(this.#storedAfter, this.#memoryAfter);
  }

  /** The number up to which events may be missing on the disk, for good. */
  get missingTo(): number {
    return this.#storedAfter;
  }

  /** How many wait for the disk. */
  get waiting(): number {
    return this.#events.length - this.#next;
  }

  /** How many were dropped, because too many waited. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** What was dropped of each service and is not written yet. */
  get lost(): readonly LostStretch[] {
    return [...this.#lost.values()];
  }

  canResume(seq: number): boolean {
    // One beyond the newest was given before a kill, and its event did not reach the disk.
    return seq >= this.completeAfter && seq <= Math.max(this.newest, this.#floor);
  }

  begin(floor: number): void {
    this.#floor = floor;
  }

  append(event: Event): void {
    this.#events.push(event);
    if (this.#events.length <= Math.min(KEPT, this.#most)) return;
    if (this.waiting > this.#most) this.#giveUp();
    // Cut in large pieces: shifting at every event would cost the whole length each time.
    if (this.#next > KEPT * 1.25) this.#forget(this.#next - KEPT);
  }

  latest(limit: number): readonly Event[] {
    return this.#events.slice(-limit);
  }

  async after(seq: number, limit: number): Promise<readonly Event[] | null> {
    if (seq < this.completeAfter) return null;
    if (seq >= this.#memoryAfter) {
      const from = indexAfter(this.#events, seq);
      return this.#events.slice(from, from + limit);
    }
    const asked = Math.min(limit, PAGE);
    const found = await this.#read(seq, asked).catch(() => null);
    if (found === null || found.length === asked) return found;
    // That was all of the disk: what is in memory by now follows it.
    const rest = await this.after(found.at(-1)?.seq ?? this.#memoryAfter, limit - found.length);
    return rest === null ? null : [...found, ...rest];
  }

  /** The next that are to be written, the oldest first. */
  next(limit: number): readonly Event[] {
    return this.#events.slice(this.#next, this.#next + limit);
  }

  /** A file was opened, which may be another one than before. */
  open({ stored, events }: Pick<Opened, 'stored' | 'events'>): void {
    const first = this.#events[0]?.seq ?? Infinity;
    if (this.#memoryAfter === 0 && stored.newest < first) {
      // What it holds is from before all that is here.
      this.#memoryAfter = (events[0]?.seq ?? stored.newest + 1) - 1;
      this.#events = [...events, ...this.#events];
    }
    // It has less than was written, or what a clock that was ahead gave numbers to: nothing of here is on it.
    const isOther = stored.newest < this.#storedTo || (this.#storedTo === 0 && stored.newest >= first);
    this.written(isOther ? { newest: this.#storedTo, completeAfter: this.#storedTo } : stored, []);
  }

  /** What is on disk now. @param lost the lost stretches that were written too */
  written(stored: StoredEvents, lost: readonly LostStretch[]): void {
    // A new file has none of what was written to the one before: its sums have it.
    this.#storedTo = Math.max(this.#storedTo, stored.newest);
    this.#storedAfter = Math.max(this.#storedAfter, stored.completeAfter);
    for (const stretch of lost) if (this.#lost.get(stretch.service) === stretch) this.#lost.delete(stretch.service);
  }

  /** The place of the first event that waits. */
  get #next(): number {
    return indexAfter(this.#events, this.#storedTo);
  }

  /** Drops the oldest from memory. */
  #forget(count: number): void {
    this.#memoryAfter = this.#events[count - 1]?.seq ?? this.#memoryAfter;
    this.#events = this.#events.slice(count);
  }

  #giveUp(): void {
    const from = this.#next;
    const gone = this.#events.slice(from, from + this.#givenUp);
    this.#forget(from + gone.length);
    this.#storedAfter = this.#memoryAfter;
    this.#lostCount += gone.length;
    for (const event of gone) {
      if (event.type !== 'transition') continue;
      const { service, at, to: state, reason } = event;
      this.#lost.set(service, { service, from: this.#lost.get(service)?.from ?? at, to: at, state, reason });
    }
  }
}

/** How far a publisher has come in its own events, and what the stream knows of its vantage by then. */
import type { Event, Hello } from '../core/messages.ts';
import { Board, BoardService } from '../core/board.ts';
import { isTold } from './told.ts';

export class Progress {
  /** The last own event that the stream has, or does not need; where it stands by, all before it are surely told. */
  position: number;
  /** What the stream knows of this vantage; null where this monitor has to look. */
  told: Board | null = null;
  /** Services that were opened as they were then: their events up to here are told. */
  readonly #included = new Map<string, number>();
  /** Where it took over from another monitor: up to which of its events the other may have told the same, and until when. */
  #takeover: { readonly through: number; readonly until: number } | null = null;

  constructor(position: number) {
    this.position = position;
  }

  /** Whether events are passed by that another monitor of the vantage may have told. */
  get takingOver(): boolean {
    return this.#takeover !== null;
  }

  /**
   * Goes on in the place of another monitor.
   * @param told what the stream has told of the vantage
   * @param through the newest own event
   * @param until the last sign of life of the other one, in milliseconds since the epoch
   */
  takeOver(told: Board, through: number, until: number): void {
    this.told = told;
    this.#takeover = { through, until };
  }

  /** Goes on from its own last event in the stream. */
  goOn(): void {
    this.#takeover = null;
  }

  /**
   * The stream was told this.
   * @param current services that it tells as they are at the own event `newest`
   */
  opened(hello: Hello, current: readonly string[], newest: number, events: readonly Event[]): void {
    this.told = new Board();
    this.told.apply(hello);
    for (const event of events) this.told.apply(event);
    for (const name of current) this.#included.set(name, newest);
  }

  /** Those of its events that the stream does not tell yet. */
  untold(events: readonly Event[]): Event[] {
    const fresh = events.filter(
      (event) => !('service' in event) || event.seq > (this.#included.get(event.service) ?? 0),
    );
    if (this.#takeover === null) return fresh;
    const { through, until } = this.#takeover;
    // Each is compared with what those before it say; the board itself changes when they are delivered.
    const board = new Board();
    for (const service of this.told?.services.values() ?? []) {
      board.services.set(service.name, BoardService.from(service.snapshot(until), until));
    }
    return fresh.filter((event) => {
      if (event.seq <= through && isTold(board, event, until)) return false;
      board.apply(event);
      return true;
    });
  }

  /** They are in the stream. */
  advance(events: readonly Event[], untold: readonly Event[]): void {
    this.position = events.at(-1)?.seq ?? this.position;
    for (const event of untold) this.told?.apply(event);
    if (this.position >= (this.#takeover?.through ?? 0)) this.#takeover = null;
    for (const [service, seq] of this.#included) if (this.position >= seq) this.#included.delete(service);
  }
}

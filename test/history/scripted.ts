/** A monitor that does what a test says, with a clock of its own: for what takes a real one months. */
import type { RestoredState, RestoredService } from '../../src/core/archive.ts';
import type { RecordedMonitor } from '../../src/core/source.ts';
import { type ServiceInfo } from '../../src/core/model.ts';
import { Board, BoardService } from '../../src/core/board.ts';
import { type EventLog, EventNumbers, MemoryEventLog } from '../../src/core/event-log.ts';
import { type Event, type GapFacts, type Message, type Unnumbered, PROTOCOL } from '../../src/core/messages.ts';
import type { Reason, State } from '../../src/core/model.ts';
import type { Reader } from '../../src/core/source.ts';
import type { Checkpoint } from '../../src/core/timeline.ts';

export const INFO: ServiceInfo = {
  kind: 'tcp',
  target: 'tcp://127.0.0.1:1',
  connection: 'new',
  group: null,
  intervalMs: 100,
  timeoutMs: 1000,
  rise: 1,
  fall: 1,
};

export class ScriptedMonitor implements RecordedMonitor {
  readonly identity: RecordedMonitor['identity'];
  readonly board = new Board();
  readonly events: EventLog;
  readonly checkpoints = new Map<string, Checkpoint>();
  readonly #numbers: EventNumbers;
  readonly #restored: Map<string, RestoredService>;
  readonly #readers = new Set<Reader>();
  /** Milliseconds since the epoch. */
  clock: number;

  /** @param clock when it starts */
  constructor(restored: RestoredState | null, clock: number) {
    this.#restored = new Map(restored?.services);
    this.clock = clock;
    this.events = restored?.events ?? new MemoryEventLog(0);
    this.#numbers = new EventNumbers(this.events.newest);
    this.identity = { id: restored?.id ?? 'scripted', vantage: 'here', version: '1', startedAt: clock };
  }

  now(): number {
    return this.clock;
  }

  observedUntil(): number {
    return this.clock;
  }

  checkpoint(service: string): Checkpoint | null {
    return this.checkpoints.get(service) ?? null;
  }

  subscribe(reader: Reader): () => void {
    reader.take([this.#hello()]);
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** Watches these services, and no others, as `Monitor.apply` does. */
  watch(...names: readonly string[]): void {
    for (const name of this.board.services.keys()) {
      if (names.includes(name)) continue;
      this.#absent(name, this.clock);
      this.board.services.delete(name);
    }
    for (const name of names) {
      if (this.board.services.has(name)) continue;
      const restored = this.#restored.get(name);
      this.#restored.delete(name);
      this.board.services.set(
        name,
        restored === undefined ? new BoardService(name, INFO, this.clock) : BoardService.resume(name, INFO, restored),
      );
      if (restored !== undefined) this.#absent(name, restored.until);
    }
    this.#publish([this.#hello()]);
  }

  /** A change of state, now. */
  change(service: string, to: State, reason: Reason | null = to === 'down' ? 'refused' : null): void {
    this.changeAt(this.clock, service, to, reason);
  }

  changeAt(at: number, service: string, to: State, reason: Reason | null): void {
    const from = this.board.services.get(service)?.state ?? 'unknown';
    const message = reason === null ? 'answers again' : `${reason}: nothing listens there (127.0.0.1:1)`;
    this.event({ type: 'transition', service, from, to, at, notBefore: at - 100, notAfter: at, reason, message });
  }

  gap(service: string, facts: Pick<GapFacts, 'from' | 'to'> & Partial<GapFacts>): void {
    const durationMs = facts.to - facts.from;
    const bounds = { durationMs, minMs: Math.max(0, durationMs - 100), maxMs: durationMs + 100, failed: 3 };
    this.event({ type: 'gap', service, ...bounds, reasons: [{ reason: 'refused', count: 3 }], ...facts });
  }

  mark(text: string): void {
    this.event({ type: 'mark', at: this.clock, text });
  }

  event(event: Unnumbered): void {
    const numbered: Event = { ...event, seq: this.#numbers.next(this.clock) };
    this.events.append(numbered);
    this.#publish([numbered]);
  }

  #absent(service: string, at: number): void {
    const from = this.board.services.get(service)?.state ?? 'unknown';
    if (from === 'unknown' || from === 'unobserved') return;
    const reason = 'stopped';
    this.event({
      type: 'transition',
      service,
      from,
      to: 'unobserved',
      at,
      notBefore: at,
      notAfter: at,
      reason,
      message: null,
    });
  }

  #publish(messages: readonly Message[]): void {
    for (const message of messages) if (message.type !== 'hello') this.board.apply(message);
    for (const reader of this.#readers) reader.take(messages);
  }

  #hello(): Message {
    const services = this.board.snapshot(this.clock);
    const seq = this.events.newest;
    return {
      type: 'hello',
      protocol: PROTOCOL,
      monitor: this.identity,
      now: this.clock,
      seq,
      resumed: false,
      services,
    };
  }
}

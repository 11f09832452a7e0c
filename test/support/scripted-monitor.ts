/**
 * A monitor that does what a test says: for floods, for states that a real one does not easily enter, and, with a clock that
 * the test sets, for what takes a real one months.
 */
import type { RestoredService, RestoredState } from '../../src/core/archive.ts';
import { Board, BoardService } from '../../src/core/board.ts';
import { type EventLog, EventNumbers, MemoryEventLog } from '../../src/core/event-log.ts';
import type {
  Event,
  Gap,
  Heartbeat,
  Hello,
  Mark,
  Message,
  MonitorIdentity,
  ServiceSnapshot,
  Unnumbered,
} from '../../src/core/messages.ts';
import { infoOf, type Reason, type ServiceInfo, type State } from '../../src/core/model.ts';
import type { FeedSource, Reader, RecordedMonitor } from '../../src/core/source.ts';
import type { Checkpoint } from '../../src/core/checkpoint.ts';
import { gap, hello, NO_PHASES, service, transition } from './builders.ts';

export interface Script {
  /** Services of which nothing is known yet. */
  readonly names?: readonly string[];
  /** Services of which something is known. */
  readonly services?: readonly ServiceSnapshot[];
  /** What differs from the builders' usual in the services that are only named. */
  readonly info?: Partial<ServiceInfo>;
  /** Milliseconds since the epoch: its clock stands there until the test sets it. Left out for the real time. */
  readonly clock?: number;
  /** What an earlier run has left: all of it, or its events. */
  readonly restored?: RestoredState;
  readonly events?: EventLog;
  readonly identity?: Partial<MonitorIdentity>;
  /** Numbers its events 1, 2, 3, ..., for tests that count by them. */
  readonly counts?: boolean;
}

export class ScriptedMonitor implements FeedSource, RecordedMonitor {
  readonly identity: MonitorIdentity;
  readonly board = new Board();
  readonly events: EventLog;
  readonly checkpoints = new Map<string, Checkpoint>();
  /** Events so far. */
  count = 0;
  readonly #info: ServiceInfo;
  readonly #counts: boolean;
  readonly #numbers: EventNumbers;
  readonly #restored: Map<string, RestoredService>;
  readonly #readers = new Set<Reader>();
  #clock: number | null;

  constructor(script: Script = {}) {
    const { restored, names = [], services = [] } = script;
    this.#info = infoOf(service('', script.info));
    this.#clock = script.clock ?? null;
    this.#counts = script.counts ?? false;
    this.#restored = new Map(restored?.services);
    this.events = script.events ?? restored?.events ?? new MemoryEventLog(0);
    this.#numbers = new EventNumbers(this.events.newest, this.#counts ? this.events.newest / 1000 : this.now());
    this.events.begin(this.#numbers.last);
    const usual = { vantage: 'here', version: '0.0.0', startedAt: this.clock };
    this.identity = { id: restored?.id ?? 'scripted', ...usual, ...script.identity };
    this.board.apply({ ...this.hello(), services });
    for (const name of names) this.#begin(name);
  }

  get clock(): number {
    return this.#clock ?? Date.now();
  }

  set clock(clock: number) {
    this.#clock = clock;
  }

  now(): number {
    return this.clock;
  }

  observedUntil(): number {
    return this.clock;
  }

  counters(): null {
    return null;
  }

  checkpoint(name: string): Checkpoint | null {
    return this.checkpoints.get(name) ?? null;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Whether a reader wants samples. */
  samplesWanted(): boolean {
    return [...this.#readers].some(({ samples }) => samples);
  }

  subscribe(reader: Reader): () => void {
    reader.take([this.hello()]);
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  /** Watches these services, and no others, as `Monitor.apply` does. */
  watch(...names: readonly string[]): void {
    for (const name of this.board.services.keys()) {
      if (names.includes(name)) continue;
      this.#absent(name, this.clock);
      this.board.services.delete(name);
    }
    for (const name of names) if (!this.board.services.has(name)) this.#begin(name);
    this.publish(this.hello());
  }

  /** A service enters a state. */
  change(name: string, to: State, { at = this.now(), ...more }: { at?: number; reason?: Reason | null } = {}): void {
    const from = this.board.services.get(name)?.state ?? 'unknown';
    const { reason, ...facts } = transition(name, from, to, at, more);
    const message = reason === null ? null : `${reason}: nothing listens there (127.0.0.1:1)`;
    this.event({ ...facts, reason, message });
  }

  /** A service was down. */
  gap(name: string, from: number, to: number, more: Partial<Gap> = {}): void {
    this.event(gap(name, from, to, more));
  }

  /** The status of a service with a `rise` or `fall` above 1. */
  status(name: string, status: State): void {
    this.publish({ type: 'status', service: name, at: this.now(), status });
  }

  mark(text: string): Mark {
    return this.event({ type: 'mark', at: this.now(), text }) as Mark;
  }

  heartbeat(more: Partial<Heartbeat> = {}): void {
    const figures = { probes: 1, missed: 0, lateMs: 1, overloaded: false };
    this.publish({ type: 'heartbeat', now: this.now(), seq: this.events.newest, ...figures, ...more });
  }

  /** Probes of `web` that were answered, at once. */
  samples(count: number): void {
    const found = { result: 'up', reason: null, message: null, phases: { ...NO_PHASES, connectMs: 1 } } as const;
    const sample = { type: 'sample', service: 'web', at: this.now(), durationMs: 1, ...found } as const;
    this.publish(...Array.from({ length: count }, () => sample));
  }

  /** Numbers an event, keeps it and publishes it. */
  event(event: Unnumbered): Event {
    const numbered = { ...event, seq: this.#numbers.next(this.#counts ? 0 : this.now()) };
    this.count += 1;
    this.events.append(numbered);
    this.publish(numbered);
    return numbered;
  }

  publish(...messages: readonly Message[]): void {
    for (const message of messages) if (message.type !== 'hello') this.board.apply(message);
    const others = messages.filter(({ type }) => type !== 'sample');
    for (const reader of this.#readers) {
      const due = reader.samples ? messages : others;
      if (due.length > 0) reader.take(due);
    }
  }

  hello(): Hello {
    const now = this.now();
    return hello(this.board.snapshot(now), { now, seq: this.events.newest }, this.identity);
  }

  #begin(name: string): void {
    const restored = this.#restored.get(name);
    this.#restored.delete(name);
    const begun =
      restored === undefined
        ? new BoardService(name, this.#info, this.now())
        : BoardService.resume(name, this.#info, restored);
    this.board.services.set(name, begun);
    if (restored !== undefined) this.#absent(name, restored.until);
  }

  #absent(name: string, at: number): void {
    const state = this.board.services.get(name)?.state;
    if (state !== 'unknown' && state !== 'unobserved') this.change(name, 'unobserved', { at, reason: 'stopped' });
  }
}

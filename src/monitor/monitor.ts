/**
 * A monitor, as the main thread holds it: the engines' threads behind it, the numbers of the events, what is known of
 * every service, and the readers of the one stream of messages. A reader never reaches back.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';

import type { RestoredState, RestoredService } from '../core/archive.ts';
import { infoOf, type ServiceInfo } from '../core/model.ts';
import { Board, BoardService } from '../core/board.ts';
import { Clock, systemClock } from '../core/clock.ts';
import { type EventLog, EventNumbers, MemoryEventLog } from '../core/event-log.ts';
import {
  type Event,
  type Heartbeat,
  type Hello,
  type Mark,
  type Message,
  type MonitorIdentity,
  type Unnumbered,
  PROTOCOL,
} from '../core/messages.ts';
import { ProbeCounters } from '../core/probe-counters.ts';
import type { Reader } from '../core/source.ts';
import { ENGINE_SILENCE_MS, checkpointOfUp, type Checkpoint } from '../core/timeline.ts';
import type { Watched } from '../probe/spec.ts';
import type {
  EngineStats,
  EngineReply,
  ScheduledService,
  ServiceCheckpoint,
  EngineCommand,
  EngineMessage,
} from './engine-protocol.ts';
import { phaseOf } from './grid.ts';

const HEARTBEAT_MS = 5000;
/** First probes are sent this far apart, so that a thousand services have their first answers within half a second. */
const INITIAL_DELAY_MS = 0.5;

export interface MonitorOptions {
  /** What it goes on from; left out for a monitor that remembers nothing. */
  readonly restored?: RestoredState;
  readonly vantage: string;
  readonly version: string;
  readonly watched: readonly Watched[];
  /** Threads that share the services: 1 or more. */
  readonly workers: number;
  /** Whether times follow a wall clock that is set meanwhile; true where it is left out. See `Clock`. */
  readonly followsSteps?: boolean;
  /** Called for each thread that may not raise its own priority. */
  readonly onLowPriority?: () => void;
}

interface Thread {
  readonly worker: Worker;
  /** When it last said that it is at work, in milliseconds since the epoch. */
  lastSeenAt: number;
  /** Whether it runs at a raised priority; null where that is not known or not possible. */
  isRaised: boolean | null;
  /** The figures that came with it. */
  lastStats: Partial<EngineStats>;
  /** Services that it was sent to remove, and may still emit messages of; in the order of the commands. */
  leaving: readonly string[];
}

/** How one thread does. `silentForMs`: since its last report, of which one a second is due. */
export interface EngineDiagnostics extends Partial<EngineStats> {
  readonly services: number;
  readonly silentForMs: number;
  readonly isRaised: boolean | null;
}

interface Place {
  readonly watched: Watched;
  readonly thread: Thread;
  readonly counters: ProbeCounters;
}

export class Monitor {
  readonly identity: MonitorIdentity;
  /** The events that were published, by their numbers. */
  readonly events: EventLog;
  readonly #options: MonitorOptions;
  readonly #numbers: EventNumbers;
  readonly #clock: Clock;
  readonly #board = new Board();
  readonly #threads: readonly Thread[];
  readonly #readers = new Set<Reader>();
  readonly #places = new Map<string, Place>();
  readonly #heartbeat: NodeJS.Timeout;
  /** What is known from before of services that were not watched yet. */
  readonly #restored: Map<string, RestoredService>;
  readonly #checkpoints = new Map<string, Checkpoint>();
  #stopping: Promise<void> | null = null;
  #scheduledCount = 0;
  #stats: EngineStats[] = [];

  /** Starts the threads and begins to watch. */
  constructor(options: MonitorOptions) {
    const { followsSteps = true } = options;
    this.#options = options;
    this.#clock = new Clock(systemClock, followsSteps);
    this.identity = {
      id: options.restored?.id ?? randomUUID(),
      vantage: options.vantage,
      version: options.version,
      startedAt: this.now(),
    };
    this.events = options.restored?.events ?? new MemoryEventLog(0);
    this.#numbers = new EventNumbers(this.events.newest, this.now());
    this.events.begin(this.#numbers.last);
    this.#restored = new Map(options.restored?.services);
    this.#threads = Array.from({ length: options.workers }, () => this.#startThread(followsSteps));
    this.#heartbeat = setInterval(() => {
      this.#publish([this.#makeHeartbeat()]);
    }, HEARTBEAT_MS);
    this.apply(options.watched);
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    this.#clock.check();
    return this.#clock.epoch(this.#clock.now());
  }

  /**
   * Until when all services were surely probed, but for at most `ENGINE_SILENCE_MS`; milliseconds since the epoch.
   * Where a thread is stalled, it has not reported so yet.
   */
  observedUntil(): number {
    return Math.min(this.now(), ...this.#threads.map(({ lastSeenAt }) => lastSeenAt + ENGINE_SILENCE_MS));
  }

  /** What is known of every service now. */
  get board(): Board {
    return this.#board;
  }

  /** What the probes of a service found, counted; null for a service that is not watched. */
  counters(service: string): ProbeCounters | null {
    return this.#places.get(service)?.counters ?? null;
  }

  /** Passes messages to a reader from now on, a `hello` before this returns. Returns how to end it. */
  subscribe(reader: Reader): () => void {
    reader.take([this.#hello()]);
    this.#readers.add(reader);
    this.#emitSamplesWanted();
    return () => {
      this.#readers.delete(reader);
      this.#emitSamplesWanted();
    };
  }

  /** Watches these services from now on. Those that did not change go on without a break. */
  apply(watched: readonly Watched[]): void {
    const wanted = new Map(watched.map((one) => [one.service.name, one]));
    const gone = [...this.#places].filter(([name, place]) => !isDeepStrictEqual(wanted.get(name), place.watched));
    const staying = new Set(this.#places.keys());
    for (const [name] of gone) staying.delete(name);
    const come = watched.filter(({ service }) => !staying.has(service.name));
    if (gone.length === 0 && come.length === 0) return;

    const now = this.now();
    const left = new Map(gone.map(([name]) => [name, this.#lastCheckpoint(name, now)]));
    for (const [name] of gone) {
      this.#places.delete(name);
      this.#emitAbsence(name, now, wanted.has(name) ? 'its settings were changed' : 'it is no longer watched');
      if (wanted.has(name)) continue;
      this.#board.services.delete(name);
      this.#checkpoints.delete(name);
    }
    const added = new Map(this.#threads.map((thread): [Thread, ScheduledService[]] => [thread, []]));
    for (const one of come) {
      const { name, intervalMs } = one.service;
      const thread = this.#threads[this.#scheduledCount % this.#threads.length];
      if (thread === undefined) throw new RangeError('a monitor has at least one thread');
      const counters = new ProbeCounters();
      const checkpoint = left.get(name) ?? null;
      added.get(thread)?.push({
        watched: one,
        phaseMs: phaseOf(this.#scheduledCount, intervalMs),
        initialDelayMs: (this.#scheduledCount * INITIAL_DELAY_MS) % intervalMs,
        counters: counters.memory,
        restored: left.has(name) ? checkpoint && { checkpoint, until: now } : this.#resume(name, infoOf(one.service)),
      });
      const board = this.#board.services.get(name);
      if (board !== undefined) board.info = infoOf(one.service);
      this.#scheduledCount += 1;
      this.#places.set(name, { watched: one, thread, counters });
    }
    for (const [thread, services] of added) {
      const names = gone.filter(([, place]) => place.thread === thread).map(([name]) => name);
      thread.leaving = [...thread.leaving, ...names];
      if (names.length > 0) send(thread, { type: 'remove', names });
      if (services.length > 0) send(thread, { type: 'add', services });
    }
    this.#publish([this.#hello()]);
  }

  /**
   * Takes what was known of services before this monitor was started, where that comes late. It stands on the board as if it
   * had been there from the start. Of a gap that was open then no end is emitted: it was not seen.
   */
  adopt(services: ReadonlyMap<string, RestoredService>): void {
    for (const [name, restored] of services) {
      const service = this.#board.services.get(name);
      if (service === undefined) this.#restored.set(name, restored);
      else this.#board.services.set(name, service.after(restored));
    }
    this.#publish([this.#hello()]);
  }

  /**
   * Puts a service on the board, as it was left where it was watched before this monitor was started.
   * @returns what its timeline goes on from
   */
  #resume(name: string, info: ServiceInfo): ScheduledService['restored'] {
    const restored = this.#restored.get(name);
    this.#restored.delete(name);
    if (restored === undefined) {
      this.#board.services.set(name, new BoardService(name, info, this.now()));
      return null;
    }
    this.#board.services.set(name, BoardService.resume(name, info, restored));
    // Where the wall clock was set back, the last sign of life has an earlier label than the state.
    const until = Math.max(restored.until, restored.since);
    this.#emitAbsence(name, until, 'this monitor was not running');
    return restored.checkpoint && { checkpoint: restored.checkpoint, until };
  }

  /** What is known of a service that is watched until now. */
  #lastCheckpoint(name: string, now: number): Checkpoint | null {
    const board = this.#board.services.get(name);
    return board?.state === 'up' ? checkpointOfUp(board.since, now, board.info) : this.checkpoint(name);
  }

  /** A service is not probed from `at` on. Says nothing where nothing was known of it, or it was unobserved already. */
  #emitAbsence(service: string, at: number, message: string): void {
    const from = this.#board.services.get(service)?.state ?? 'unknown';
    if (from === 'unknown' || from === 'unobserved') return;
    const edge = { at, notBefore: at, notAfter: at };
    this.#publish([
      this.#number({ type: 'transition', service, from, to: 'unobserved', ...edge, reason: 'stopped', message }),
    ]);
  }

  /** The last checkpoint of a service that is not up, with times since the epoch; null for others. */
  checkpoint(service: string): Checkpoint | null {
    return this.#checkpoints.get(service) ?? null;
  }

  /** How the threads do, for a log: what each reported last. */
  get diagnostics(): readonly EngineDiagnostics[] {
    const now = this.now();
    return this.#threads.map((thread) => ({
      services: [...this.#places.values()].filter((place) => place.thread === thread).length,
      silentForMs: Math.round(now - thread.lastSeenAt),
      isRaised: thread.isRaised,
      ...thread.lastStats,
    }));
  }

  /** Marks this moment on the timelines. */
  mark(text: string): Mark {
    const mark = this.#number({ type: 'mark', at: this.now(), text }) as Mark;
    this.#publish([mark]);
    return mark;
  }

  /** Ends the watch. Resolves when all that was observed has been published. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    await Promise.all(
      this.#threads.map(async (thread) => {
        // Not until its thread is gone: a name look-up that hangs holds that for many seconds.
        const stopped = new Promise<void>((resolve) => {
          thread.worker.on('message', ({ type }: EngineReply) => {
            if (type === 'stopped') resolve();
          });
        });
        send(thread, { type: 'stop' });
        await stopped;
      }),
    );
  }

  #startThread(followsSteps: boolean): Thread {
    const thread: Thread = {
      worker: new Worker(new URL('./engine-worker.js', import.meta.url), { workerData: { followsSteps } }),
      lastSeenAt: this.now(),
      isRaised: null,
      lastStats: {},
      leaving: [],
    };
    thread.worker.on('message', (message: EngineReply) => {
      if (message.type === 'messages') this.#receive(thread, message.messages, message.checkpoints);
      else if (message.type === 'stats') {
        this.#stats.push(message.stats);
        thread.lastStats = message.stats;
        thread.lastSeenAt = message.at;
      } else if (message.type === 'priority') {
        thread.isRaised = message.isRaised;
        if (message.isRaised === false) this.#options.onLowPriority?.();
      } else if (message.type === 'removed') thread.leaving = thread.leaving.slice(message.names.length);
    });
    thread.worker.on('error', (error) => {
      // A fault of the program: nothing true can be published any more.
      throw error;
    });
    return thread;
  }

  #receive({ leaving }: Thread, messages: readonly EngineMessage[], checkpoints: readonly ServiceCheckpoint[]): void {
    // What is still emitted of a service that was removed must not be taken for one that has its name now.
    const current =
      leaving.length === 0 ? messages : messages.filter((one) => !('service' in one && leaving.includes(one.service)));
    for (const { service, checkpoint } of checkpoints)
      if (!leaving.includes(service)) this.#checkpoints.set(service, checkpoint);
    for (const one of current) if (one.type === 'transition' && one.to === 'up') this.#checkpoints.delete(one.service);
    this.#publish(current.map((one) => this.#take(one)));
  }

  #take(messages: EngineMessage): Message {
    if (messages.type === 'sample' || messages.type === 'status' || messages.type === 'open-gap') return messages;
    return this.#number(messages);
  }

  #number(event: Unnumbered): Event {
    const { type, ...rest } = event;
    const numbered = { type, seq: this.#numbers.next(this.now()), ...rest } as Event;
    this.events.append(numbered);
    return numbered;
  }

  #publish(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const message of messages) if (message.type !== 'hello') this.#board.apply(message);
    const events = messages.filter((message) => message.type !== 'sample');
    for (const reader of this.#readers) {
      const due = reader.samples ? messages : events;
      if (due.length > 0) reader.take(due);
    }
  }

  #hello(): Hello {
    const now = this.now();
    return {
      type: 'hello',
      protocol: PROTOCOL,
      monitor: this.identity,
      now,
      seq: this.events.newest,
      resumed: false,
      services: this.#board.snapshot(now),
    };
  }

  #makeHeartbeat(): Heartbeat {
    const stats = this.#stats;
    this.#stats = [];
    return {
      type: 'heartbeat',
      now: this.now(),
      seq: this.events.newest,
      probes: stats.reduce((sum, { sent }) => sum + sent, 0),
      missed: stats.reduce((sum, { missed }) => sum + missed, 0),
      lateMs: Math.max(0, ...stats.map(({ lateMs }) => lateMs)),
      overloaded: stats.some(({ overloaded }) => overloaded),
    };
  }

  #emitSamplesWanted(): void {
    const wanted = [...this.#readers].some((reader) => reader.samples);
    for (const thread of this.#threads) send(thread, { type: 'samples', wanted });
  }
}

function send({ worker }: Thread, message: EngineCommand): void {
  worker.postMessage(message);
}

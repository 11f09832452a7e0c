/**
 * A monitor, as the main thread holds it: the engines' threads behind it, the numbers of the events, what is known of
 * every service, and the readers of the one stream of messages. A reader never reaches back.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { RestoredState, RestoredService } from '../core/archive.ts';
import { infoOf, type ServiceInfo, type UnobservedReason } from '../core/model.ts';
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
  type Note,
  type OpenGap,
  type Unnumbered,
  PROTOCOL,
} from '../core/messages.ts';
import { CONFIGURED_NOTE, drafted, isShown, type NoteDraft, type NoteText } from '../core/notes.ts';
import { ProbeCounters } from '../core/probe-counters.ts';
import type { Reader } from '../core/source.ts';
import { ENGINE_SILENCE_MS, checkpointFrom, checkpointOfUp, openGapAt, type Checkpoint } from '../core/checkpoint.ts';
import type { Watched } from '../probe/spec.ts';
import type { EngineStats, ScheduledService, ServiceCheckpoint, EngineMessage } from './engine-protocol.ts';
import { EngineThread } from './engine-thread.ts';
import { phaseOf } from './grid.ts';
import { Silences } from './silences.ts';

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
  /** Called when a thread is replaced that does not answer any more. @param services how many it watches */
  readonly onReplaced?: (services: number) => void;
}

/** Services that are remembered after they were taken out: the newest. */
const LEFT = 1000;
/** How often the threads are checked. Each reports once a second. */
const TICK_MS = 500;
/** After so many ticks without a sign of life the services of a thread are unobserved, ... */
const SILENT_TICKS = 3;
/** ... and after so many it is replaced. */
const LOST_TICKS = 10;

/** How one thread does. `silentForMs`: since its last report, of which one a second is due. */
export interface EngineDiagnostics extends Partial<EngineStats> {
  readonly services: number;
  readonly silentForMs: number;
  readonly isRaised: boolean | null;
}

interface Place {
  readonly watched: Watched;
  thread: EngineThread;
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
  readonly #threads: EngineThread[];
  readonly #readers = new Set<Reader>();
  /** Whether any of them takes every sample, as the threads know it. */
  #samplesWanted = false;
  readonly #places = new Map<string, Place>();
  readonly #heartbeat: NodeJS.Timeout;
  /** What is known from before of services that were not watched yet. */
  readonly #restored: Map<string, RestoredService>;
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #silences = new Silences();
  /** Services that are not watched any more, as they were left. */
  readonly #left = new Map<string, BoardService>();
  /** Notes that ended because they were taken out of the configuration. */
  readonly #withdrawn = new Set<string>();
  readonly #watchdog: NodeJS.Timeout;
  #lastTick = performance.now();
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
    for (const note of options.restored?.notes ?? []) this.#board.notes.take(note);
    this.#threads = Array.from({ length: options.workers }, () => this.#startThread());
    this.#heartbeat = setInterval(() => {
      this.#publish([...this.#openGaps(), this.#makeHeartbeat()]);
    }, HEARTBEAT_MS);
    this.#watchdog = setInterval(() => {
      this.#checkThreads();
    }, TICK_MS);
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
    this.#sendSamplesWanted();
    return () => {
      this.#readers.delete(reader);
      this.#sendSamplesWanted();
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
      this.#silences.forget(name);
      this.#emitAbsence(name, now, wanted.has(name) ? 'its settings were changed' : 'it is no longer watched');
      if (wanted.has(name)) continue;
      this.#leave(name);
      this.#checkpoints.delete(name);
    }
    const added = new Map(this.#threads.map((thread): [EngineThread, ScheduledService[]] => [thread, []]));
    for (const one of come) {
      const { name } = one.service;
      const thread = this.#threads[this.#scheduledCount % this.#threads.length];
      if (thread === undefined) throw new RangeError('a monitor has at least one thread');
      const checkpoint = left.get(name) ?? null;
      const place = { watched: one, thread, counters: new ProbeCounters() };
      const restored = left.has(name)
        ? checkpoint && { checkpoint, until: now }
        : this.#resume(name, infoOf(one.service));
      added.get(thread)?.push(this.#schedule(place, restored));
      const board = this.#board.services.get(name);
      if (board !== undefined) {
        board.info = infoOf(one.service);
        board.latency = () => place.counters.lastMinute(this.#clock.now());
      }
      this.#places.set(name, place);
    }
    for (const [thread, services] of added) {
      const names = gone.filter(([, place]) => place.thread === thread).map(([name]) => name);
      if (names.length > 0) thread.send({ type: 'remove', names });
      if (services.length > 0) thread.send({ type: 'add', services });
    }
    this.#publish([this.#hello()]);
  }

  /** A service is not watched any more: what is known of it is kept for the case that it comes back. */
  #leave(name: string): void {
    const service = this.#board.services.get(name);
    this.#board.services.delete(name);
    if (service === undefined) return;
    this.#left.set(name, service);
    const [oldest] = this.#left.keys();
    if (oldest !== undefined && this.#left.size > LEFT) this.#left.delete(oldest);
  }

  #schedule({ watched, counters }: Place, restored: ScheduledService['restored']): ScheduledService {
    const { intervalMs } = watched.service;
    const index = this.#scheduledCount;
    this.#scheduledCount += 1;
    return {
      watched,
      phaseMs: phaseOf(index, intervalMs),
      initialDelayMs: (index * INITIAL_DELAY_MS) % intervalMs,
      counters: counters.memory,
      restored,
    };
  }

  /**
   * Takes what was known of services before this monitor was started, where that comes late. It stands on the board as if it
   * had been there from the start. Of a gap that was open then no end is emitted: it was not seen.
   */
  adopt(services: ReadonlyMap<string, RestoredService>, notes: readonly Note[] = []): void {
    for (const note of notes) if (this.#board.notes.get(note.id) === null) this.#board.notes.take(note);
    for (const [name, restored] of services) {
      for (const known of [this.#board.services, this.#left]) {
        const service = known.get(name);
        if (service !== undefined) known.set(name, service.after(restored));
      }
      if (!this.#board.services.has(name) && !this.#left.has(name)) this.#restored.set(name, restored);
    }
    this.#publish([this.#hello()]);
  }

  /**
   * Puts a service on the board, as it was left where it was watched before: by this monitor, or before it was started.
   * @returns what its timeline goes on from
   */
  #resume(name: string, info: ServiceInfo): ScheduledService['restored'] {
    const left = this.#left.get(name);
    if (left !== undefined) {
      this.#left.delete(name);
      this.#board.services.set(name, left);
      return { checkpoint: checkpointFrom({}), until: this.now() };
    }
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
  #emitAbsence(service: string, at: number, message: string, reason: UnobservedReason = 'stopped'): void {
    const from = this.#board.services.get(service)?.state ?? 'unknown';
    if (from === 'unknown' || from === 'unobserved') return;
    const edge = { at, notBefore: at, notAfter: at };
    this.#publish([this.#number({ type: 'transition', service, from, to: 'unobserved', ...edge, reason, message })]);
  }

  /** The last checkpoint of a service that is not up, with times since the epoch; null for others. */
  checkpoint(service: string): Checkpoint | null {
    return this.#checkpoints.get(service) ?? null;
  }

  /** How the threads do, for a log: what each reported last. */
  get diagnostics(): readonly EngineDiagnostics[] {
    const now = this.now();
    return this.#threads.map((thread) => ({
      services: this.#placesOf(thread).length,
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

  /** Writes a note for everybody, or changes the one with its id. Returns it; null where there is none with that id. */
  note(draft: NoteDraft): Note | null {
    const known = draft.id === undefined ? null : this.#board.notes.get(draft.id);
    if (draft.id !== undefined && known === null) return null;
    return this.#writeNote(drafted(draft, known, randomUUID(), this.now()));
  }

  /**
   * These notes of the configuration are there from now on: those that are not known are written, and those of an earlier
   * configuration that have not ended end now.
   */
  applyNotes(notes: readonly NoteText[]): void {
    const now = this.now();
    const ids = new Set(notes.map(({ id }) => id));
    for (const note of notes) {
      const isNew = this.#board.notes.get(note.id) === null || this.#withdrawn.delete(note.id);
      if (isNew && isShown(note, now)) this.#writeNote(note);
    }
    for (const note of this.#board.notes.all) {
      if (!note.id.startsWith(CONFIGURED_NOTE) || ids.has(note.id) || (note.to !== null && note.to <= now)) continue;
      this.#writeNote(drafted({ to: Math.max(note.from, now) }, note, note.id, now));
      this.#withdrawn.add(note.id);
    }
  }

  #writeNote(text: NoteText): Note {
    const note = this.#number({ type: 'note', at: this.now(), ...text }) as Note;
    this.#publish([note]);
    return note;
  }

  /** Ends the watch. Resolves when all that was observed has been published. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    clearInterval(this.#watchdog);
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** Why the state of services is not known, in words: threads that do not answer; null where all do. */
  get problem(): string | null {
    return this.#silences.problem;
  }

  #placesOf(thread: EngineThread): [name: string, place: Place][] {
    return [...this.#places].filter(([, place]) => place.thread === thread);
  }

  /** A thread may be stuck, in an expression that does not end. What it does not see is not known, and it is replaced. */
  #checkThreads(): void {
    const before = this.#lastTick;
    this.#lastTick = performance.now();
    const wasAway = this.#lastTick - before > 2 * TICK_MS;
    for (const thread of [...this.#threads]) {
      const silentTicks = thread.tick(wasAway);
      if (silentTicks === SILENT_TICKS) this.#silence(thread);
      else if (silentTicks >= LOST_TICKS) this.#replace(thread);
    }
  }

  #silence(thread: EngineThread): void {
    for (const [name] of this.#placesOf(thread)) {
      const service = this.#board.services.get(name);
      if (service !== undefined && this.#silences.begin(name, service, thread))
        this.#emitAbsence(name, thread.lastSeenAt, 'the thread that probes it does not answer', 'stalled');
    }
  }

  #replace(stuck: EngineThread): void {
    const thread = this.#startThread();
    const until = stuck.lastSeenAt;
    stuck.kill();
    this.#threads[this.#threads.indexOf(stuck)] = thread;
    const places = this.#placesOf(stuck);
    this.#options.onReplaced?.(places.length);
    const services = places.map(([name, place]) => {
      const before = this.#silences.before(name);
      const info = this.#board.services.get(name)?.info;
      const isUp = before?.state === 'up' && info !== undefined;
      const checkpoint = isUp ? checkpointOfUp(before.since, until, info) : this.checkpoint(name);
      place.thread = thread;
      return this.#schedule(place, checkpoint && { checkpoint, until });
    });
    thread.send({ type: 'add', services });
    thread.send({ type: 'samples', wanted: this.#samplesWanted });
  }

  #isSilenced(thread: EngineThread): boolean {
    return this.#silences.problem !== null && this.#placesOf(thread).some(([name]) => this.#silences.has(name));
  }

  /** A thread that was silent is back. What it does not report of by itself is as it was before. */
  #unsilence(thread: EngineThread): void {
    for (const [service] of this.#placesOf(thread)) {
      const back = this.#silences.end(service, thread);
      if (back !== null) this.#publish([this.#number(back)]);
    }
  }

  #startThread(): EngineThread {
    let reports = 0;
    const { followsSteps = true } = this.#options;
    const thread: EngineThread = new EngineThread(followsSteps, () => this.now(), {
      messages: (messages, checkpoints) => {
        this.#receive(messages, checkpoints);
      },
      stats: (stats) => {
        this.#stats.push(stats);
        // What it has to say of the time of its silence comes before the second report.
        reports = this.#isSilenced(thread) ? reports + 1 : 0;
        if (reports > 1) this.#unsilence(thread);
      },
      lowPriority: () => this.#options.onLowPriority?.(),
    });
    return thread;
  }

  #receive(messages: readonly EngineMessage[], checkpoints: readonly ServiceCheckpoint[]): void {
    for (const { service, checkpoint } of checkpoints) this.#checkpoints.set(service, checkpoint);
    for (const one of messages) if (one.type === 'transition' && one.to === 'up') this.#checkpoints.delete(one.service);
    const following = messages.map((one) => this.#silences.follow(one)).filter((one) => one !== null);
    this.#publish(following.map((one) => this.#take(one)));
  }

  #take(message: EngineMessage): Message {
    if (message.type === 'sample' || message.type === 'status' || message.type === 'open-gap') return message;
    const isPlanned = message.type === 'gap' && this.#board.notes.isPlanned(message.service, message.from);
    return this.#number(isPlanned ? { ...message, planned: true } : message);
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

  /** What is known of the gaps that are open: those who were not here at their beginning, or are far away, know no more. */
  #openGaps(): OpenGap[] {
    const now = this.now();
    return Array.from(this.#checkpoints).flatMap(([service, { gap }]): OpenGap[] => {
      const board = this.#board.services.get(service);
      if (gap === null || board === undefined || (board.state !== 'down' && board.state !== 'unobserved')) return [];
      const until = Math.max(gap.from, Math.min(now, board.state === 'down' ? now : board.since));
      return [{ type: 'open-gap', service, final: false, ...openGapAt(gap, until) }];
    });
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

  #sendSamplesWanted(): void {
    const wanted = [...this.#readers].some((reader) => reader.samples);
    if (wanted === this.#samplesWanted) return;
    this.#samplesWanted = wanted;
    for (const thread of this.#threads) thread.send({ type: 'samples', wanted });
  }
}

/**
 * A hub: reads what all monitors publish to a bus, and is to a feed's server what a monitor is. It has nothing of its own that it
 * can't read again, so there may be any number of hubs, and a viewer who leaves one goes on at another.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Board } from '../core/board.ts';
import { Clock } from '../core/clock.ts';
import { MemoryEventLog } from '../core/event-log.ts';
import { type Hello, type Mark, type Message, type MonitorIdentity, type Note, PROTOCOL } from '../core/messages.ts';
import { drafted, type NoteDraft } from '../core/notes.ts';
import type { FeedSource, HubFigures, Reader } from '../core/source.ts';
import { type BusConnection, problemOf, type RawEntry } from './bus-connection.ts';
import { BusHealth } from './bus-health.ts';
import { appendOwn, type BusOverview, overview, SILENT_MS } from './bus-scripts.ts';
import { LivenessMonitor } from './liveness-monitor.ts';
import { loadState } from './load-state.ts';
import { MergedState } from './merged-state.ts';
import { entryOf, isAfter } from './stream-entry.ts';

/** Events in memory, for viewers who come back: some 100 MB. */
const KEPT = 100_000;
/** Entries taken at a time. */
const CHUNK = 200;
/** Messages that are published together: entries that waited may hold a hundred thousand, and viewers and the loop would wait for the last. */
const SLICE = 500;
const WAIT_MS = 2000;
const POLL_MS = 1000;
const HEARTBEAT_MS = 5000;
/** Hellos for all viewers are this far apart at least: many monitors may begin at once. */
const HELLO_MS = 250;
/** Or so many times what the last one took: of a hundred thousand services that is seconds; but no farther than this. */
const HELLO_SHARE = 10;
const MOST_HELLO_MS = 10_000;
/** Where the stream has newer events, and none comes for this long, it is read again. */
const STUCK_MS = 10_000;
/** All is read again for what was from the future no sooner than this: the clock of a monitor may be ahead for long. */
const READ_AGAIN_MS = 600_000;
const PAUSE_MS = 200;

export interface HubOptions {
  /** For commands, and to wait for entries; closed with the hub. */
  readonly connections: { readonly commands: BusConnection; readonly waiting: BusConnection };
  /** What it is called. */
  readonly name: string;
  readonly version: string;
  readonly log: Logger;
}

export class Hub implements FeedSource {
  readonly events = new MemoryEventLog(0, KEPT);
  readonly #options: HubOptions;
  readonly #clock = new Clock();
  readonly #readers = new Set<Reader>();
  readonly #health: BusHealth;
  readonly #liveness: LivenessMonitor;
  readonly #timers: readonly NodeJS.Timeout[];
  #identity: MonitorIdentity;
  #state = new MergedState();
  /** The last entry that was read. */
  #last = '0-0';
  #loaded = false;
  #loading: Promise<void> | null = null;
  #onLoaded: () => void = () => undefined;
  readonly #firstLoad = new Promise<void>((resolve) => {
    this.#onLoaded = resolve;
  });
  #closed = false;
  #behindSince: number | null = null;
  /** When the first of what was skipped as it is from the future will be believed. */
  #believedAt = Infinity;
  #notReadAgainBefore = -Infinity;
  #helloTimer: NodeJS.Timeout | null = null;
  #helloTookMs = 0;
  #polling = false;
  readonly #following: Promise<void>;

  /** Begins to read, as soon as the bus can be reached. */
  constructor(options: HubOptions) {
    this.#options = options;
    this.#identity = { id: '', vantage: options.name, version: options.version, startedAt: this.now() };
    this.#health = new BusHealth(options.log, this.now());
    this.#liveness = new LivenessMonitor(options.connections.commands, options.log);
    this.#following = this.#follow();
    this.#timers = [
      setInterval(() => void this.#poll(), POLL_MS),
      setInterval(() => {
        const [now, { newest: seq }] = [this.now(), this.events];
        this.#publish([{ type: 'heartbeat', now, seq, probes: 0, missed: 0, lateMs: 0, overloaded: false }]);
      }, HEARTBEAT_MS),
    ];
  }

  /** Waits until it has read what there is, so that viewers of other hubs can go on here. @param forMs at most this long */
  async ready(forMs: number): Promise<void> {
    await Promise.race([this.#firstLoad, sleep(forMs, undefined, { ref: false })]);
  }

  get identity(): MonitorIdentity {
    return this.#identity;
  }

  get board(): Board {
    return this.#health.unobserved ?? this.#state.board;
  }

  /** Why the bus can't be read at present, for people; null where all is well. */
  get problem(): string | null {
    return this.#health.problem;
  }

  get figures(): HubFigures {
    const known = this.#health.unobserved === null ? [...this.#state.services.values()] : [];
    const views = known.flatMap(({ name, lanes }) =>
      lanes.map(({ vantage, service: { state } }) => ({ service: name, vantage, state })),
    );
    return { skipped: this.#health.skipped, vantages: this.#state.vantages.size, views };
  }

  now(): number {
    this.#clock.check();
    return this.#clock.epoch(this.#clock.now());
  }

  readonly counters = (): null => null;

  subscribe(reader: Reader): () => void {
    reader.take([this.#hello()]);
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  /** Marks this moment for all hubs. @throws BusError where the bus can't be reached */
  async mark(text: string): Promise<Mark> {
    const mark: Mark = { type: 'mark', seq: 0, at: this.now(), text };
    return { ...mark, seq: await appendOwn(this.#options.connections.commands, mark) };
  }

  /** Writes or changes a note for all hubs; it lasts as long as the stream keeps it. @throws BusError where the bus can't be reached */
  async note(draft: NoteDraft): Promise<Note | null> {
    const known = draft.id === undefined ? null : this.#state.board.notes.get(draft.id);
    if (draft.id !== undefined && known === null) return null;
    const note: Note = { type: 'note', seq: 0, at: this.now(), ...drafted(draft, known, randomUUID(), this.now()) };
    return { ...note, seq: await appendOwn(this.#options.connections.commands, note) };
  }

  /** Closes its connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#helloTimer !== null) clearTimeout(this.#helloTimer);
    this.#options.connections.commands.close();
    this.#options.connections.waiting.close();
    await this.#following;
  }

  /** Reads everything again; once where several callers ask at the same time. */
  #load(found: BusOverview): Promise<void> {
    this.#loading ??= this.#loadNow(found).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadNow(found: BusOverview): Promise<void> {
    const { connections, version, name } = this.#options;
    let believedAt = Infinity;
    const { state, entries, last } = await loadState(connections.commands, found, this.now(), (skipped) => {
      this.#health.skip(skipped.problem);
      believedAt = Math.min(believedAt, skipped.believedAt ?? Infinity);
    });
    this.#believedAt = believedAt;
    const known = this.#identity.id === found.feed ? this.events.newest : null;
    this.events.restart(entries[0]?.previous ?? found.newest);
    this.#state = state;
    for (const entry of entries) for (const event of state.take(entry).events) this.events.append(event);
    this.#last = last;
    this.#behindSince = null;
    this.#identity = { id: found.feed, vantage: name, version, startedAt: found.began };
    this.#answered();
    this.#loaded = true;
    this.#onLoaded();
    // Viewers get what they missed, where all of it is there; otherwise the hello has to do.
    if (known !== null) this.#publish(this.events.eventsAfter(known, Infinity) ?? []);
    this.#greetSoon();
  }

  async #follow(): Promise<void> {
    const { commands, waiting } = this.#options.connections;
    while (!this.#closed) {
      try {
        if (!this.#loaded) {
          await commands.ready(SILENT_MS);
          await this.#load(await overview(commands));
        }
        const entries = await waiting.follow(this.#last, CHUNK, WAIT_MS);
        await this.#loading;
        if (!this.#isClosed() && !(await this.#take(entries))) await this.#load(await overview(commands));
      } catch (error) {
        if (this.#isClosed() || !this.#failed(error)) return;
        await sleep(PAUSE_MS);
        await waiting.ready(POLL_MS);
      }
    }
  }

  /** Returns false where an entry does not follow the one before, so that everything has to be read again. */
  async #take(raws: readonly RawEntry[]): Promise<boolean> {
    const now = this.now();
    const messages: Message[] = [];
    let helloDue = false;
    for (const raw of raws) {
      // Everything was read again meanwhile.
      if (!isAfter(raw[0], this.#last)) continue;
      const read = entryOf(raw, now);
      if ('problem' in read) {
        this.#health.skip(read.problem);
        this.#believedAt = Math.min(this.#believedAt, read.believedAt ?? Infinity);
      }
      const entry = 'problem' in read ? read.entry : read;
      if (entry === null) continue;
      if (entry.feed !== this.#identity.id || entry.previous !== this.events.newest) {
        // What was taken so far is kept. Other clients of that Redis may write anything, so it is asked which numbers were given.
        this.#publish(messages.splice(0));
        const { newest } = this.events;
        const found = await overview(this.#options.connections.commands);
        if (found.feed !== this.#identity.id || found.newest < newest) return false;
        if (entry.feed === found.feed && entry.newest > newest && entry.newest <= found.newest) return false;
        this.#health.skip('an entry with numbers that are not its own');
        continue;
      }
      const change = this.#state.take(entry);
      for (const event of change.events) this.events.append(event);
      messages.push(...change.events, ...change.statuses);
      helloDue ||= change.helloDue;
      if (messages.length < SLICE) continue;
      this.#publish(messages.splice(0));
      // What goes on is not stuck.
      this.#behindSince = null;
      await nextTurn();
      if (this.#isClosed()) return true;
    }
    const last = raws.at(-1)?.[0] ?? this.#last;
    if (isAfter(last, this.#last)) this.#last = last;
    this.#publish(messages);
    if (helloDue) this.#greetSoon();
    this.#behindSince = null;
    return true;
  }

  /** Reads which vantages there are, and whether the stream is still the one that was read. */
  async #poll(): Promise<void> {
    if (this.#polling || !this.#loaded) return;
    this.#polling = true;
    try {
      // Before Redis is asked: its answer is never older.
      const { newest } = this.events;
      const before = new Map(this.#state.vantages);
      const found = await overview(this.#options.connections.commands);
      const caughtUp = found.feed === this.#identity.id && newest >= found.newest;
      if (caughtUp) this.#behindSince = null;
      else this.#behindSince ??= performance.now();
      const isStuck = this.#behindSince !== null && performance.now() - this.#behindSince > STUCK_MS;
      const isOther = found.feed !== this.#identity.id || found.newest < newest;
      // As where this clock was behind, and was set right.
      const isBelieved = this.now() >= this.#believedAt && performance.now() >= this.#notReadAgainBefore;
      if (isOther || isStuck || isBelieved) await this.#load(found);
      if (isBelieved) this.#notReadAgainBefore = performance.now() + READ_AGAIN_MS;
      this.#answered();
      for (const [name, vantage] of before) {
        // What it published while Redis was asked, or all was read again, is newer than this answer.
        if (found.vantages.has(name) || this.#state.vantages.get(name) !== vantage) continue;
        this.#publish(this.#state.forget(name, this.now()));
        this.#greetSoon();
      }
      await this.#liveness.check(found, this.events.newest, this.#state);
    } catch (error) {
      this.#liveness.interrupted();
      if (!this.#closed) this.#failed(error);
    } finally {
      this.#polling = false;
    }
  }

  #answered(): void {
    if (this.#health.answered(this.now())) this.#greetSoon();
  }

  /** Returns false where it is a fault of this program, which ends it. */
  #failed(error: unknown): boolean {
    const problem = problemOf(error, this.#options.log);
    if (problem !== null && this.#health.failed(problem, this.#state.board, this.now())) this.#greetSoon();
    return problem !== null;
  }

  #greetSoon(): void {
    const waitMs = Math.min(MOST_HELLO_MS, Math.max(HELLO_MS, HELLO_SHARE * this.#helloTookMs));
    this.#helloTimer ??= setTimeout(() => {
      this.#helloTimer = null;
      const began = performance.now();
      this.#publish([this.#hello()]);
      this.#helloTookMs = performance.now() - began;
    }, waitMs);
  }

  #publish(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const reader of this.#readers) reader.take(messages);
  }

  #hello(): Hello {
    const now = this.now();
    const { board } = this;
    const { newest: seq } = this.events;
    const head = { protocol: PROTOCOL, monitor: this.#identity, now, seq, resumed: false } as const;
    return {
      type: 'hello',
      ...head,
      // Only for a reader that asks: the feed makes the clients' hellos itself.
      get services() {
        return board.snapshot(now);
      },
    };
  }

  /** It may be closed during any wait. */
  #isClosed(): boolean {
    return this.#closed;
  }
}

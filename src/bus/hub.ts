/**
 * A hub: reads what all monitors publish to a bus, and is to a feed's server what a monitor is. It has nothing of its
 * own that it can't read again, so there may be any number of hubs, and a viewer who leaves one goes on at another.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { type BusLink, type StreamEntry } from './bus-connection.ts';
import { SILENT_MS } from './constants.ts';
import { entryOf, isBehind } from './entry.ts';
import { MARK } from './scripts.ts';
import { Clock } from '../core/clock.ts';
import type { Hello, Mark, Message, MonitorIdentity } from '../core/messages.ts';
import { PROTOCOL } from '../core/messages.ts';
import type { FeedSource, HubFigures, Reader } from '../core/source.ts';
import type { Board } from '../core/board.ts';
import { Hearing } from './bus-health.ts';
import { HubLog } from './hub-log.ts';
import { load, look, type Look } from './load.ts';
import { Skipped } from './skipped.ts';
import { Watchman } from './liveness-monitor.ts';
import { World } from './merged-state.ts';

/** Entries taken at a time. */
const CHUNK = 200;
const WAIT_MS = 2000;
const LOOK_MS = 1000;
const HEARTBEAT_MS = 5000;
/** Hellos for all viewers are this far apart at least: many monitors may begin at once. */
const HELLO_MS = 250;
/** What was told to be in the stream and has not come after this long is looked for anew. */
const LOST_MS = 10_000;
const PAUSE_MS = 200;

export interface HubOptions {
  /** To ask on, and to wait on; closed with the hub. */
  readonly links: { readonly ask: BusLink; readonly wait: BusLink };
  /** What it is called. */
  readonly name: string;
  readonly version: string;
  readonly log: Logger;
}

export class Hub implements FeedSource {
  readonly #options: HubOptions;
  readonly #clock = new Clock();
  readonly #readers = new Set<Reader>();
  readonly #hearing: Hearing;
  readonly #skipped: Skipped;
  readonly #watchman: Watchman;
  readonly #timers: NodeJS.Timeout[] = [];
  #identity: MonitorIdentity;
  readonly events = new HubLog();
  #world = new World();
  /** The last entry that was read. */
  #last = '0-0';
  #loaded = false;
  #loading: Promise<void> | null = null;
  #whenLoaded: () => void = () => undefined;
  readonly #firstLoad = new Promise<void>((resolve) => {
    this.#whenLoaded = resolve;
  });
  #closed = false;
  #behindSince: number | null = null;
  #helloTimer: NodeJS.Timeout | null = null;
  readonly #following: Promise<void>;
  #looking = false;

  /** Begins to read, as soon as the bus can be reached. */
  constructor(options: HubOptions) {
    this.#options = options;
    this.#identity = { id: '', vantage: options.name, version: options.version, startedAt: this.now() };
    this.#hearing = new Hearing(options.log, this.now());
    this.#skipped = new Skipped(options.log);
    this.#watchman = new Watchman(options.links.ask, options.log);
    this.#following = this.#follow();
    this.#timers.push(
      setInterval(() => {
        void this.#look();
      }, LOOK_MS),
      setInterval(() => {
        this.#beat();
      }, HEARTBEAT_MS),
    );
  }

  /** Waits until it has read what there is, so that viewers of other hubs can go on here. @param forMs at most so long */
  async ready(forMs: number): Promise<void> {
    await Promise.race([this.#firstLoad, sleep(forMs, undefined, { ref: false })]);
  }

  get identity(): MonitorIdentity {
    return this.#identity;
  }

  get board(): Board {
    return this.#hearing.blind ?? this.#world.board;
  }

  /** Why nothing is heard at present, for people; null where all is well. */
  get problem(): string | null {
    return this.#hearing.problem;
  }

  get figures(): HubFigures {
    const known = this.#hearing.blind === null ? [...this.#world.services.values()] : [];
    const views = known.flatMap(({ name, lanes }) =>
      lanes.map(({ vantage, service: { state } }) => ({ service: name, vantage, state })),
    );
    return { skipped: this.#skipped.count, vantages: this.#world.vantages.size, views };
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

  /** Marks this moment for all hubs. @throws Error where the bus can't be reached */
  async mark(text: string): Promise<Mark> {
    const mark: Mark = { type: 'mark', seq: 0, at: this.now(), text };
    const seq = await this.#options.links.ask.run(MARK, [randomUUID(), JSON.stringify([mark])]);
    return { ...mark, seq: Number(seq) };
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#helloTimer !== null) clearTimeout(this.#helloTimer);
    this.#options.links.ask.close();
    this.#options.links.wait.close();
    await this.#following;
  }

  #beat(): void {
    const [now, { newest: seq }] = [this.now(), this.events];
    this.#publish([{ type: 'heartbeat', now, seq, probes: 0, missed: 0, lateMs: 0, overloaded: false }]);
  }

  /** Reads all anew; at once only for one who asks. */
  #load(found: Look): Promise<void> {
    this.#loading ??= this.#loadNow(found).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadNow(found: Look): Promise<void> {
    const { links, version, name } = this.#options;
    const { world, entries, last } = await load(links.ask, found, this.now(), (problem) => {
      this.#skipped.add(problem);
    });
    const first = entries[0]?.n ?? found.newest + 1;
    const known = this.#identity.id === found.numbering ? this.events.newest : null;
    this.events.beginAt(first - 1);
    this.#world = world;
    for (const entry of entries) for (const event of world.take(entry).events) this.events.append(event);
    this.#last = last;
    this.#behindSince = null;
    this.#identity = { id: found.numbering, vantage: name, version, startedAt: found.began };
    this.#heard();
    this.#loaded = true;
    this.#whenLoaded();
    // Who listens gets what was missed, where that has no hole; otherwise a viewer has to come back.
    if (known !== null) this.#publish(this.events.after(known, Infinity) ?? []);
    this.#tellAnew();
  }

  async #follow(): Promise<void> {
    while (!this.#closed) await this.#step();
  }

  async #step(): Promise<void> {
    const { ask, wait } = this.#options.links;
    try {
      if (!this.#loaded) {
        await ask.ready(SILENT_MS);
        await this.#load(await look(ask));
      }
      const raw = await wait.follow(this.#last, CHUNK, WAIT_MS);
      await this.#loading;
      if (this.#closed) return;
      if (!(await this.#take(raw))) await this.#load(await look(ask));
    } catch (error) {
      if (this.#closed) return;
      this.#say(error);
      await sleep(PAUSE_MS);
      await wait.ready(LOOK_MS);
    }
  }

  /** Returns false where the numbers do not go on, so that all has to be read again. */
  async #take(raw: readonly StreamEntry[]): Promise<boolean> {
    const now = this.now();
    const told: Message[] = [];
    let anew = false;
    for (const one of raw) {
      // All was read anew meanwhile.
      if (!isBehind(one[0], this.#last)) continue;
      const read = entryOf(one, now);
      if ('problem' in read) this.#skipped.add(read.problem);
      const entry = 'problem' in read ? read.entry : read;
      if (entry === null) continue;
      if (entry.numbering !== this.#identity.id || entry.n !== this.events.newest + 1) {
        // What was taken so far stands; who wrote this is asked, as strangers may write anything.
        this.#publish(told.splice(0));
        const found = await look(this.#options.links.ask);
        if (found.numbering !== this.#identity.id || found.newest < this.events.newest) return false;
        if (entry.numbering !== found.numbering || entry.n <= this.events.newest) {
          this.#skipped.add('an entry with numbers that are not its own');
          continue;
        }
        return false;
      }
      const news = this.#world.take(entry);
      for (const event of news.events) {
        this.events.append(event);
        told.push(event);
      }
      told.push(...news.statuses);
      anew ||= news.anew;
    }
    const last = raw.at(-1)?.[0] ?? this.#last;
    if (isBehind(last, this.#last)) this.#last = last;
    this.#publish(told);
    if (anew) this.#tellAnew();
    this.#behindSince = null;
    return true;
  }

  /** Asks who is there. */
  async #look(): Promise<void> {
    if (this.#looking || !this.#loaded) return;
    this.#looking = true;
    try {
      // Read before Redis is asked: what it tells is never older.
      const { newest } = this.events;
      const found = await look(this.#options.links.ask);
      const caughtUp = found.numbering === this.#identity.id && newest >= found.newest;
      if (caughtUp) this.#behindSince = null;
      else this.#behindSince ??= performance.now();
      const isLost = this.#behindSince !== null && performance.now() - this.#behindSince > LOST_MS;
      if (found.numbering !== this.#identity.id || found.newest < newest || isLost) await this.#load(found);
      this.#heard();
      for (const name of this.#world.vantages.keys()) {
        if (found.vantages.has(name)) continue;
        this.#world.forget(name);
        this.#tellAnew();
      }
      await this.#watchman.look(found, this.events.newest, this.#world);
    } catch (error) {
      this.#watchman.interrupted();
      if (!this.#closed) this.#say(error);
    } finally {
      this.#looking = false;
    }
  }

  #heard(): void {
    if (this.#hearing.heard(this.now())) this.#tellAnew();
  }

  #say(error: unknown): void {
    if (this.#hearing.failed(error, this.#world.board, this.now())) this.#tellAnew();
  }

  #tellAnew(): void {
    this.#helloTimer ??= setTimeout(() => {
      this.#helloTimer = null;
      this.#publish([this.#hello()]);
    }, HELLO_MS);
  }

  #publish(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const reader of this.#readers) reader.take(messages);
  }

  #hello(): Hello {
    const now = this.now();
    const { newest: seq } = this.events;
    const services = this.board.snapshot(now);
    return { type: 'hello', protocol: PROTOCOL, monitor: this.#identity, now, seq, resumed: false, services };
  }
}

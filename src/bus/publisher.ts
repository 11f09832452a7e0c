/**
 * Publishes the events of a monitor to the stream of a bus. It reads them from the monitor's own log by their numbers, at its own
 * pace: what can't be delivered waits there, so nothing grows here, and whatever Redis does, the monitor does not notice.
 */
import { randomUUID } from 'node:crypto';

import type { Logger } from 'pino';

import { Board } from '../core/board.ts';
import { showDuration } from '../core/format.ts';
import { type Event, type Hello, type Message, PROTOCOL, type StatusMessage } from '../core/messages.ts';
import type { PublishedSource } from '../core/source.ts';
import { type BusConnection, problemOf } from './bus-connection.ts';
import { announceOffline, append, type BusOverview, overview, SIGN_MS } from './bus-scripts.ts';
import { ENTRY_EVENTS, PART_LENGTH } from './stream-entry.ts';
import { toUnobserved } from './unobserved.ts';
import { VantageName } from './vantage-name.ts';

/** Events wait this long for more, so that they share an entry. */
const GATHER_MS = 25;
/** A connection is waited for this long before its absence counts as a problem. */
const FIRST_CONNECT_MS = 2000;
/** What waits when the monitor stops has this long to be delivered. */
const LAST_MS = 2000;
/** Pauses after failures: well below the time after which a vantage without a sign of life is silent. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** What is stored for newcomers is this old at most where something happened, and where nothing did. */
const SNAPSHOT_MS = 10_000;
/** A clock that is behind by more than this was set back. */
const SET_BACK_MS = 1000;
const UPTIME_MS = 60_000;
/**
 * The newest intervals and gaps of each service that are published: monitors and hubs keep more. Fewer where all would be longer
 * than what a hub reads.
 */
const PASTS = [
  { intervals: 20, gaps: 5 },
  { intervals: 5, gaps: 2 },
  { intervals: 1, gaps: 1 },
];

const COPIED =
  'another process publishes under the id of this monitor: is its history a copy of that of another machine?';

const UNREADABLE = 'the events that are due can not be read from the history at present';

/** The vantage under which it publishes. */
interface Joined {
  readonly name: string;
  /** What was stored of the vantage when it read the overview; null once it is its own. */
  replaced: string | null;
}

export class Publisher {
  readonly #monitor: PublishedSource;
  readonly #bus: BusConnection;
  readonly #log: Logger;
  readonly #run = randomUUID();
  readonly #name: VantageName;
  readonly #unsubscribe: () => void;
  readonly #done: Promise<void>;
  /** The number of the last own event that is delivered, or that does not need to be. */
  #position: number;
  /** The same as the stream has it; empty where it has none. */
  #last = '';
  #feed = '';
  /** From where on this run has delivered to this feed. */
  #begin: number;
  /** What is known of the services as of the event `#boardAt`, which is not before `#position`. */
  readonly #board = new Board();
  #boardAt = 0;
  /** The stream does not know the board yet. */
  #openingDue = true;
  readonly #statuses = new Map<string, StatusMessage>();
  #joined: Joined | null = null;
  #snapshotAt = -Infinity;
  /** The monitor's clock at the newest entry. */
  #appendedAt = -Infinity;
  #snapshotOf = -1;
  #problem: string | null = null;
  #problemSince = 0;
  #stopping = false;
  #hasNews = false;
  #newsTimer: NodeJS.Timeout | null = null;
  #wake: ((isNews: boolean) => void) | null = null;

  /** Begins to publish. */
  constructor(monitor: PublishedSource, bus: BusConnection, log: Logger) {
    this.#monitor = monitor;
    this.#bus = bus;
    this.#log = log;
    this.#name = new VantageName(monitor.identity, this.#run);
    // What happens from here on is delivered, whenever the bus can be reached for the first time.
    this.#position = monitor.events.newest;
    this.#begin = this.#position;
    this.#unsubscribe = monitor.subscribe({
      samples: false,
      take: (messages) => {
        this.#take(messages);
      },
    });
    this.#done = this.#publish();
  }

  /** Why nothing is delivered at present, for people; null where all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The name under which it publishes: its vantage or, where another monitor has that, one with a number; null before it does. */
  get vantage(): string | null {
    return this.#joined?.replaced === null ? this.#joined.name : null;
  }

  /** Whether the stream has all events of the monitor. */
  get isCaughtUp(): boolean {
    return this.vantage !== null && this.#position >= this.#monitor.events.newest;
  }

  /** Ends it, after the monitor has stopped: what waits is delivered, if that is possible at once, and that it is offline. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping = true;
    this.#wake?.(false);
    const timer = setTimeout(() => {
      this.#bus.close();
    }, LAST_MS);
    await this.#done;
    clearTimeout(timer);
    if (this.#newsTimer !== null) clearTimeout(this.#newsTimer);
    this.#bus.close();
  }

  #take(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'hello') this.#restate(message);
      else if (message.type === 'status') this.#statuses.set(message.service, message);
    }
    this.#newsTimer ??= setTimeout(() => {
      this.#newsTimer = null;
      this.#hasNews = true;
      this.#wake?.(true);
    }, GATHER_MS);
  }

  /** The services are these now: the stream gets to know it when it has the events before. */
  #restate(hello: Hello): void {
    this.#board.apply(hello);
    this.#boardAt = hello.seq;
    this.#openingDue = true;
  }

  async #publish(): Promise<void> {
    let failures = 0;
    await this.#bus.ready(FIRST_CONNECT_MS);
    for (;;) {
      const isLast = this.#stopping;
      try {
        const more = await this.#deliver();
        failures = 0;
        if (more) continue;
        if (isLast) {
          await this.#end();
          return;
        }
        await this.#pause(SIGN_MS, this.#joined !== null);
      } catch (error) {
        const problem = problemOf(error, this.#log);
        if (problem === null || isLast) return;
        this.#failed(problem);
        failures += 1;
        if (!this.#bus.isReady) await this.#bus.ready(LONGEST_PAUSE_MS);
        const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
        await this.#pause(ms * (0.5 + Math.random() / 2), false);
      }
    }
  }

  /** Waits this long, or until it is stopped, or, where `forNews`, until there is something to deliver. */
  async #pause(ms: number, forNews: boolean): Promise<void> {
    if (!this.#stopping && !(forNews && this.#hasNews)) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
        this.#wake = (isNews) => {
          if (forNews || !isNews) resolve();
        };
      });
      clearTimeout(timer);
      this.#wake = null;
    }
    if (forNews) this.#hasNews = false;
  }

  /** One exchange with Redis. Returns whether the next one is due at once. */
  async #deliver(): Promise<boolean> {
    const joined = this.#joined ?? (await this.#join());
    if (joined === null) return false;
    const { events: log } = this.#monitor;
    const { newest } = log;
    const events = await log.after(this.#position, ENTRY_EVENTS);
    if (events === null) return this.#deliverMissing(joined);
    const isFull = events.length === ENTRY_EVENTS;
    const last = events.at(-1)?.seq ?? newest;
    const wasOwn = joined.replaced === null;
    const isDone = await this.#append(joined, events, isFull ? last : Math.max(last, newest));
    if (isDone) this.#well();
    return isDone ? isFull || this.#openingDue : wasOwn;
  }

  /**
   * Events that were not delivered can't be read. Where they are kept, the disk does not answer at present: they wait for it. Otherwise
   * publishes a mark that they are missing, and continues with what is known now.
   */
  async #deliverMissing(joined: Joined): Promise<boolean> {
    if (this.#position >= this.#monitor.events.completeAfter) {
      this.#failed(UNREADABLE);
      await this.#append(joined, [], this.#position);
      return false;
    }
    const problem = 'events could not be delivered for so long that they are not kept any more, and are missing here';
    this.#log.error(problem);
    const { identity, events, board } = this.#monitor;
    const [seq, now] = [events.newest, this.#monitor.now()];
    this.#restate(helloOf(this.#monitor, board, seq));
    this.#position = seq;
    const mark: Event = { type: 'mark', seq, at: now, text: `${identity.vantage}: ${problem}` };
    const isDone = await this.#append(joined, [mark], seq);
    if (isDone) this.#well();
    return isDone;
  }

  /** Finds the name under which it publishes, and what the stream has of this monitor; null where it has to wait. */
  async #join(): Promise<Joined | null> {
    const found = await overview(this.#bus, this.#monitor.identity.id);
    const choice = this.#name.choose(found);
    if (choice === 'copied') this.#failed(COPIED);
    if (typeof choice === 'string') return null;
    const { name } = choice;
    const held = found.vantages.get(name);
    if (held?.run !== this.#run || held.offline) this.#openingDue = true;
    await this.#goOnFrom(found);
    this.#joined = { name, replaced: held?.raw ?? '' };
    return this.#joined;
  }

  /** Goes on where the stream is: at the event after the last one that it has of this monitor. */
  async #goOnFrom({ feed, last }: BusOverview): Promise<void> {
    const isNew = feed !== this.#feed;
    const seq = last !== '' ? Number(last) : isNew ? this.#position : this.#begin;
    if (seq < this.#position) {
      if (!isNew)
        this.#log.warn('the Redis of the bus has lost events that it had confirmed: they are delivered again');
      this.#position = seq;
    } else if (seq > this.#position) {
      // The answer to what was delivered was lost.
      const events = (await this.#monitor.events.after(this.#position, ENTRY_EVENTS)) ?? [];
      const had = events.filter((event) => event.seq <= seq);
      this.#advance(had, had.at(-1)?.seq ?? this.#position);
    }
    if (isNew) this.#begin = this.#position;
    this.#feed = feed;
    this.#last = last;
  }

  /** The stream has these events now. @param through the number up to which there are no others */
  #advance(events: readonly Event[], through: number): void {
    for (const event of events) if (event.seq > this.#boardAt) this.#board.apply(event);
    this.#position = through;
    this.#boardAt = Math.max(this.#boardAt, through);
  }

  /** Appends events, and what else is due, with a sign of life. Returns false where it has to join again. */
  async #append(joined: Joined, events: readonly Event[], through: number): Promise<boolean> {
    const { id: monitor, vantage: wanted } = this.#monitor.identity;
    const { name: vantage, replaced } = joined;
    const now = this.#monitor.now();
    // Hubs did not believe what came from the future: they get to know what is.
    if (now < this.#appendedAt - SET_BACK_MS) this.#openingDue = true;
    this.#appendedAt = now;
    const isOpening = this.#openingDue && this.#position >= this.#boardAt;
    const known = isOpening || this.#isSnapshotDue(now) ? helloJson(this.#monitor, this.#board, this.#position) : '';
    const [opening, snapshot] = isOpening ? [known, ''] : ['', known];
    const statuses = [...this.#statuses.values()];
    // Before the answer, which may come after the next reason for one.
    if (isOpening) this.#openingDue = false;
    let isDone = false;
    try {
      const own = { monitor, run: this.#run, vantage, now, feed: this.#feed, replaced, from: this.#last, through };
      isDone = await append(this.#bus, { ...own, events, statuses, opening, snapshot });
    } finally {
      if (!isDone) this.#openingDue ||= isOpening;
    }
    if (!isDone) {
      this.#joined = null;
      return false;
    }
    if (replaced !== null) {
      this.#log.info({ bus: this.#bus.where.shown, vantage }, 'publishing to the bus');
      if (this.#name.taken(vantage))
        this.#log.warn(
          { vantage: wanted, as: vantage },
          'another monitor has this vantage: give each its own --vantage',
        );
      joined.replaced = null;
    }
    this.#last = String(through);
    for (const status of statuses)
      if (this.#statuses.get(status.service) === status) this.#statuses.delete(status.service);
    if (known !== '') {
      // Not all monitors at once.
      this.#snapshotAt = now + SNAPSHOT_MS * (Math.random() - 0.5);
      this.#snapshotOf = this.#position;
    }
    this.#advance(events, through);
    return true;
  }

  #isSnapshotDue(now: number): boolean {
    if (this.#openingDue || this.#position < this.#boardAt) return false;
    return now - this.#snapshotAt >= (this.#snapshotOf === this.#position ? UPTIME_MS : SNAPSHOT_MS);
  }

  /** Publishes that its services are not observed any more. */
  async #end(): Promise<void> {
    if (this.vantage === null) return;
    const events = toUnobserved(this.#board, this.#monitor.now(), 'stopped', null);
    await announceOffline(this.#bus, this.vantage, { run: this.#run, sign: null }, events);
  }

  #failed(problem: string): void {
    if (this.#problem === null) {
      this.#problemSince = performance.now();
      this.#log.warn({ bus: this.#bus.where.shown, problem }, 'nothing is delivered to the bus; it waits');
    }
    this.#problem = problem;
  }

  #well(): void {
    if (this.#problem === null) return;
    this.#problem = null;
    const after = showDuration(performance.now() - this.#problemSince);
    this.#log.info({ bus: this.#bus.where.shown, after }, 'events are delivered to the bus again');
  }
}

/** All that is known of the services, as of an own event. @param board of these services, at that event */
function helloOf(monitor: PublishedSource, board: Board, seq: number): Hello {
  const now = monitor.now();
  const services = board.snapshot(now);
  return { type: 'hello', protocol: PROTOCOL, monitor: monitor.identity, now, seq, resumed: false, services };
}

/** The same as JSON, with no more of the past than a hub reads. */
function helloJson(monitor: PublishedSource, board: Board, seq: number): string {
  const hello = helloOf(monitor, board, seq);
  let json = '';
  for (const { intervals, gaps } of PASTS) {
    const services = hello.services.map((one) => ({
      ...one,
      timeline: one.timeline.slice(-intervals),
      gaps: one.gaps.slice(-gaps),
    }));
    json = JSON.stringify({ ...hello, services });
    // What is stored of it has a few letters more.
    if (json.length < PART_LENGTH - 100) break;
  }
  return json;
}

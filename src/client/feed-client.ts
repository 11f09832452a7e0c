/**
 * A client of another monitor's feed. It reconnects without end and resumes, so its readers get every event once and in
 * order, as from a monitor in this process; and it reports to them while it is not connected.
 */
import { Clock } from '../core/clock.ts';
import type { FeedReader } from '../core/source.ts';
import { Board } from '../core/board.ts';
import { type ClockOffset, OffsetMeter } from './clock-offset.ts';
import { decode } from '../core/message-schema.ts';
import type { FeedUrl } from './feed-url.ts';
import { askApi } from './fetch-history.ts';
import { FeedConnection } from './feed-connection.ts';
import { type Event, type Hello, isEvent, type Message, type MonitorIdentity, PROTOCOL } from '../core/messages.ts';
import { RateLimit } from '../core/rate-limit.ts';

/** Hellos that may come at once, and how many more in a second: a hub sends 4 at most. */
const HELLOS = 50;
const HELLOS_PER_S = 8;

export class FeedClient {
  readonly url: FeedUrl;
  readonly #clock: Clock;
  readonly #connection: FeedConnection;
  readonly #samples: boolean;
  readonly #board = new Board();
  readonly #readers = new Set<FeedReader>();
  #meter = new OffsetMeter();
  #identity: MonitorIdentity | null = null;
  /** The number of the last event that was passed on. */
  #position = 0;
  #connected = false;
  /** When the last message came, by this machine's clock. */
  #lastMessageAt: number;
  #everConnected = false;
  /** The hello of a connection that resumes: passed on when all that was missed has come, as it knows of that already. */
  #held: Hello | null = null;
  #greeted = false;
  readonly #hellos = new RateLimit(HELLOS, HELLOS_PER_S);

  /**
   * Begins to connect.
   * @param samples whether every probe is wanted
   * @param clock labels this machine's times
   */
  constructor(url: FeedUrl, samples: boolean, clock: Clock = new Clock()) {
    this.#clock = clock;
    this.url = url;
    this.#samples = samples;
    this.#lastMessageAt = this.now();
    this.#connection = new FeedConnection(url.token, {
      target: () => this.#target(),
      onMessage: (text) => {
        this.#receive(text);
      },
      onRoundTrip: (tookMs) => {
        this.#meter.roundTrip(tookMs);
      },
      onClose: (problem, retryMs) => {
        this.#disconnected(problem, retryMs);
      },
    });
  }

  /** Milliseconds since the epoch, by this machine's clock. */
  now(): number {
    return this.#clock.epoch(this.#clock.now());
  }

  /** Whether the feed is live. */
  get connected(): boolean {
    return this.#connected;
  }

  /** The monitor at the other end; null before it was first connected. */
  get identity(): MonitorIdentity | null {
    return this.#identity;
  }

  /** What is to be known of what it shows, for people: that a token was given, and the monitor has none. Null where that is nothing. */
  get note(): string | null {
    const services = [...this.#board.services.values()];
    const isPublic = services.length > 0 && services.every(({ info }) => info.target === '');
    if (this.url.token === null || !isPublic) return null;
    return `${this.url.url.host} has no token to compare yours with: it shows only what everyone may see`;
  }

  /** What is known of every service, by the other clock. */
  get board(): Board {
    return this.#board;
  }

  /** The other clock less this one; null before it is known. */
  get offset(): ClockOffset | null {
    return this.#meter.offset();
  }

  /** Passes messages to a reader from now on, a `hello` as soon as one is known. Returns how to end it. */
  subscribe(reader: FeedReader): () => void {
    const hello = this.#helloNow();
    if (hello !== null) reader.take([hello]);
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  /** Marks this moment at the other end. Resolves with what is wrong, for people; with null where nothing is. */
  async mark(text: string): Promise<string | null> {
    try {
      const { statusCode, value } = await askApi(this.url, new URL('marks', this.url.api), { text });
      if (statusCode === 201) return null;
      const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : statusCode;
      return String(error)
        .slice(0, 200)
        .replace(/\p{Cc}/gu, ' ');
    } catch (error) {
      return error instanceof Error && error.message !== '' ? error.message : 'no connection';
    }
  }

  /** Closes the connection. */
  close(): void {
    this.#connection.close();
  }

  #target(): URL {
    const url = new URL(this.url.url);
    if (this.#samples) url.searchParams.set('samples', '1');
    if (this.#identity !== null) {
      url.searchParams.set('after', String(this.#position));
      url.searchParams.set('monitor', this.#identity.id);
    }
    return url;
  }

  #receive(text: string | null): void {
    const here = this.now();
    if (this.#connected) this.#lastMessageAt = here;
    const message = text === null ? ({ fault: 'malformed', problem: 'not text' } as const) : decode(text);
    if ('fault' in message) {
      if (this.#greeted) {
        if (message.fault === 'malformed') for (const reader of this.#readers) reader.unreadable?.(message.problem);
        return;
      }
      const problem = message.fault === 'unknown' ? 'its first message is no hello' : message.problem;
      this.#connection.drop(`it does not speak protocol ${String(PROTOCOL)}: ${problem}`);
      return;
    }
    if (message.type === 'hello') this.#hello(this.#named(message), here);
    else if (!this.#greeted) this.#connection.drop('its first message is no hello');
    else if (isEvent(message)) this.#event(message);
    else if (message.type === 'heartbeat') this.#heartbeat(message, here);
    else this.#emit(message);
  }

  /** The public view leaves out a vantage that is a host's name: then the address, which the reader knows, is its name. */
  #named(hello: Hello): Hello {
    const vantage = hello.monitor.vantage.trim() === '' ? this.url.url.host : hello.monitor.vantage;
    return { ...hello, monitor: { ...hello.monitor, vantage } };
  }

  #hello(hello: Hello, here: number): void {
    if (!this.#hellos.take()) {
      this.#connection.drop('it says hello again and again');
      return;
    }
    const same = this.#identity?.id === hello.monitor.id;
    // That of the same monitor goes on over a break: its clock may have been set meanwhile.
    if (!same) this.#meter = new OffsetMeter();
    this.#meter.stamp(hello.now, here);
    const again = this.#greeted;
    this.#greeted = true;
    this.#connection.greeted();
    this.#identity = hello.monitor;
    if (this.#held !== null || (!again && same && hello.resumed)) {
      this.#held = hello;
      if (this.#position >= hello.seq) this.#caughtUp();
      return;
    }
    // A hub whose stream was begun again has other numbers.
    if (!again || !same) this.#position = hello.seq;
    this.#emit(hello);
    if (!again) this.#live(false);
  }

  #event(event: Event): void {
    if (event.seq <= this.#position) return;
    if (this.#held !== null && event.seq > this.#held.seq) this.#caughtUp();
    this.#position = event.seq;
    this.#emit(event);
    if (this.#held !== null && this.#position >= this.#held.seq) this.#caughtUp();
  }

  #heartbeat(heartbeat: Extract<Message, { type: 'heartbeat' }>, here: number): void {
    this.#clock.check();
    this.#meter.stamp(heartbeat.now, here);
    this.#connection.ping();
    // All events up to this one have been sent.
    this.#position = Math.max(this.#position, heartbeat.seq);
    if (this.#held !== null) this.#caughtUp();
    this.#emit(heartbeat);
  }

  #caughtUp(): void {
    const hello = this.#held;
    this.#held = null;
    if (hello !== null) this.#emit(hello);
    this.#live(true);
  }

  #live(resumed: boolean): void {
    this.#connection.confirm();
    const at = this.now();
    const since = this.#everConnected ? this.#lastMessageAt : null;
    this.#lastMessageAt = at;
    this.#connected = true;
    this.#everConnected = true;
    for (const reader of this.#readers) reader.connected?.({ at, since, resumed });
  }

  #disconnected(problem: string, retryMs: number): void {
    this.#connected = false;
    this.#greeted = false;
    this.#held = null;
    for (const reader of this.#readers) reader.disconnected?.({ since: this.#lastMessageAt, problem, retryMs });
  }

  #emit(message: Message): void {
    this.#board.apply(message);
    for (const reader of this.#readers) if (reader.samples || message.type !== 'sample') reader.take([message]);
  }

  /** What is known now, as a new reader gets it. */
  #helloNow(): Hello | null {
    if (this.#identity === null) return null;
    const now = this.now() + (this.offset?.offsetMs ?? 0);
    const services = this.#board.snapshot(now);
    const monitor = this.#identity;
    return { type: 'hello', protocol: PROTOCOL, monitor, now, seq: this.#position, resumed: false, services };
  }
}

/** The page's side of the feed: keeps the picture true, and says how the connection is. */
import type { LinkState } from '../page-text.ts';
import type { DaysAnswer } from '../page-days.ts';
import { type Change, PageState } from '../page-state.ts';
import { receive, type StatusAnswer } from '../page-messages.ts';
import { Link } from './page-connection.ts';

/** Uptimes are asked for this often, and soon after a gap: not by all readers at once. In milliseconds. */
const UPTIMES_MS = 60_000;
const AFTER_GAP_MS = 1000;
const SPREAD_MS = 2000;
/** Days that are past do not change; of today the feed tells. */
const DAYS_MS = 600_000;

/** An answer that has not come after this time is not waited for any longer. */
const ANSWER_MS = 10_000;

export interface FeedEvents {
  /** Something is to be drawn. */
  changed(changes: readonly Change[]): void;
}

export class Feed {
  readonly picture = new PageState();
  readonly clock = new MonitorClock();
  readonly #events: FeedEvents;
  readonly #token = new URLSearchParams(location.search).get('token');
  readonly #link: Link;
  #state: LinkState = { is: 'opening', heard: this.clock.now(), problem: '', retryAt: 0 };
  #uptimes: number | null = null;

  constructor(events: FeedEvents) {
    this.#events = events;
    this.#link = new Link({
      prepare: () => this.#prepare(),
      message: (text) => {
        this.#take(text);
      },
      broken: (problem, pauseMs) => {
        const { heard } = this.#state;
        this.#state = { is: 'broken', heard, problem, retryAt: this.clock.now() + pauseMs };
        events.changed([]);
      },
    });
    this.#link.open();
    setInterval(() => {
      this.#askForUptimes(0);
    }, UPTIMES_MS);
    setInterval(() => {
      if (!document.hidden) this.#askForDays();
    }, DAYS_MS);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Tries to connect now. */
  retryNow(): void {
    this.#link.retryNow();
  }

  /** The first time the state is fetched: it is there before a websocket, and says where the news begin. */
  async #prepare(): Promise<URL> {
    if (this.picture.position === null) {
      const answer = await this.#get<StatusAnswer>('/api/v1/status');
      this.#heard(answer.now);
      this.picture.begin(answer);
      this.#events.changed([]);
      this.#askForDays();
    }
    const url = new URL('/feed', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const position = this.picture.position;
    if (position !== null) {
      url.searchParams.set('after', String(position.after));
      url.searchParams.set('monitor', position.monitor);
    }
    if (this.#token !== null) url.searchParams.set('token', this.#token);
    return url;
  }

  #take(text: string): void {
    const message = receive(text);
    if (message === null) return;
    if (message.type === 'hello') {
      this.clock.reset();
      this.#link.good();
    }
    this.#heard('now' in message ? message.now : null);
    if (message.type === 'hello') this.#state = { is: 'live', heard: this.#state.heard, problem: '', retryAt: 0 };
    const changes = this.picture.take(message);
    if (message.type === 'gap') this.#askForUptimes(AFTER_GAP_MS + Math.random() * SPREAD_MS);
    this.#events.changed(changes);
  }

  #heard(there: number | null): void {
    if (there !== null) this.clock.stamp(there);
    this.#state = { ...this.#state, heard: this.clock.now() };
  }

  #askForUptimes(inMs: number): void {
    if (document.hidden || this.#state.is !== 'live') return;
    this.#uptimes ??= window.setTimeout(() => {
      this.#uptimes = null;
      // Those that are shown stay until there are newer ones; the websocket tells when the monitor is away.
      this.#get<StatusAnswer>('/api/v1/status').then(
        (answer) => {
          this.picture.refresh(answer);
          this.#events.changed([]);
        },
        () => undefined,
      );
    }, inMs);
  }

  #askForDays(): void {
    this.#get<DaysAnswer>('/api/v1/days').then(
      (answer) => {
        this.picture.remember(answer);
        this.#events.changed([]);
      },
      // The bars show what the feed has told until they are asked for again.
      () => undefined,
    );
  }

  async #get<Answer>(path: string): Promise<Answer> {
    let response: Response;
    try {
      response = await fetch(path, {
        headers: this.#token === null ? {} : { authorization: `Bearer ${this.#token}` },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      throw new Error('no connection');
    }
    if (response.status === 401)
      throw new Error('this monitor wants its token: load the page again, with any name and the token as password');
    if (!response.ok) throw new Error(`the monitor answered with ${String(response.status)}`);
    return (await response.json()) as Answer;
  }
}

// The monitor's clock, as its messages tell it: the reader's own may be wrong. Milliseconds since the epoch.

/** Messages by which the clock is set. */
const KEPT = 6;

export class MonitorClock {
  #ahead: number[] = [];

  /** A message was sent at this time. It is the least late one that counts. */
  stamp(there: number): void {
    this.#ahead = [...this.#ahead, there - Date.now()].slice(-KEPT);
  }

  /** A new connection: either clock may have been set since. */
  reset(): void {
    this.#ahead = [];
  }

  now(): number {
    return Date.now() + (this.#ahead.length === 0 ? 0 : Math.max(...this.#ahead));
  }
}

/** The page's side of the feed: keeps the state of the page and of its connection. */
import type { ConnectionState, Change } from '../page-text.ts';
import type { DaysAnswer } from '../page-days.ts';
import { PageState } from '../page-state.ts';
import { midnightOf, type PastGap } from '../stories.ts';
import { DAY_MS } from '../../core/uptime.ts';
import { receive, type StatusAnswer } from '../page-messages.ts';
import { FeedConnection } from './page-connection.ts';

/** Uptimes are requested this often, and so is what could not be fetched; uptimes also soon after a gap: not by all readers at once. In milliseconds. */
const UPTIMES_MS = 60_000;
const AFTER_GAP_MS = 1000;
const SPREAD_MS = 2000;
/** Past days do not change, and today is in the feed; they are the longest of all answers. */
const DAYS_MS = 600_000;
const DAYS_SPREAD_MS = 20_000;

/** Gaps of so many days are fetched at once; others when they are looked for. */
const RECENT_DAYS = 7;

/** The deadline for an answer. */
const ANSWER_MS = 10_000;

interface GapsAnswer {
  /** From then on the gaps are all. */
  readonly since: number;
  readonly gaps: readonly PastGap[];
}

interface FeedEvents {
  /** Something is to be drawn. */
  changed(changes: readonly Change[]): void;
}

/** The live state of the page: fetched once, then kept up to date over the websocket. */
export class Feed {
  readonly state = new PageState();
  readonly clock = new MonitorClock();
  readonly #events: FeedEvents;
  readonly #token = new URLSearchParams(location.search).get('token');
  readonly #socket: FeedConnection;
  #connection: ConnectionState = { status: 'opening', lastMessageAt: this.clock.now(), problem: '', retryAt: 0 };
  #uptimes: number | null = null;
  readonly #loaded = new Set<number>();
  /** Whether the gaps of the last days are to be fetched again: they could not be, or events were missed. */
  #owesGaps = false;
  /** When the days were requested last, by this machine's clock. */
  #daysAt = -Infinity;
  /** Whether the gaps of the last days were fetched, or could not be. */
  gapsKnown = false;
  /** The same of the sums of 90 days. */
  daysKnown = false;

  constructor(events: FeedEvents) {
    this.#events = events;
    this.#socket = new FeedConnection({
      prepare: () => this.#prepare(),
      onMessage: (text) => {
        this.#take(text);
      },
      onClose: (problem, pauseMs) => {
        const { lastMessageAt } = this.#connection;
        this.#connection = { status: 'broken', lastMessageAt, problem, retryAt: this.clock.now() + pauseMs };
        events.changed([]);
      },
    });
    this.#socket.open();
    setInterval(() => {
      this.#requestUptimes(0);
      if (this.#owesGaps && !document.hidden) this.#requestGaps();
    }, UPTIMES_MS);
    setInterval(() => {
      if (!document.hidden) this.#requestDays();
    }, DAYS_MS);
    document.addEventListener('visibilitychange', () => {
      if (document.hidden || this.state.position === null) return;
      this.#requestUptimes(0);
      this.#requestDays();
    });
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Notices that nothing has come for too long; to be called often. */
  checkSilence(): void {
    this.#socket.checkSilence();
  }

  /** Tries to connect now. */
  retryNow(): void {
    this.#socket.retryNow();
  }

  /** The first time the state is fetched: it arrives before a websocket, and has the number at which the news begins. */
  async #prepare(): Promise<URL> {
    if (this.state.position === null) {
      const answer = await this.#get<StatusAnswer>('api/v1/status');
      this.#received(answer.now);
      this.state.begin(answer);
      this.#events.changed([]);
      this.#requestDays();
      this.#requestGaps();
    }
    const url = new URL('feed', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const position = this.state.position;
    if (position !== null) {
      url.searchParams.set('after', String(position.after));
      url.searchParams.set('monitor', position.monitor);
    }
    if (this.#token !== null) url.searchParams.set('token', this.#token);
    return url;
  }

  #take(text: string): void {
    const message = receive(text);
    // Of a newer monitor: the status may have what this page can use of it.
    if (message === null) {
      this.#requestUptimes(AFTER_GAP_MS);
      return;
    }
    if (message.type === 'hello') {
      this.clock.reset();
      this.#socket.succeeded();
    }
    this.#received('now' in message ? message.now : null);
    if (message.type === 'hello') {
      this.#connection = { ...this.#connection, status: 'live', problem: '', retryAt: 0 };
      if (!message.resumed) {
        this.#owesGaps = true;
        this.#loaded.clear();
      }
      if (this.#owesGaps) this.#requestGaps();
      // A page that slept may show the days of before; most come back much sooner.
      if (!document.hidden && Date.now() - this.#daysAt > UPTIMES_MS) {
        this.#daysAt = Date.now();
        setTimeout(() => {
          this.#requestDays();
        }, Math.random() * DAYS_SPREAD_MS);
      }
    }
    const changes = this.state.take(message);
    // The status has the notes too.
    if (message.type === 'gap' || message.type === 'note')
      this.#requestUptimes(AFTER_GAP_MS + Math.random() * SPREAD_MS);
    this.#events.changed(changes);
  }

  #received(there: number | null): void {
    if (there !== null) this.clock.stamp(there);
    this.#connection = { ...this.#connection, lastMessageAt: this.clock.now() };
  }

  #requestUptimes(inMs: number): void {
    if (document.hidden || this.#connection.status !== 'live') return;
    this.#uptimes ??= window.setTimeout(() => {
      this.#uptimes = null;
      // Those that are shown stay until there are newer ones; the websocket shows when the monitor is unreachable.
      this.#get<StatusAnswer>('api/v1/status').then(
        (answer) => {
          this.state.refresh(answer);
          this.#events.changed([]);
        },
        () => undefined,
      );
    }, inMs);
  }

  /** The gaps of the last days; those of a day that is cut off are fetched when it is opened. */
  #requestGaps(): void {
    this.#owesGaps = false;
    const since = midnightOf(this.clock.now()) - (RECENT_DAYS - 1) * DAY_MS;
    this.#get<GapsAnswer>(`api/v1/gaps?since=${String(since)}`).then(
      ({ gaps, since: complete }) => {
        this.state.takeGaps(gaps);
        for (let day = midnightOf(complete + DAY_MS - 1); day <= this.clock.now(); day += DAY_MS) this.#loaded.add(day);
        this.gapsKnown = true;
        this.#events.changed([]);
      },
      () => {
        this.#owesGaps = true;
        this.gapsKnown = true;
      },
    );
  }

  /** Fetches the gaps of a day, once. @param day its midnight */
  loadDay(day: number): Promise<void> {
    if (this.#loaded.has(day)) return Promise.resolve();
    this.#loaded.add(day);
    return this.#get<GapsAnswer>(`api/v1/gaps?since=${String(day)}&until=${String(day + DAY_MS - 0.001)}`).then(
      ({ gaps }) => {
        this.state.takeGaps(gaps);
        this.#events.changed([]);
      },
      () => {
        this.#loaded.delete(day);
      },
    );
  }

  #requestDays(): void {
    this.#daysAt = Date.now();
    this.#get<DaysAnswer>('api/v1/days').then(
      (answer) => {
        this.state.takeDays(answer);
        this.daysKnown = true;
        this.#events.changed([]);
      },
      // The bars show what came over the feed, until the next request.
      () => {
        this.daysKnown = true;
      },
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
    if (response.status === 401) throw new Error('this monitor requires its token: reload the page to log in');
    if (!response.ok) throw new Error(`the monitor answered with ${String(response.status)}`);
    return (await response.json()) as Answer;
  }
}

/** Messages by which the clock is set. */
const KEPT = 6;

/** The monitor's clock, from its messages: the reader's own may be wrong. Milliseconds since the epoch. */
class MonitorClock {
  #ahead: number[] = [];

  /** A message was sent at this time. The one that was fastest on its way counts. */
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

/** The monitors that a run asks: the one in this process, and the feeds of others. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Monitor } from '../monitor/monitor.ts';
import { Clock, systemClock } from '../core/clock.ts';
import { FeedClient } from '../client/feed-client.ts';
import type { ClockOffset } from '../client/clock-offset.ts';
import type { FeedUrl } from '../client/feed-url.ts';
import type { ObservedVantage } from '../report/observed.ts';
import { Recorder, type Standing } from '../report/run-recorder.ts';

/** Heartbeats come every 5 s; one that takes a second longer does not come. */
const HEARTBEAT_MS = 6000;
/** How often it is checked whether a heartbeat has come, in milliseconds. */
const POLL_MS = 20;
/** A vantage that is not waited for any more does not keep the process. */
const UNHELD = { ref: false };

export interface Vantage {
  /** Its name; an address while that is not known. */
  readonly name: string;
  /** How its services stand, with how long they have been so, and been up without any break; null where one is not up. */
  readonly standings: readonly (Standing & { readonly forMs: number; readonly upForMs: number | null })[];
  /** Why nothing is known from there at present, for people; null where it is. */
  readonly problem: string | null;
  /** What is to be known of what it shows, for people; null where that is nothing. */
  readonly note: string | null;
  /** Resolves when all that was sent before `at` (by this machine's clock) is settled and has come, or can't come. */
  settled(at: number): Promise<void>;
  /** The next stage of the run begins at this moment, by this machine's clock. */
  nextStage(at: number): void;
  observed(): ObservedVantage;
  /** Ends it. All that has come by then is in `observed`. */
  close(): Promise<void>;
}

/** Events that are kept of another monitor, some 100 MB. */
const MOST_EVENTS = 250_000;

export class LocalVantage implements Vantage {
  readonly name: string;
  readonly problem = null;
  readonly note = null;
  readonly #monitor: Monitor;
  readonly #recorder: Recorder;

  /** @param keepsProbes whether every single probe is kept */
  constructor(monitor: Monitor, keepsProbes = false) {
    this.#monitor = monitor;
    this.#recorder = new Recorder(Infinity, keepsProbes);
    this.name = monitor.identity.vantage;
    monitor.subscribe(this.#recorder);
  }

  get standings(): Vantage['standings'] {
    return this.#recorder.standings.map((one) => timed(one, this.#monitor.now()));
  }

  async settled(at: number): Promise<void> {
    await sleep(Math.max(0, at + this.#recorder.timeoutMs - this.#monitor.now()), undefined, UNHELD);
  }

  nextStage(at: number): void {
    this.#recorder.nextStage(at);
  }

  observed(): ObservedVantage {
    return this.#recorder.observed(null);
  }

  close(): Promise<void> {
    return this.#monitor.stop();
  }
}

export class RemoteVantage implements Vantage {
  readonly #client: FeedClient;
  readonly #recorder: Recorder;
  readonly #isTaken: (name: string) => boolean;
  #offset: ClockOffset | null = null;
  #lost = 'no answer yet';

  /**
   * @param keepsProbes whether every single probe is kept
   * @param isTaken whether another vantage of the run has this name too: then this one's address stands beside it
   */
  constructor(url: FeedUrl, keepsProbes: boolean, isTaken: (name: string) => boolean) {
    this.#isTaken = isTaken;
    this.#recorder = new Recorder(MOST_EVENTS, keepsProbes);
    this.#client = new FeedClient(url, true, new Clock(systemClock, false));
    this.#client.subscribe({
      samples: true,
      take: (messages) => {
        this.#recorder.take(messages);
      },
      connected: () => {
        this.#recorder.connected();
      },
      disconnected: ({ problem }) => {
        this.#lost = problem;
        this.#recorder.disconnected();
      },
      unreadable: (problem) => {
        this.#recorder.unreadable(problem);
      },
    });
  }

  get name(): string {
    if (!this.#recorder.greeted) return this.#client.url.shown;
    return this.#isTaken(this.monitorName) ? `${this.monitorName} (${this.#client.url.url.host})` : this.monitorName;
  }

  /** The name that its monitor gives itself; empty while that is not known. */
  get monitorName(): string {
    return this.#recorder.vantage;
  }

  get note(): string | null {
    return this.#client.note;
  }

  get problem(): string | null {
    this.#offset = this.#client.offset ?? this.#offset;
    const { shown } = this.#client.url;
    if (!this.#client.connected) return `the feed ${shown} is not connected: ${this.#lost}`;
    return this.#offset === null ? `the clock of ${shown} is not known yet` : null;
  }

  get standings(): Vantage['standings'] {
    const there = this.#client.now() + (this.#offset?.offsetMs ?? 0);
    const isLost = this.problem !== null;
    return this.#recorder.standings.map((one) => timed(isLost ? { ...one, state: 'unobserved' } : one, there));
  }

  async settled(at: number): Promise<void> {
    const settleMs = this.#recorder.timeoutMs;
    const patience = AbortSignal.timeout(settleMs + HEARTBEAT_MS);
    // Only what it says later than that proves that it was still probing, and still connected.
    const hasCome = (): boolean => this.#recorder.newestTime >= there() + settleMs;
    const there = (): number => at + (this.#offset?.offsetMs ?? 0);
    while (!patience.aborted && !(hasCome() && this.#recorder.gapsCountedUntil >= there())) {
      await sleep(POLL_MS, undefined, UNHELD);
    }
    if (!hasCome()) this.#recorder.disconnected();
  }

  nextStage(at: number): void {
    this.#recorder.nextStage(at + (this.#offset?.offsetMs ?? 0));
  }

  observed(): ObservedVantage {
    // A clock that was set after the last look counts too.
    this.#offset = this.#client.offset ?? this.#offset;
    return { ...this.#recorder.observed(this.#offset ?? { offsetMs: 0, uncertaintyMs: 0 }), vantage: this.name };
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }
}

function timed(standing: Standing, now: number): Vantage['standings'][number] {
  const forMs = Math.max(0, now - standing.steadySince);
  return { ...standing, forMs, upForMs: standing.state === 'up' ? Math.max(0, now - standing.since) : null };
}

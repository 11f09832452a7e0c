/**
 * Calls what the configuration names when something happens. Each hook goes its own way through the events of the monitor: it
 * delivers them one after the other, tries again until each has arrived, and notes how far it is. The log of the events is its
 * queue, so that one which hangs or fails delays neither the monitor nor another hook, and a restart loses nothing where there is
 * a history.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { type Event, timeOf } from '../core/messages.ts';
import type { Reason } from '../core/model.ts';
import { toJson } from '../core/printable.ts';
import type { FeedSource, HookFigures } from '../core/source.ts';
import { deliver, DeliveryError } from './deliver.ts';
import { eventSentence } from './event-sentence.ts';
import {
  eventStep,
  heldStep,
  lagBefore,
  type HookState,
  newHookState,
  nextDue,
  pendingOf,
  type Step,
  withoutGone,
  type Lag,
} from './hook-progress.ts';
import { hookId, type HookSettings, shownHook } from './hook-settings.ts';

/** The pause after a failure, doubled each time up to the longest, in milliseconds. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;
/** An event that could not be delivered for so long is given up. */
const GIVE_UP_MS = 24 * 3_600_000;
/** Events that are read at once. */
const PAGE = 500;
/** The end waits this long for what is due; with a history the rest follows after the next start. */
const PATIENCE_MS = 2000;
/** What was kept is waited for this long: a disk that is away must not keep a hook from what happens now for ever. In milliseconds. */
const KEPT_PATIENCE_MS = 60_000;
/** Longer timers are cut by Node. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Where the hooks keep how far they are: of each hook some JSON, by its id. */
export interface HookStore {
  /** All that is kept. @throws where that is not known at present */
  hookStates(): Promise<ReadonlyMap<string, string>>;
  /** Keeps the state of a hook from now on, a moment later also on disk; null forgets it. */
  keepHookState(id: string, state: string | null): void;
}

/** Why a service is down that may have been silent: a TLS handshake waits for its deadline too. */
const SLOW_TO_FAIL: ReadonlySet<Reason | null> = new Set<Reason>(['timeout-connect', 'timeout-reply', 'tls']);
/** A timer that keeps no process from ending. */
const UNHELD = { ref: false } as const;

type HookedMonitor = Pick<FeedSource, 'identity' | 'events' | 'board' | 'now' | 'subscribe'>;

export class Hooks {
  readonly #monitor: HookedMonitor;
  readonly #store: HookStore | null;
  readonly #log: Logger;
  readonly #patienceMs: number;
  readonly #unsubscribe: () => void;
  readonly #hooks = new Map<string, Hook>();
  /** What was kept, until it is read; null where nothing is. */
  #kept: Promise<Map<string, string>> | null = null;
  #isClosed = false;
  /** The names of what is watched. */
  #services: ReadonlySet<string> = new Set();

  /**
   * @param store null where nothing is kept: then what waits is lost with the process
   * @param patienceMs how long what was kept is waited for
   */
  constructor(monitor: HookedMonitor, store: HookStore | null, log: Logger, patienceMs = KEPT_PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#monitor = monitor;
    this.#store = store;
    this.#log = log;
    this.#unsubscribe = monitor.subscribe({
      samples: false,
      take: (messages) => {
        if (messages.some(({ type }) => type === 'hello')) this.#compareServices();
        for (const hook of this.#hooks.values()) hook.wake();
      },
    });
  }

  /** A service that is not watched any more is a new one where it comes back, also for a hook that has not come so far yet. */
  #compareServices(): void {
    const { board, events } = this.#monitor;
    const gone = new Set([...this.#services].filter((name) => !board.services.has(name)));
    this.#services = new Set(board.services.keys());
    if (gone.size > 0) for (const hook of this.#hooks.values()) hook.gone(gone, events.newest);
  }

  /** These are the hooks from now on. One that is new is called for what happens from now on, one that is known goes on. */
  apply(settings: readonly HookSettings[]): void {
    const wanted = new Map(settings.map((one) => [hookId(one), one]));
    for (const [id, hook] of this.#hooks) {
      if (wanted.has(id)) continue;
      this.#hooks.delete(id);
      void hook.close(0);
      this.#store?.keepHookState(id, null);
      void this.#kept?.then((kept) => kept.delete(id));
    }
    // All events from now on have a greater number.
    const begin = Math.max(this.#monitor.events.newest, Math.floor(this.#monitor.now() * 1000) - 1);
    for (const [id, one] of wanted) {
      const known = this.#hooks.get(id);
      if (known !== undefined) known.settings = one;
      else this.#hooks.set(id, new Hook(one, this.#monitor, this.#log, this.#placeOf(id), begin));
    }
  }

  get figures(): HookFigures[] {
    return Array.from(this.#hooks.values(), (hook) => hook.figures);
  }

  /** Delivers what is due, for a moment, and ends. To be called when the monitor has stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    await Promise.all(Array.from(this.#hooks.values(), (hook) => hook.close(PATIENCE_MS)));
  }

  /** How a hook reads what was kept of it, and keeps it. */
  #placeOf(id: string): HookPlace {
    const store = this.#store;
    return {
      restored: async () => {
        if (store === null) return null;
        const kept = await (this.#kept ??= this.#read(store));
        return kept.get(id) ?? null;
      },
      keep: (state) => {
        // Not of one that ends because it was taken out of the configuration.
        if (this.#hooks.has(id)) store?.keepHookState(id, JSON.stringify(state));
      },
    };
  }

  /** Read once: what is in the file later was written by this process. */
  async #read(store: HookStore): Promise<Map<string, string>> {
    const until = performance.now() + this.#patienceMs;
    for (;;) {
      const found = await Promise.race([store.hookStates().catch(() => null), sleep(this.#patienceMs, null, UNHELD)]);
      // What was kept stays as it is.
      if (this.#isClosed) return await new Promise(() => undefined);
      if (found !== null) {
        const kept = new Map(found);
        // A hook that was taken out of the configuration begins again where it comes back.
        for (const id of kept.keys()) if (!this.#hooks.has(id)) store.keepHookState(id, null);
        return kept;
      }
      if (performance.now() >= until) {
        this.#log.error("what was kept of the hooks can't be read: they begin with what happens now");
        return new Map();
      }
      await sleep(Math.min(FIRST_PAUSE_MS, until - performance.now()), null, UNHELD);
    }
  }
}

interface HookPlace {
  restored(): Promise<string | null>;
  keep(state: HookState): void;
}

class Hook {
  settings: HookSettings;
  readonly #monitor: HookedMonitor;
  readonly #log: Logger;
  readonly #place: HookPlace;
  readonly #end = new AbortController();
  readonly #ended: Promise<void>;
  #state: HookState;
  #events: readonly Event[] = [];
  /** Services that are not watched any more, and the number of the last event that may be of them; the oldest first. */
  readonly #gone: { readonly names: ReadonlySet<string>; readonly after: number }[] = [];
  #failures = 0;
  /**
   * Since when it fails, by `performance.now()`: a clock that is set forward gives no event up. Of the time before this process
   * only the clock tells.
   */
  #failingFrom: number | null = null;
  readonly #counts = { delivered: 0, failed: 0, givenUp: 0 };
  #isClosing = false;
  #hasNews = true;
  #wake: () => void = () => undefined;

  /** @param begin the number of the last event that is not for it, where nothing is kept of it */
  constructor(settings: HookSettings, monitor: HookedMonitor, log: Logger, place: HookPlace, begin: number) {
    this.settings = settings;
    this.#monitor = monitor;
    this.#log = log;
    this.#place = place;
    this.#state = newHookState(begin);
    this.#ended = this.#run(begin);
  }

  /** A method: it changes while something is awaited. */
  #isOver(): boolean {
    return this.#end.signal.aborted;
  }

  get figures(): HookFigures {
    const events = this.#monitor.events.latest(PAGE);
    const pending = pendingOf(this.#state, this.settings, events, this.#monitor.now(), this.#lag);
    return { hook: this.settings.place, ...this.#counts, pending };
  }

  /** These services are not watched any more since the event of this number. */
  gone(names: ReadonlySet<string>, after: number): void {
    this.#gone.push({ names, after });
  }

  wake(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** Delivers what is due, for at most `patienceMs`, without another attempt at what fails. */
  async close(patienceMs: number): Promise<void> {
    this.#isClosing = true;
    this.wake();
    const timer = setTimeout(() => {
      this.#end.abort();
    }, patienceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  async #run(begin: number): Promise<void> {
    const restored = await Promise.race([this.#place.restored(), aborted(this.#end.signal)]);
    if (restored !== null) {
      const state = JSON.parse(restored) as HookState;
      // Numbers that a clock which was ahead gave are not given again.
      this.#state = { ...state, after: Math.min(state.after, begin) };
      if (state.failingSince !== null)
        this.#failingFrom = performance.now() - Math.max(0, this.#monitor.now() - state.failingSince);
    }
    if (this.#isOver()) return;
    this.#place.keep(this.#state);
    while (!this.#isOver()) {
      const step = await this.#next();
      if (step !== null) {
        if (!(await this.#done(step))) return;
      } else if (this.#isClosing) return;
      else await this.#pause(nextDue(this.#state, this.settings, this.#lag) - this.#monitor.now());
    }
  }

  /** The next step; null where there is nothing to do at present. */
  async #next(): Promise<Step | null> {
    if (this.#events.length === 0) {
      this.#hasNews = false;
      this.#events = await this.#read();
    }
    const [event] = this.#events;
    // What is not read yet may be of them too.
    const reached = event?.seq ?? (this.#hasNews ? -Infinity : Infinity);
    for (let [gone] = this.#gone; gone !== undefined && gone.after < reached; [gone] = this.#gone) {
      const { names } = gone;
      this.#forget((name) => !names.has(name));
      this.#gone.shift();
    }
    const held =
      event === undefined
        ? heldStep(this.#state, this.settings, this.#monitor.now(), this.#lag)
        : heldStep(this.#state, this.settings, timeOf(event), lagBefore(event, this.#lag));
    if (held !== null) return held;
    if (event === undefined) {
      this.#forgetGone();
      return null;
    }
    this.#events = this.#events.slice(1);
    return eventStep(this.#state, this.settings, event);
  }

  /** That one that was silent is back is known a timeout later: only then was it down until a moment. */
  readonly #lag: Lag = ({ service, reason }) => {
    const info = this.#monitor.board.services.get(service)?.info;
    return info !== undefined && SLOW_TO_FAIL.has(reason) ? info.timeoutMs + info.intervalMs : 0;
  };

  /** Without what is not watched any more: also that which was taken out before the start of this process. */
  #forgetGone(): void {
    // What is not read yet may be of them too.
    if (!this.#hasNews) this.#forget((name) => this.#monitor.board.services.has(name));
  }

  #forget(isWatched: (service: string) => boolean): void {
    const left = withoutGone(this.#state, isWatched);
    if (left === this.#state) return;
    this.#state = left;
    this.#place.keep(left);
  }

  async #read(): Promise<readonly Event[]> {
    const { events } = this.#monitor;
    const found = await events.after(this.#state.after, PAGE);
    if (found !== null) return found;
    if (this.#state.after < events.completeAfter) {
      this.#log.error({ hook: shownHook(this.settings) }, 'a hook missed events that are not kept any more');
      this.#state = { ...this.#state, after: events.completeAfter };
    }
    // Or the disk does not answer.
    this.#hasNews = true;
    await sleep(FIRST_PAUSE_MS);
    return [];
  }

  /** Delivers what a step says, and takes it. Returns false where it is not delivered, as the hook ends. */
  async #done({ event, next }: Step): Promise<boolean> {
    if (event !== null && !(await this.#delivered(event))) return false;
    const { failingSince } = this.#state;
    this.#state = { ...next, failingSince };
    // What made nothing due is written with what does, or when all is read.
    if (event !== null || this.#events.length === 0) this.#place.keep(this.#state);
    return true;
  }

  /** Returns when it has arrived, or is given up; false where the hook ends before that. */
  async #delivered(event: Event): Promise<boolean> {
    const { id, vantage } = this.#monitor.identity;
    const text = eventSentence(event);
    const body = toJson({ text, content: text, monitor: id, vantage, event });
    const key = `${id}:${String(event.seq)}`;
    for (;;) {
      const hook = shownHook(this.settings);
      try {
        await deliver(this.settings.to, body, key, this.#end.signal);
        this.#counts.delivered += 1;
        if (this.#failures > 0) this.#log.info({ hook, failures: this.#failures }, 'a hook works again');
        this.#failures = 0;
        this.#failingFrom = null;
        this.#state = { ...this.#state, failingSince: null };
        return true;
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        if (this.#isOver()) return false;
        this.#failures += 1;
        this.#counts.failed += 1;
        const now = this.#monitor.now();
        const since = this.#state.failingSince ?? now;
        this.#failingFrom ??= performance.now();
        const failingMs = Math.min(now - Math.max(since, timeOf(event)), performance.now() - this.#failingFrom);
        const why = { hook, seq: event.seq, why: error.message };
        if (failingMs >= GIVE_UP_MS) {
          this.#counts.givenUp += 1;
          this.#log.error(why, 'a hook did not take an event for 24 h; it is given up');
          return true;
        }
        if (this.#state.failingSince === null) {
          this.#state = { ...this.#state, failingSince: since };
          this.#place.keep(this.#state);
        }
        this.#log[this.#failures === 1 ? 'warn' : 'debug'](why, 'a hook failed; it is called again');
        if (this.#isClosing) return false;
        await this.#pauseAfterFailure(error.waitMs);
        if (this.#isOver()) return false;
      }
    }
  }

  /** Waits for news, or for at most `ms`. */
  async #pause(ms: number): Promise<void> {
    if (this.#hasNews || this.#isClosing) return;
    await this.#wait(ms, () => this.#hasNews);
  }

  async #pauseAfterFailure(waitMs: number): Promise<void> {
    const growing = FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 20) * (1 + 0.2 * Math.random());
    await this.#wait(Math.min(LONGEST_PAUSE_MS, Math.max(growing, waitMs)), () => this.#isClosing);
  }

  async #wait(ms: number, isOver: () => boolean): Promise<void> {
    const until = performance.now() + ms;
    while (!isOver() && !this.#isClosing && performance.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(LONGEST_TIMER_MS, until - performance.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(null);
    });
  });
}

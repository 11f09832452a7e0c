/**
 * The engine: sends the probes of many services, each on its own grid, from one thread, and emits what they find.
 * It runs in a worker (`engine-worker.ts`); nothing in here draws, stores or serves.
 */
import TinyQueue from 'tinyqueue';

import { Clock, type Suspension } from '../core/clock.ts';
import { ProbeCounters } from '../core/probe-counters.ts';
import { makeDialler, makeProber } from '../probe/prober.ts';
import type { EngineStats, ScheduledService, ServiceCheckpoint, EngineMessage } from './engine-protocol.ts';
import { Grid } from './grid.ts';
import { Sentinel } from './sentinel.ts';
import { Watcher, type WatcherHost } from './service-watch.ts';

/** How often the event loop is checked, so that a stall of our own is noticed whatever the intervals are. */
const PULSE_MS = 20;
/** Lateness of the pulse below this is what timers do. */
const JITTER_MS = 5;
/** Timers may fire a little before their time. */
const EARLY_MS = 0.5;
/** Probes started before the sockets are read again. */
const BURST = 32;
/** Samples wait this long for others before they are emitted. */
const BATCH_MS = 20;
const STATS_MS = 1000;

/** Takes what an engine emits, in batches. */
export interface EngineSink {
  emit(messages: readonly EngineMessage[], checkpoints: readonly ServiceCheckpoint[]): void;
  stats(stats: EngineStats): void;
}

/** Rechecks of all services together, for each millisecond: beyond that they become rarer. */
const RECHECKS_PER_MS = 1;
/** An engine that is later than this, in milliseconds, leaves rechecks out. */
const RECHECK_LATE_MS = 10;
/** Services that have a sentinel, at most: each takes a descriptor, of which the probes come first. */
const SENTINELS = 500;

interface Entry {
  readonly watcher: Watcher;
  /** Null for the rechecks of a service. */
  readonly grid: Grid | null;
  /** When the next probe is due: a slot of the grid, or the first probe, before its first slot; or the next recheck. */
  time: number;
}

export class Engine implements WatcherHost {
  readonly clock: Clock;
  samplesWanted = false;

  readonly #sink: EngineSink;
  readonly #watchers = new Map<string, Watcher>();
  /** Those that open a connection for each probe, by their target. */
  readonly #siblings = new Map<string, Set<Watcher>>();
  /** Those that are in doubt. */
  readonly #inDoubt = new Set<Watcher>();
  readonly #queue = new TinyQueue<Entry>([], (a, b) => a.time - b.time);
  readonly #lateness = new Lateness();
  #outbox: EngineMessage[] = [];
  /** Their checkpoints are emitted with the next batch. */
  readonly #dirty = new Set<Watcher>();
  /** Whether something waits that is emitted in this turn of the loop: all but samples. */
  #urgent = false;
  #lastDelivery = 0;
  #nextStats: number;
  #sentinels = 0;
  #stalledMs = 0;
  #sleptUntil = -Infinity;
  #plannedWake: number;
  /** When the last two wakes were. What is ready since before the first of them was read between the two. */
  #wokeAt: [earlier: number, last: number];
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(sink: EngineSink, clock: Clock = new Clock()) {
    this.#sink = sink;
    this.clock = clock;
    this.#plannedWake = this.now();
    this.#wokeAt = [this.#plannedWake, this.#plannedWake];
    this.#nextStats = this.now() + STATS_MS;
    this.#sleep();
  }

  now(): number {
    return this.clock.now();
  }

  stalledMs(): number {
    // Timers run one after the other: the pulse may be due, and not have had its turn.
    const lateMs = this.now() - this.#plannedWake;
    return this.#stalledMs + (lateMs > JITTER_MS ? lateMs : 0);
  }

  lastFreeAt(): number {
    return this.#wokeAt[0];
  }

  emit(message: EngineMessage): void {
    this.#outbox.push(message);
    if (message.type === 'sample' || this.#urgent) return;
    this.#urgent = true;
    setImmediate(() => {
      this.#urgent = false;
      this.#deliver(this.now());
    });
  }

  saveCheckpoint(watcher: Watcher): void {
    this.#dirty.add(watcher);
  }

  recheck(watcher: Watcher): void {
    if (this.#inDoubt.has(watcher) || this.#stopped) return;
    this.#inDoubt.add(watcher);
    this.#queue.push({ watcher, grid: null, time: this.now() + (watcher.recheckAfterMs ?? 0) });
    this.#wakeAgain();
  }

  connectionLost(target: string, isDated: boolean): void {
    for (const watcher of this.#siblings.get(target) ?? []) watcher.prompt(isDated);
  }

  /** Watches more services from now on. Resolves when their grids have begun. */
  async add(services: readonly ScheduledService[]): Promise<void> {
    const ready = await Promise.all(
      services.map(async (scheduled) => {
        const watcher = new Watcher(this, scheduled.watched, new ProbeCounters(scheduled.counters));
        if (scheduled.restored !== null) watcher.resume(scheduled.restored.checkpoint, scheduled.restored.until);
        watcher.use(await makeProber(scheduled.watched, watcher), await this.#sentinelFor(watcher));
        return { scheduled, watcher };
      }),
    );
    if (this.#stopped) return;
    const now = this.now();
    for (const { scheduled, watcher } of ready) {
      const grid = new Grid(now + scheduled.phaseMs, scheduled.watched.service.intervalMs);
      const { name, connection, target } = scheduled.watched.service;
      this.#watchers.set(name, watcher);
      if (connection === 'new') this.#siblings.set(target, (this.#siblings.get(target) ?? new Set()).add(watcher));
      this.#queue.push({ watcher, grid, time: now + Math.min(scheduled.phaseMs, scheduled.initialDelayMs) });
    }
    this.#wakeAgain();
  }

  /** Watches these services no longer; what was observed is emitted before it returns. */
  remove(names: readonly string[]): void {
    for (const name of names) {
      const watcher = this.#watchers.get(name);
      if (watcher === undefined) continue;
      watcher.stop();
      this.#inDoubt.delete(watcher);
      if (watcher.isGuarded) this.#sentinels -= 1;
      this.#watchers.delete(name);
      this.#siblings.get(watcher.watched.service.target)?.delete(watcher);
    }
    this.#deliver(this.now());
  }

  /** Ends every watch; what was observed is emitted before it returns. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.remove([...this.#watchers.keys()]);
  }

  async #sentinelFor(watcher: Watcher): Promise<Sentinel | null> {
    const { service, probe, sentinel } = watcher.watched;
    if (sentinel !== true || service.connection === 'kept' || this.#sentinels >= SENTINELS) return null;
    this.#sentinels += 1;
    return new Sentinel(this, await makeDialler(probe), service.timeoutMs, (isDated) => {
      watcher.prompt(isDated);
    });
  }

  /** There may be something to do earlier than was planned. */
  #wakeAgain(): void {
    // Without a timer the next wake is under way already: a second one beside it would go on forever.
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#sleep();
  }

  #sleep(): void {
    // The wake that was planned may be late, or the one that ends may have taken long.
    this.#stalledMs = this.stalledMs();
    const now = this.now();
    const due = this.#queue.peek()?.time ?? Infinity;
    this.#plannedWake = Math.max(now, Math.min(due, now + PULSE_MS));
    this.#timer = setTimeout(() => {
      this.#wake();
    }, this.#plannedWake - now);
  }

  #wake(): void {
    this.#timer = null;
    if (this.#stopped) return;
    const suspension = this.clock.check();
    if (suspension !== null) this.#slept(suspension);
    const now = this.now();
    this.#stalledMs = this.stalledMs();
    this.#plannedWake = now;
    this.#wokeAt = [this.#wokeAt[1], now];
    const due = this.#sendDue();
    if (now - this.#lastDelivery >= BATCH_MS) this.#deliver(now);
    if (now >= this.#nextStats) {
      this.#nextStats = now + STATS_MS;
      this.#sink.stats(this.#lateness.take(this.#inFlight));
      for (const watcher of this.#watchers.values()) if (!watcher.isUp) this.#dirty.add(watcher);
    }
    if (!due) {
      this.#sleep();
      return;
    }
    this.#stalledMs = this.stalledMs();
    this.#plannedWake = this.now();
    setImmediate(() => {
      this.#wake();
    });
  }

  /** Probes on their way. */
  get #inFlight(): number {
    let sum = 0;
    for (const watcher of this.#watchers.values()) sum += watcher.inFlight;
    return sum;
  }

  #slept({ from, to }: Suspension): void {
    this.#sleptUntil = to;
    const message = `this machine slept for ${String(Math.round(to - from))} ms`;
    for (const watcher of this.#watchers.values()) watcher.giveUp({ reason: 'suspended', message });
  }

  /** Sends what is due, up to a burst. Returns whether more is due. */
  #sendDue(): boolean {
    for (let started = 0; started < BURST; started++) {
      const entry = this.#queue.peek();
      const now = this.now();
      if (entry === undefined || entry.time > now + EARLY_MS) return false;
      this.#queue.pop();
      if (entry.watcher.stopped) continue;
      if (entry.grid === null) {
        this.#sendRecheck(entry, now);
        continue;
      }
      this.#send(entry, entry.grid, now);
      entry.time = entry.grid.next;
      this.#queue.push(entry);
    }
    return true;
  }

  /** The services in doubt share what the engine has for them: where that is less than half a slot each, the grid alone must do. */
  #sendRecheck(entry: Entry, now: number): void {
    const { watcher } = entry;
    const { intervalMs } = watcher.watched.service;
    const dueMs = watcher.recheckAfterMs;
    if (dueMs === null) {
      this.#inDoubt.delete(watcher);
      return;
    }
    const afterMs = Math.max(dueMs, this.#inDoubt.size / RECHECKS_PER_MS);
    if (afterMs <= intervalMs / 2 && now - entry.time < RECHECK_LATE_MS) watcher.recheck();
    entry.time = now + Math.min(afterMs, intervalMs);
    this.#queue.push(entry);
  }

  #send(entry: Entry, grid: Grid, now: number): void {
    const { watcher } = entry;
    let lateMs = now - entry.time;
    if (entry.time === grid.next) {
      const slots = grid.take(now);
      lateMs = slots.lateMs;
      if (slots.missed > 0) this.#lateness.missed(slots.missed);
      if (slots.unobservedFrom !== null) {
        const forMs = String(Math.round(now - slots.unobservedFrom));
        if (slots.unobservedFrom < this.#sleptUntil)
          watcher.markUnobserved(slots.unobservedFrom, now, 'suspended', `this machine slept for ${forMs} ms`);
        else watcher.markUnobserved(slots.unobservedFrom, now, 'stalled', `this monitor did not run for ${forMs} ms`);
      }
    }
    if (watcher.probe()) this.#lateness.sent(Math.max(0, lateMs));
    else this.#lateness.missed(1);
  }

  #deliver(now: number): void {
    this.#lastDelivery = now;
    if (this.#outbox.length === 0 && this.#dirty.size === 0) return;
    const messages = this.#outbox;
    this.#outbox = [];
    const checkpoints = Array.from(this.#dirty, (watcher) => watcher.checkpoints);
    this.#dirty.clear();
    this.#sink.emit(messages, checkpoints);
  }
}

/** Latenesses kept for the percentile of one second; of more, the later ones overwrite the earlier. */
const KEPT = 4096;
/** A second in which more than this share of the slots was missed is a bad one; two in a row are an overload. */
const MISSED_SHARE = 0.01;

export class Lateness {
  readonly #late = new Float64Array(KEPT);
  #sent = 0;
  #missed = 0;
  #badSeconds = 0;

  sent(lateMs: number): void {
    this.#late[this.#sent % KEPT] = lateMs;
    this.#sent += 1;
  }

  missed(slots: number): void {
    this.#missed += slots;
  }

  /**
   * The figures since the last call, which was about a second ago.
   * @param inFlight probes that are on their way now
   */
  take(inFlight: number): EngineStats {
    const late = this.#late.slice(0, Math.min(this.#sent, KEPT)).sort();
    const slots = this.#sent + this.#missed;
    this.#badSeconds = this.#missed > slots * MISSED_SHARE ? this.#badSeconds + 1 : 0;
    const stats: EngineStats = {
      sent: this.#sent,
      missed: this.#missed,
      inFlight,
      lateMs: late[Math.floor(late.length * 0.99)] ?? 0,
      overloaded: this.#badSeconds > 1,
    };
    this.#sent = 0;
    this.#missed = 0;
    return stats;
  }
}

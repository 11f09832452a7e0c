/**
 * The engine: sends the probes of many services, each on its own grid, from one thread, and emits what they find.
 * It runs in a worker (`worker.ts`); nothing in here draws, stores or serves.
 */
import TinyQueue from 'tinyqueue';

import { Clock, type Suspension } from '../core/clock.ts';
import { ProbeCounters } from '../core/probe-counters.ts';
import { makeProber } from '../probe/prober.ts';
import type { EngineStats, ScheduledService, ServiceCheckpoint, EngineMessage } from './engine-protocol.ts';
import { Grid } from './grid.ts';
import { Watcher, type WatcherHost } from './service-watch.ts';

/** The loop is looked at this often, so that a stall of our own is noticed whatever the intervals are. */
const PULSE_MS = 20;
/** Lateness of the pulse below this is what timers do. */
const JITTER_MS = 5;
/** Timers may fire a little before their time. */
const EARLY_MS = 0.5;
/** Probes started before the sockets are looked at again. */
const BURST = 32;
/** Samples wait this long for others before they are emitted. */
const BATCH_MS = 20;
const STATS_MS = 1000;

/** Takes what an engine emits, in batches. */
export interface EngineSink {
  emit(messages: readonly EngineMessage[], checkpoints: readonly ServiceCheckpoint[]): void;
  stats(stats: EngineStats): void;
}

interface Entry {
  readonly watcher: Watcher;
  readonly grid: Grid;
  /** When the next probe is due: a slot of the grid, or the first look before its first slot. */
  time: number;
}

export class Engine implements WatcherHost {
  readonly clock: Clock;
  samplesWanted = false;

  readonly #sink: EngineSink;
  readonly #watchers = new Map<string, Watcher>();
  readonly #queue = new TinyQueue<Entry>([], (a, b) => a.time - b.time);
  readonly #lateness = new Lateness();
  #outbox: EngineMessage[] = [];
  /** Their checkpoints are emitted with the next batch. */
  readonly #dirty = new Set<Watcher>();
  /** Whether something waits that is emitted in this turn of the loop: all but samples. */
  #urgent = false;
  #lastDelivery = 0;
  #nextStats: number;
  #stalledMs = 0;
  #sleptUntil = -Infinity;
  #plannedWake = 0;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(sink: EngineSink, clock: Clock = new Clock()) {
    this.#sink = sink;
    this.clock = clock;
    this.#nextStats = this.now() + STATS_MS;
    this.#sleep();
  }

  now(): number {
    return this.clock.now();
  }

  stalledMs(): number {
    return this.#stalledMs;
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

  /** Watches more services from now on. Resolves when their grids have begun. */
  async add(services: readonly ScheduledService[]): Promise<void> {
    const ready = await Promise.all(
      services.map(async (placed) => {
        const watcher = new Watcher(this, placed.watched, new ProbeCounters(placed.counters));
        if (placed.restored !== null) watcher.resume(placed.restored.checkpoint, placed.restored.until);
        watcher.use(await makeProber(placed.watched, watcher));
        return { placed, watcher };
      }),
    );
    if (this.#stopped) return;
    const now = this.now();
    for (const { placed, watcher } of ready) {
      const grid = new Grid(now + placed.phaseMs, placed.watched.service.intervalMs);
      this.#watchers.set(placed.watched.service.name, watcher);
      this.#queue.push({ watcher, grid, time: now + Math.min(placed.phaseMs, placed.initialDelayMs) });
    }
    this.#wakeAgain();
  }

  /** Watches these services no longer; what was observed is emitted before it returns. */
  remove(names: readonly string[]): void {
    for (const name of names) {
      this.#watchers.get(name)?.stop();
      this.#watchers.delete(name);
    }
    this.#deliver(this.now());
  }

  /** Ends every watch; what was observed is emitted before it returns. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.remove([...this.#watchers.keys()]);
  }

  /** There may be something to do earlier than was planned. */
  #wakeAgain(): void {
    // Without a timer the next wake is under way already: a second one beside it would go on forever.
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#sleep();
  }

  #sleep(): void {
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
    const late = now - this.#plannedWake;
    if (late > JITTER_MS) this.#stalledMs += late;
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
      this.#send(entry, now);
      entry.time = entry.grid.next;
      this.#queue.push(entry);
    }
    return true;
  }

  #send(entry: Entry, now: number): void {
    const { watcher, grid } = entry;
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

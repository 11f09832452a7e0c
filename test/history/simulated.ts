/** Months of a monitor's life, written in seconds. The same numbers give the same history. */
import { DirectHistory } from './direct-history.ts';
import { DAY_MS } from './open.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

export interface Simulation {
  readonly days: number;
  readonly services: number;
  /** How many of the services change at every probe. */
  readonly flapping: number;
  /** The time between two probes of those that flap, in milliseconds. */
  readonly everyMs: number;
  /**
   * The last days, in which they flap at every probe. Before that it is once a minute: of so long ago only sums are kept
   * of a service that flaps, and these are the same rows.
   */
  readonly fullDays: number;
  /** When it ends, in milliseconds since the epoch. */
  readonly end: number;
}

/** The other services are down so often, in milliseconds, and for so long at most. */
const OUTAGE_EVERY_MS = 2 * DAY_MS;
const OUTAGE_MS = 60_000;
/** So often it is written, in ticks. */
const FLUSH_TICKS = 400;
/** The time between a change and the first one of the next service. */
const APART_MS = 0.125;

/**
 * Writes such a history into a folder that has none. Services are called `flapping N` and `service N`.
 * @param report takes how far it is, now and then
 * @returns the names of the services
 */
export async function simulateHistory(
  dir: string,
  simulation: Simulation,
  report: (day: number) => void = () => undefined,
): Promise<string[]> {
  const { days, services, flapping, end } = simulation;
  const history = await DirectHistory.open(dir, days * DAY_MS);
  const begin = end - days * DAY_MS;
  const monitor = new ScriptedMonitor({ restored: history.restored, clock: begin });
  history.record(monitor);
  const names = Array.from({ length: services }, (_, n) => (n < flapping ? 'flapping' : 'service') + ` ${String(n)}`);
  monitor.watch(...names);
  const random = randomOf(1);
  const next = names.map((_, n) => (n < flapping ? begin + 1000 + n * APART_MS : begin + random() * OUTAGE_EVERY_MS));
  const downSince = names.map(() => 0);
  let ticks = 0;
  for (const [n, name] of names.entries()) {
    monitor.clock = begin + 500 + n * APART_MS;
    monitor.change(name, 'up');
  }
  const change = (n: number, name: string): void => {
    const isDown = (downSince[n] ?? 0) > 0;
    monitor.change(name, isDown ? 'up' : 'down');
    if (isDown) monitor.gap(name, downSince[n] ?? 0, monitor.clock);
    downSince[n] = isDown ? 0 : monitor.clock;
  };
  for (let day = 0; day < days; day++) {
    report(day);
    const dayBegin = begin + day * DAY_MS;
    const everyMs = day < days - simulation.fullDays ? 60_000 : simulation.everyMs;
    for (let tick = dayBegin; tick < dayBegin + DAY_MS; tick += everyMs) {
      for (const [n, name] of names.entries()) {
        if (n < flapping) {
          monitor.clock = tick + 1000 + n * APART_MS;
          change(n, name);
        } else if ((next[n] ?? 0) < tick) {
          monitor.clock = tick + 1000 + n * APART_MS;
          change(n, name);
          next[n] = tick + random() * ((downSince[n] ?? 0) > 0 ? OUTAGE_MS : OUTAGE_EVERY_MS);
        }
      }
      if (++ticks % FLUSH_TICKS === 0) history.flush();
    }
    monitor.clock = dayBegin + DAY_MS;
    history.flush();
    history.retain(monitor.clock);
  }
  monitor.clock = end;
  history.flush();
  history.close();
  return names;
}

/** Numbers from 0 to 1 that are the same each time (a linear congruential generator). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Makes a vantage without a sign of life unobserved: by events in the stream, once, whichever hub is first, so
 * that all hubs publish them under the same numbers.
 */
import type { Logger } from 'pino';

import type { BusConnection } from './bus-connection.ts';
import { announceOffline, type BusOverview, SILENT_MS } from './bus-scripts.ts';
import type { MergedState } from './merged-state.ts';
import { toUnobserved } from './unobserved.ts';

/** A vantage has to be seen silent for this long: while the bus itself was unreachable, all were. In milliseconds. */
const WATCHED_MS = 2500;

export class LivenessMonitor {
  readonly #bus: BusConnection;
  readonly #log: Logger;
  /** Vantages that are silent: their last sign of life, and since when that is seen, with what was in the stream then. */
  #silent = new Map<string, { readonly sign: number; readonly newest: number; readonly since: number }>();

  constructor(bus: BusConnection, log: Logger) {
    this.#bus = bus;
    this.#log = log;
  }

  /** The bus was unreachable: a monitor that was silent meanwhile may have had no choice. */
  interrupted(): void {
    this.#silent.clear();
  }

  /**
   * @param newest the number of the newest event that the state knows
   * @throws BusError
   */
  async check(found: BusOverview, newest: number, state: MergedState): Promise<void> {
    const before = this.#silent;
    this.#silent = new Map();
    for (const [name, { run, sign, at, offline }] of found.vantages) {
      if (offline || found.now - sign < SILENT_MS - WATCHED_MS) continue;
      const known = before.get(name) ?? { sign, newest: found.newest, since: found.now };
      if (known.sign !== sign) continue;
      this.#silent.set(name, known);
      const vantage = state.vantages.get(name);
      // The last events before the silence have to be known, or else a wrong state would be ended.
      if (newest < known.newest || vantage === undefined) continue;
      if (found.now - sign < SILENT_MS || found.now - known.since < WATCHED_MS) continue;
      const events = toUnobserved(vantage.board, at, 'stopped', `no sign of life from ${name}`);
      if (await announceOffline(this.#bus, name, { run, sign }, events))
        this.#log.warn(
          { vantage: name, since: new Date(at).toISOString() },
          'no sign of life: not observed from then on',
        );
    }
  }
}

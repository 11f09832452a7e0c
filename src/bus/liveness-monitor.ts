/**
 * Sees to it that a vantage that gives no sign of life is told as unobserved: by events in the stream, once, whichever hub
 * is first, so that all hubs tell it under the same numbers.
 */
import type { Logger } from 'pino';

import { SILENT_MS } from './constants.ts';
import type { BusLink } from './bus-connection.ts';
import { SILENCE } from './scripts.ts';
import { goodbye, silenceArguments } from './silence.ts';
import type { Look } from './load.ts';
import type { World } from './merged-state.ts';

/** A vantage has to be seen silent for so long: where the bus itself was away, all were. In milliseconds. */
const LOOKED_MS = 2500;

export class Watchman {
  readonly #link: BusLink;
  readonly #log: Logger;
  /** Vantages that are silent: their last sign of life, and since when that is seen, with what was in the stream then. */
  #silent = new Map<string, { readonly sign: number; readonly newest: number; readonly since: number }>();

  constructor(link: BusLink, log: Logger) {
    this.#link = link;
    this.#log = log;
  }

  /** The bus was not heard: who was silent meanwhile may have had no choice. */
  interrupted(): void {
    this.#silent.clear();
  }

  /**
   * @param newest the number of the newest event that the world knows
   * @throws Error where the bus can't be reached
   */
  async look(found: Look, newest: number, world: World): Promise<void> {
    const before = this.#silent;
    this.#silent = new Map();
    for (const [name, { leader, sign, at, silent }] of found.vantages) {
      if (silent || found.now - sign < SILENT_MS - LOOKED_MS) continue;
      const known = before.get(name) ?? { sign, newest: found.newest, since: found.now };
      if (known.sign !== sign) continue;
      this.#silent.set(name, known);
      const vantage = world.vantages.get(name);
      // What it said before it fell silent has to be known, or else the wrong thing is told of it.
      if (newest < known.newest || vantage === undefined) continue;
      if (found.now - sign < SILENT_MS || found.now - known.since < LOOKED_MS) continue;
      const events = goodbye(vantage.board, at, `no sign of life from ${name}`);
      this.#log.warn(
        { vantage: name, since: new Date(at).toISOString() },
        'no sign of life: not observed from then on',
      );
      await this.#link.run(SILENCE, silenceArguments(name, leader, String(sign), events));
    }
  }
}

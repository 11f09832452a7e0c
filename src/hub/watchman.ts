/**
 * Sees to it that a vantage that gives no sign of life is told as unobserved: by events in the stream, once, whichever hub
 * is first, so that all hubs tell it under the same numbers.
 */
import type { Logger } from 'pino';

import { SILENT_MS } from '../bus/constants.ts';
import type { BusLink } from '../bus/link.ts';
import { SILENCE } from '../bus/scripts.ts';
import { goodbye, silenceArguments } from '../bus/silence.ts';
import type { Look } from './load.ts';
import type { World } from './world.ts';

export class Watchman {
  readonly #link: BusLink;
  readonly #log: Logger;
  /** Vantages that were silent at the last look: their last sign of life, and what was in the stream then. */
  #silent = new Map<string, { readonly sign: number; readonly newest: number }>();

  constructor(link: BusLink, log: Logger) {
    this.#link = link;
    this.#log = log;
  }

  /**
   * @param newest the number of the newest event that the world knows
   * @throws Error where the bus can't be reached
   */
  async look(found: Look, newest: number, world: World): Promise<void> {
    const before = this.#silent;
    this.#silent = new Map();
    for (const [name, { leader, sign, at, silent }] of found.vantages) {
      if (silent || found.now - sign < SILENT_MS) continue;
      this.#silent.set(name, { sign, newest: found.newest });
      const known = before.get(name);
      const vantage = world.vantages.get(name);
      // What it said before it fell silent has to be known, or else the wrong thing is told of it.
      if (known?.sign !== sign || newest < known.newest || vantage === undefined) continue;
      const events = goodbye(vantage.board, at, `no sign of life from ${name}`);
      this.#log.warn(
        { vantage: name, since: new Date(at).toISOString() },
        'no sign of life: not observed from then on',
      );
      await this.#link.run(SILENCE, silenceArguments(name, leader, String(sign), events));
    }
  }
}

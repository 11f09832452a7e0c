/** The second meter at one place: the process, and what it saw. */
import { fileURLToPath } from 'node:url';

import { Child } from './child.ts';
import { PORTS } from './docker.ts';
import { gapsOf, type MeterGap } from './gaps.ts';
import type { Machine } from './machine.ts';
import type { Look, Target } from './meter.ts';

const SCRIPT = fileURLToPath(new URL('./meter.js', import.meta.url));

/** What the meter saw of a service. */
export interface Metered {
  readonly gaps: readonly MeterGap[];
  /** How many questions it asked. */
  readonly looks: number;
  /** The longest time between two of them: far above 5 ms, the machine was too busy for a measurement. */
  readonly longestStepMs: number;
}

export class Metering {
  readonly #child: Child;
  #last = '';

  /** Begins to measure the web server and Redis at `address` from `machine`. */
  constructor(machine: Machine, address: string) {
    const targets: Target[] = [
      { host: address, port: PORTS.web, send: 'GET / HTTP/1.0\r\n\r\n', expect: 'HTTP/1.1 200' },
      { host: address, port: PORTS.redis, send: 'PING\r\n', expect: '+PONG' },
    ];
    this.#child = new Child(machine, SCRIPT, [JSON.stringify(targets)], (line) => (this.#last = line));
  }

  /** Ends it. A second call does nothing. */
  async end(): Promise<{ readonly web: Metered; readonly redis: Metered }> {
    this.#child.endInput();
    await this.#child.ended();
    const [web = [], redis = []] = JSON.parse(this.#last) as Look[][];
    return { web: metered(web), redis: metered(redis) };
  }
}

function metered(looks: readonly Look[]): Metered {
  const steps = looks.slice(1).map(([sentAt], at) => sentAt - (looks[at]?.[0] ?? sentAt));
  return { gaps: gapsOf(looks), looks: looks.length, longestStepMs: Math.max(0, ...steps) };
}

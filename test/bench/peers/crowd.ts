/** Many services to watch, and who connected to them. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Child } from '../child.ts';
import { loopback } from '../services.ts';
import type { ArrivalPorts, Arrivals, Request } from './arrivals.ts';
import type { Watchable } from './tool.ts';

export class Crowd {
  readonly #child: Child;
  readonly ports: ArrivalPorts;

  private constructor(child: Child, ports: ArrivalPorts) {
    this.#child = child;
    this.ports = ports;
  }

  static async gather(): Promise<Crowd> {
    const child = new Child('peers/arrivals.js', [], [], true);
    return new Crowd(child, await child.next<ArrivalPorts>());
  }

  /** So many services, each with a loopback address of its own. */
  targets(kind: 'tcp' | 'http', count: number): Watchable[] {
    return Array.from({ length: count }, (_, index) => {
      return { name: `s${String(index)}`, kind, host: loopback(index), port: this.ports[kind], greeting: '' };
    });
  }

  /** Who connects from now on for this long. */
  async arrivals(ms: number): Promise<Arrivals> {
    this.#ask('forget');
    await sleep(ms);
    const told = this.#child.next<Arrivals>();
    this.#ask('tell');
    return told;
  }

  async end(): Promise<void> {
    await this.#child.end();
  }

  #ask(request: Request): void {
    this.#child.tell({ request });
  }
}

/** A wire to a server that can be cut and mended: it keeps its port. */
import { connect } from 'node:net';

import { TestService } from './test-service.ts';

export class Wire {
  readonly #service: TestService;
  #to: number;

  private constructor(service: TestService, to: number) {
    this.#service = service;
    this.#to = to;
    service.behave = (near) => {
      const far = connect(this.#to, '127.0.0.1');
      far.on('error', () => undefined);
      far.once('close', () => near.destroy());
      near.once('close', () => far.destroy());
      near.pipe(far).pipe(near);
    };
  }

  /** @param to a port of 127.0.0.1 */
  static async lay(to: number): Promise<Wire> {
    return new Wire(await TestService.start(), to);
  }

  get port(): number {
    return this.#service.port;
  }

  /** Connections break; new ones are let through. */
  break(): void {
    this.#service.cut();
  }

  /** Connections break, and new ones are refused. */
  cut(): void {
    this.#service.down();
  }

  /** @param to another port than before */
  async mend(to: number = this.#to): Promise<void> {
    this.#to = to;
    await this.#service.up();
  }
}

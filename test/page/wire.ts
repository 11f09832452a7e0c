/** A wire to a server that can be cut and mended: it keeps its port. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Wire {
  readonly port: number;
  #to: number;
  readonly #ends = new Set<Socket>();
  #server: Server | null;

  private constructor(server: Server, to: number) {
    this.#server = server;
    this.#to = to;
    this.port = (server.address() as AddressInfo).port;
    this.#serve(server);
  }

  /** @param to a port of 127.0.0.1 */
  static async lay(to: number): Promise<Wire> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Wire(server, to);
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}/`;
  }

  /** Connections break, and new ones are refused. */
  async cut(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, 'close');
    server.close();
    for (const end of this.#ends) end.destroy();
    await closed;
  }

  /** @param to another port than before */
  async mend(to: number = this.#to): Promise<void> {
    this.#to = to;
    const server = createServer();
    this.#server = server;
    this.#serve(server);
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  #serve(server: Server): void {
    server.on('connection', (near) => {
      const far = connect(this.#to, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#ends.add(one);
        one.on('error', () => undefined);
        one.on('close', () => {
          this.#ends.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  }
}

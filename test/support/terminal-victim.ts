/** A real service, in a process of its own, that can be killed and started again on the same port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const SERVE = `
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}));
  server.listen(Number(process.argv[1]), '127.0.0.1', () => console.log(server.address().port));
`;

export class Victim {
  port = 0;
  #process: ChildProcess | null = null;

  /** Starts a service on a free port. */
  static async start(): Promise<Victim> {
    const victim = new Victim();
    await victim.start();
    return victim;
  }

  /** Starts it, again on the same port. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['-e', SERVE, String(this.port)], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#process = child;
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    this.port = Number(port.toString());
  }

  /** Kills it. Does nothing where it is dead. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** The demo's three services, real processes on free ports, and what happens to them. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Behaviour } from './demo-service.ts';

const ROLES = ['web', 'api', 'cache'] as const;
type Role = (typeof ROLES)[number];

/** What happens, in this order, again and again. */
const ACTS = [
  { text: 'api is restarted', play: (stage: DemoStage) => stage.restart('api', 400) },
  {
    text: 'web says 503 for a moment, as after a deployment',
    play: (stage: DemoStage) => stage.behave('web', 'busy', 500),
  },
  {
    text: 'cache is restarted: another process answers afterwards',
    play: (stage: DemoStage) => stage.restart('cache', 150),
  },
  {
    text: 'a proxy accepts for api, with nothing behind it',
    play: (stage: DemoStage) => stage.behave('api', 'hollow', 350),
  },
  { text: 'web hangs', play: (stage: DemoStage) => stage.behave('web', 'hung', 1600) },
  {
    text: 'everything is restarted, as by a daemon',
    play: (stage: DemoStage) => Promise.all(ROLES.map((role) => stage.restart(role, 250))),
  },
] as const;

const BEFORE_FIRST_MS = 3000;
const BETWEEN_MS = 5000;
/** Something else may have taken a port that was free: how often it is tried again, and how soon. */
const TRIES = 20;
const AGAIN_MS = 100;

export class DemoStage {
  readonly ports: Readonly<Record<Role, number>>;
  /** Whether the cache is a real redis-server. */
  readonly realRedis: boolean;
  readonly #processes = new Map<Role, ChildProcess>();
  readonly #abort = new AbortController();

  private constructor(ports: Record<Role, number>, realRedis: boolean) {
    this.ports = ports;
    this.realRedis = realRedis;
  }

  /**
   * Starts the three services.
   * @throws Error where one can not be started
   */
  static async open(): Promise<DemoStage> {
    const [web, api, cache] = await Promise.all([freePort(), freePort(), freePort()]);
    const stage = new DemoStage({ web, api, cache }, await hasRedis());
    await Promise.all(ROLES.map((role) => stage.#start(role)));
    return stage;
  }

  /** Plays until the stage is closed. @param announce called with the text of each act before it begins */
  async play(announce: (text: string) => void): Promise<void> {
    const { signal } = this.#abort;
    try {
      await sleep(BEFORE_FIRST_MS, undefined, { signal });
      for (let turn = 0; ; turn++) {
        const act = ACTS[turn % ACTS.length];
        if (act === undefined) return;
        announce(`demo: ${act.text}`);
        await act.play(this);
        await sleep(BETWEEN_MS, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Ends the services. */
  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.all(ROLES.map((role) => this.#end(role)));
  }

  /** Ends a service, and starts it again after `awayMs`. @throws Error where it can not be started */
  async restart(role: Role, awayMs: number): Promise<void> {
    await this.#end(role);
    await sleep(awayMs, undefined, { signal: this.#abort.signal });
    await this.#start(role);
  }

  /** Lets a service misbehave for a while. */
  async behave(role: Role, behaviour: Behaviour, forMs: number): Promise<void> {
    this.#send(role, behaviour);
    await sleep(forMs, undefined, { signal: this.#abort.signal });
    this.#send(role, 'well');
  }

  #send(role: Role, behaviour: Behaviour): void {
    const child = this.#processes.get(role);
    if (child?.connected === true) child.send(behaviour);
  }

  async #start(role: Role): Promise<void> {
    for (let turn = 0; turn < TRIES && !this.#abort.signal.aborted; turn++) {
      if (await this.#startOnce(role)) return;
      await sleep(AGAIN_MS, undefined, { signal: this.#abort.signal });
    }
    throw new Error(`the demo's ${role} can't be started on port ${String(this.ports[role])}`);
  }

  /** Returns whether it listens: otherwise it has ended. */
  #startOnce(role: Role): Promise<boolean> {
    const script = fileURLToPath(new URL('./demo-service.js', import.meta.url));
    const args = [role === 'cache' && this.realRedis ? 'redis' : role, String(this.ports[role])];
    // Its output must not mix with what the monitor prints.
    const child = fork(script, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#processes.set(role, child);
    return new Promise((resolve) => {
      child.once('message', () => {
        resolve(true);
      });
      child.once('exit', () => {
        resolve(false);
      });
    });
  }

  async #end(role: Role): Promise<void> {
    const child = this.#processes.get(role);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    if (child.connected) child.disconnect();
    await gone;
  }
}

async function hasRedis(): Promise<boolean> {
  const child = spawn('redis-server', ['--version'], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit').catch(() => [-1])) as [number | null];
  return code === 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

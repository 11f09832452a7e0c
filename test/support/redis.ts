/** Real Redis servers, each with a folder of its own. */
import { execFile, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { endChild, startChild } from './children.ts';
import { freePort } from './servers.ts';

const run = promisify(execFile);

export class RedisServer {
  readonly port: number;
  readonly folder: string;
  #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.folder = folder;
    this.#child = child;
  }

  /**
   * Starts one on a free port of 127.0.0.1.
   * @param args more settings, such as `--requirepass`, `secret`
   */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-redis-'));
    const port = await freePort();
    return new RedisServer(port, folder, await startRedis(folder, ['--port', String(port), ...args]));
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Says a command to it by `redis-cli`. */
  async say(...command: string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-p', String(this.port), ...command]);
    return stdout.trim();
  }

  /**
   * Ends it as a crash would, and starts it again.
   * @param readyWhen what its log says when it is as wanted
   */
  async restart(args: readonly string[] = [], readyWhen?: string): Promise<void> {
    await endChild(this.#child);
    this.#child = await startRedis(this.folder, ['--port', String(this.port), ...args], readyWhen);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await endChild(this.#child);
  }

  /** Stops or continues the process: it keeps its connections, and is silent. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async close(): Promise<void> {
    await endChild(this.#child);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A real sentinel. */
export class RedisSentinel {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /** Starts one that watches a master under the name `shop`, and replaces it by itself once it is away for 300 ms. */
  static async start(master: RedisServer, settings: readonly string[] = []): Promise<RedisSentinel> {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-sentinel-'));
    const port = await freePort();
    const lines = [
      `port ${String(port)}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor shop 127.0.0.1 ${String(master.port)} 1`,
      'sentinel down-after-milliseconds shop 300',
      'sentinel failover-timeout shop 3000',
      ...settings,
    ];
    await writeFile(join(folder, 'sentinel.conf'), lines.join('\n'));
    return new RedisSentinel(port, folder, await startSentinel(folder));
  }

  /** Says a command to it by `redis-cli`. */
  async say(...command: string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-p', String(this.port), ...command]);
    return stdout.trim();
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await endChild(this.#child);
  }

  /** Starts it again after `kill`. */
  async revive(): Promise<void> {
    this.#child = await startSentinel(this.#folder);
  }

  /** Stops or continues the process. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function startSentinel(folder: string): Promise<ChildProcess> {
  const args = [join(folder, 'sentinel.conf'), '--sentinel'];
  return startChild('redis-server', args, (line) => line.includes('+monitor master'));
}

function startRedis(
  folder: string,
  args: readonly string[],
  readyWhen = 'Ready to accept connections',
): Promise<ChildProcess> {
  const basics = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  return startChild('redis-server', [...basics, ...args], (line) => line.includes(readyWhen));
}

/** Real Redis servers, each with a folder of its own. */
import { execFile, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
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

  /** Stops or continues the process: it keeps its connections, and is silent. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async close(): Promise<void> {
    await endChild(this.#child);
    await rm(this.folder, { recursive: true, force: true });
  }
}

function startRedis(
  folder: string,
  args: readonly string[],
  readyWhen = 'Ready to accept connections',
): Promise<ChildProcess> {
  const basics = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  return startChild('redis-server', [...basics, ...args], (line) => line.includes(readyWhen));
}

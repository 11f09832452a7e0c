/** The monitor of a soak: a real `gapwatch serve`, and what is seen of its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { databaseFile } from '../../src/history/data-dir.ts';
import { Database } from '../../src/history/database.ts';
import { toMillis } from '../../src/history/history-rows.ts';
import { loadDriver } from '../../src/history/sqlite-driver.ts';
import { ASK_INSIDE, type Inside } from './inside.ts';
import { figuresOf, type ProcessFigures } from './process-figures.ts';

export interface SoakSample extends Inside, ProcessFigures {
  /** Since the start, in seconds. */
  readonly atS: number;
  /** Of the file and its log. */
  readonly databaseBytes: number;
  /** Of the last heartbeat: 99th percentile. */
  readonly probesLateMs: number;
  /** Of one core, since the last sample. */
  readonly cpu: number;
}

export class SoakedMonitor {
  readonly url: string;
  readonly #dir: string;
  readonly #child: ChildProcess;
  #cpuS = 0;
  #sampledAt = performance.now();
  readonly #began = performance.now();

  private constructor(dir: string, child: ChildProcess, url: string) {
    this.#dir = dir;
    this.#child = child;
    this.url = url;
  }

  static async start(dir: string): Promise<SoakedMonitor> {
    const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
    const inside = new URL('inside.js', import.meta.url).href;
    const args = ['--import', inside, main, 'serve', '--config', join(dir, 'services.json'), '--data', dir];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    if (child.stderr === null) throw new Error('it has no log');
    return new SoakedMonitor(dir, child, await urlOf(child.stderr));
  }

  reload(): void {
    this.#child.kill('SIGHUP');
  }

  async sample(probesLateMs: number): Promise<SoakSample> {
    if (this.#child.exitCode !== null) throw new Error(`the monitor ended with ${String(this.#child.exitCode)}`);
    const answer = once(this.#child, 'message') as Promise<[Inside]>;
    this.#child.send(ASK_INSIDE);
    const [inside] = await answer;
    const [process, sizes] = await Promise.all([
      figuresOf(this.#child.pid ?? 0),
      Promise.all(['', '-wal'].map((end) => sizeOf(`${databaseFile(this.#dir)}${end}`))),
    ]);
    const now = performance.now();
    const cpu = (process.cpuS - this.#cpuS) / ((now - this.#sampledAt) / 1000);
    this.#cpuS = process.cpuS;
    this.#sampledAt = now;
    return {
      ...inside,
      ...process,
      atS: (now - this.#began) / 1000,
      databaseBytes: sizes.reduce((sum, size) => sum + size, 0),
      probesLateMs,
      cpu,
    };
  }

  /** When the oldest gap that is on disk ended, before now, in milliseconds; null where none is. The API also has what is in memory. */
  async oldestGapMs(): Promise<number | null> {
    const db = new Database(await loadDriver(), databaseFile(this.#dir), 'read');
    const until = db.number('SELECT min(until) FROM gap');
    db.close();
    return until === 0 ? null : Date.now() - toMillis(until);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Where it listens, from the log of a monitor that starts; the rest of the log is read, and forgotten. */
function urlOf(log: Readable): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: log }).on('line', (line) => {
      const { msg, feed } = JSON.parse(line) as { msg: string; feed?: string };
      if (msg === 'started' && feed !== undefined) resolve(new URL('/', feed.replace(/^ws/, 'http')).href);
    });
  });
}

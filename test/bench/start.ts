/** From the command to the first answer of every service. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Message } from '../../src/core/messages.ts';
import { Child } from './child.ts';
import { loopback } from './services.ts';
import { type Bench, median } from './table.ts';
import type { TargetPorts } from './targets.ts';

const SERVICES = 20;
const ROUNDS = 5;
const REACH_MS = 1000;

export const start: Bench = {
  name: 'start',
  about: 'from the command to the first answer of every service',
  async run() {
    const targets = new Child('targets.js');
    const ports = await targets.next<TargetPorts>();
    const names = Array.from({ length: SERVICES }, (_, index) => {
      const host = loopback(index);
      return [
        `${host}:${String(ports.tcp)}`,
        `http://${host}:${String(ports.http)}/`,
        `redis://${host}:${String(ports.redis)}`,
      ][index % 3];
    });
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++)
      times.push(await firstAnswers(names.filter((name) => name !== undefined)));
    await targets.end();
    const ms = median(times);
    return [
      {
        what: `${String(SERVICES)} services, mixed thirds, the whole program`,
        found: `${ms.toFixed(0)} ms (median of ${String(ROUNDS)}, at most ${Math.max(...times).toFixed(0)} ms)`,
        reach: `under ${String(REACH_MS)} ms`,
        reached: ms < REACH_MS,
        figures: { medianMs: ms, mostMs: Math.max(...times) },
      },
    ];
  },
};

async function firstAnswers(targets: readonly string[]): Promise<number> {
  const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
  const begin = performance.now();
  const child = spawn(process.execPath, [main, ...targets, '--format', 'json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const answered = new Set<string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as Message;
    if (message.type === 'transition' && message.to === 'up') answered.add(message.service);
    if (answered.size === targets.length) break;
  }
  const took = performance.now() - begin;
  child.kill('SIGTERM');
  return took;
}

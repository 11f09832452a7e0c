/** From the command to the first answer of every service. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Message } from '../../src/core/messages.ts';
import { Child } from './child.ts';
import { loopback } from './services.ts';
import { type Bench, inTurns, median, spread } from './table.ts';
import type { TargetPorts } from './targets.ts';

const SERVICES = 20;
const ROUNDS = 5;
const REACH_MS = 1000;
/** A run ends itself, so it takes less than what is started and ended: more of them. */
const CHECKS = 9;
const CHECK_MS = 250;
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export const start: Bench = {
  name: 'start',
  about: 'from the command to the first answer of every service, and to the end of a check',
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
    const target = `127.0.0.1:${String(ports.tcp)}`;
    const [checks = [], bare = []] = await inTurns(
      CHECKS,
      () => nodeMs(MAIN, 'check', target),
      () => nodeMs('-e', '0'),
    );
    await targets.end();
    return [
      {
        what: `${String(SERVICES)} services, mixed thirds, the whole program`,
        found: `${spread(times, 0)} ms, of ${String(ROUNDS)} starts`,
        reach: `under ${String(REACH_MS)} ms`,
        reached: median(times) < REACH_MS,
        figures: { timesMs: times },
      },
      {
        what: 'gapwatch check of one service, from the command to its end',
        found: `${spread(checks, 0)} ms, of ${String(CHECKS)}; a Node that does nothing ${spread(bare, 0)} ms`,
        reach: `under ${String(CHECK_MS)} ms`,
        reached: median(checks) < CHECK_MS,
        figures: { timesMs: checks, bareMs: bare },
      },
    ];
  },
};

async function firstAnswers(targets: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, [MAIN, ...targets, '--format', 'json'], {
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

/** How long Node runs with these arguments. */
async function nodeMs(...args: readonly string[]): Promise<number> {
  const begin = performance.now();
  await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit');
  return performance.now() - begin;
}

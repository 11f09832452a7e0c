/** Whether this machine is quiet enough to judge: measured before and after each benchmark, and what others took meanwhile. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { percentile } from './table.ts';

/** What others do on this machine, each as a share of 1. */
export interface Noise {
  /** Of all processors, what others kept busy while this process slept, before or after. */
  readonly busy: number;
  /** Of the time of all processors, what the hypervisor gave to others during the benchmark: it takes little of a machine that sleeps. */
  readonly stolen: number;
  /** How much longer than usual the slow ones of equal loops took. */
  readonly spread: number;
}

/** Of a machine that is quiet. A spread of 10 to 15 % is usual on shared hardware. */
const MOST: Noise = { busy: 0.08, stolen: 0.02, spread: 0.25 };
const SLEEP_MS = 1000;
const LOOPS = 60;
/** Of these, those that come first run before the code is compiled. */
const WARM_UP = 20;
/** About 10 ms. */
const STEPS = 10_000_000;

/** Times of all processors since the start of the machine, in ticks: proc(5). Null where the kernel does not say. */
interface Ticks {
  readonly all: number;
  readonly idle: number;
  readonly stolen: number;
}

function ticks(): Ticks | null {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
    const [user = 0, nice = 0, system = 0, idle = 0, io = 0, irq = 0, soft = 0, stolen = 0] = line
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return { all: user + nice + system + idle + io + irq + soft + stolen, idle: idle + io, stolen };
  } catch {
    return null;
  }
}

/** Runs a benchmark, and measures the machine before, meanwhile and after: of both sides the greater figure counts. */
export async function amidNoise<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly noise: Noise }> {
  const before = await measureNoise();
  const sinceBegin = ticks();
  const result = await run();
  const stolen = shareSince(sinceBegin, ({ stolen }) => stolen);
  const after = await measureNoise();
  const [busy, spread] = [Math.max(before.busy, after.busy), Math.max(before.spread, after.spread)];
  return { result, noise: { busy, stolen, spread } };
}

/** What can't be told from a benchmark's own work, for about a second and a half. */
async function measureNoise(): Promise<Omit<Noise, 'stolen'>> {
  const before = ticks();
  await sleep(SLEEP_MS);
  const busy = shareSince(before, ({ all, idle }) => all - idle);
  const times = Array.from({ length: LOOPS }, loopMs).slice(WARM_UP);
  return { busy, spread: percentile(times, 0.9) / percentile(times, 0.5) - 1 };
}

/** Of the time of all processors since `before`; 0 where the kernel does not say. */
function shareSince(before: Ticks | null, of: (ticks: Ticks) => number): number {
  const after = ticks();
  if (before === null || after === null || after.all === before.all) return 0;
  return (of(after) - of(before)) / (after.all - before.all);
}

function loopMs(): number {
  const from = performance.now();
  let sum = 0;
  for (let step = 0; step < STEPS; step++) sum = (sum + step) | 0;
  // Without a use of the sum the loop could be left out.
  return performance.now() - from + (sum === 0.5 ? 1 : 0);
}

/** Why the machine is too noisy, in words; null where it is quiet. */
export function noiseProblem({ busy, stolen, spread }: Noise): string | null {
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
  const problems = [
    ...(busy > MOST.busy ? [`others keep ${percent(busy)} of ${String(cpus().length)} cores busy`] : []),
    ...(stolen > MOST.stolen ? [`the hypervisor takes ${percent(stolen)}`] : []),
    ...(spread > MOST.spread ? [`equal loops differ by ${percent(spread)}`] : []),
  ];
  return problems.length === 0 ? null : problems.join(', ');
}

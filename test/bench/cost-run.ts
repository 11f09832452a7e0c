/**
 * One measured run, in a process of its own: `node cost-run.js engine|floor KIND CONNECTION RATE SECONDS PORTS ['not held']`. Sends
 * `{ probes, cpuUs }`: the probes of the measured seconds, and the CPU time that this process took for them.
 */
import { ProbeCounters } from '../../src/core/probe-counters.ts';
import { Engine } from '../../src/monitor/engine.ts';
import { phaseOf } from '../../src/monitor/grid.ts';
import type { Connection } from '../../src/core/model.ts';
import { type Bare, bareCalls } from './bare-calls.ts';
import { loopback, type Target, watchedOf } from './services.ts';
import type { TargetPorts } from './targets.ts';

export interface Cost {
  readonly probes: number;
  readonly cpuUs: number;
}

const INTERVAL_MS = 100;
const WARM_UP_MS = 1500;

const [mode, kind, connection, rate, seconds, ports, hold] = process.argv.slice(2) as [
  'engine' | 'floor',
  Target['kind'],
  Connection,
  string,
  string,
  string,
  string | undefined,
];
const port = (JSON.parse(ports) as TargetPorts)[kind];
const count = Math.round((Number(rate) * INTERVAL_MS) / 1000);
const targets = Array.from({ length: count }, (_, index): Target => ({ kind, host: loopback(index), port }));

/** Returns what counts the probes that have ended. */
async function startEngine(): Promise<() => number> {
  const engine = new Engine({ emit: () => undefined, stats: () => undefined });
  const counters = targets.map(() => new ProbeCounters());
  const held = hold === undefined ? {} : { holdMs: 0 };
  const manner = { connection, intervalMs: INTERVAL_MS, timeoutMs: 1000, ...held };
  await engine.add(
    targets.map((target, index) => ({
      watched: watchedOf(String(index), target, manner),
      phaseMs: phaseOf(index, INTERVAL_MS),
      initialDelayMs: INTERVAL_MS,
      counters: (counters[index] ?? new ProbeCounters()).memory,
      restored: null,
    })),
  );
  return () => counters.flatMap((one) => one.counts()).reduce((sum, { count }) => sum + count, 0);
}

/** The bare calls at the same pace: whatever is due is called at each turn of a timer. Returns what counts them. */
function startFloor(calls: readonly Bare[]): () => number {
  const start = performance.now();
  let called = 0;
  const turn = (): void => {
    const due = Math.floor(((performance.now() - start) / 1000) * Number(rate));
    for (; called < due; called++) calls[called % calls.length]?.();
    setTimeout(turn, 1);
  };
  turn();
  return () => called;
}

const probes = mode === 'engine' ? await startEngine() : startFloor(await bareCalls(connection, targets));

setTimeout(() => {
  const probesBefore = probes();
  const before = process.cpuUsage();
  setTimeout(
    () => {
      const { user, system } = process.cpuUsage(before);
      process.send?.({ probes: probes() - probesBefore, cpuUs: user + system } satisfies Cost, () => process.exit(0));
    },
    Number(seconds) * 1000,
  );
}, WARM_UP_MS);

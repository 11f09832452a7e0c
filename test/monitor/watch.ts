/** An engine or a monitor at work for one test. */
import { Clock } from '../../src/core/clock.ts';
import { ProbeCounters } from '../../src/core/probe-counters.ts';
import { Engine } from '../../src/monitor/engine.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { ScheduledService } from '../../src/monitor/engine-protocol.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { Recording } from '../support/recording.ts';

/** A service whose first slot is now. */
export function placed(watched: Watched): ScheduledService {
  return { watched, phaseMs: 0, initialDelayMs: 0, counters: new ProbeCounters().memory, restored: null };
}

/** Keeps this thread from everything else. */
export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Watches with an engine in this thread while a test runs; every sample is recorded. */
export async function withEngine(
  watched: readonly Watched[],
  test: (recording: Recording, engine: Engine) => Promise<void> | void,
  clock = new Clock(),
): Promise<void> {
  const recording = new Recording();
  const engine = new Engine(recording, clock);
  engine.samplesWanted = true;
  try {
    await engine.add(watched.map(placed));
    await test(recording, engine);
  } finally {
    engine.stop();
  }
}

/** Watches with a monitor and its threads while a test runs; every sample is recorded. */
export async function withMonitor(
  watched: readonly Watched[],
  test: (recording: Recording, monitor: Monitor) => Promise<void> | void,
  workers = 1,
): Promise<void> {
  const monitor = new Monitor({ vantage: 'here', version: '0', watched, workers });
  const recording = new Recording();
  monitor.subscribe(recording);
  let stopped: Promise<void> | null = null;
  const stop = monitor.stop.bind(monitor);
  monitor.stop = () => (stopped ??= stop());
  try {
    await test(recording, monitor);
  } finally {
    await monitor.stop();
  }
}

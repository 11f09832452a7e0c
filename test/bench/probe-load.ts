/** Watches many services for a while, and how well the monitor holds the rate. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Monitor } from '../../src/monitor/monitor.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { median } from './table.ts';

export interface LoadResult {
  /** Probes sent each second. */
  readonly perSecond: number;
  /** 99th percentile of lateness in the worst second between two heartbeats: the median of those, in milliseconds. */
  readonly lateMs: number;
  /** Of this process, from the warm-up on, in milliseconds a second. */
  readonly cpuMs: number;
  readonly missed: number;
  /** Whether the monitor said that it is overloaded. */
  readonly overloaded: boolean;
  /** Changes to `down`: with well targets, inventions. */
  readonly downs: number;
  readonly unobserved: number;
  /** The reasons of what was not up, with their number. */
  readonly reasons: Readonly<Record<string, number>>;
}

const HEARTBEAT_MS = 5000;

/** @param seconds how long, after a warm-up of one heartbeat */
export async function probeLoad(watched: readonly Watched[], seconds: number, workers = 1): Promise<LoadResult> {
  const monitor = new Monitor({ vantage: 'bench', version: '0', workers, watched });
  const late: number[] = [];
  const reasons: Record<string, number> = {};
  const sum = { probes: 0, missed: 0, downs: 0, unobserved: 0, heartbeats: 0 };
  let overloaded = false;
  let warm = false;
  let before = process.cpuUsage();
  let since = performance.now();
  const unsubscribe = monitor.subscribe({
    samples: false,
    take(messages) {
      for (const message of messages) {
        if (message.type === 'transition' && message.to === 'down') sum.downs += 1;
        if (message.type === 'transition' && message.to === 'unobserved') sum.unobserved += 1;
        if (message.type === 'transition' && message.reason !== null) {
          reasons[message.reason] = (reasons[message.reason] ?? 0) + 1;
        }
        if (message.type !== 'heartbeat') continue;
        if (warm) {
          late.push(message.lateMs);
          sum.probes += message.probes;
          sum.missed += message.missed;
          sum.heartbeats += 1;
          overloaded ||= message.overloaded;
        }
        if (!warm) {
          before = process.cpuUsage();
          since = performance.now();
        }
        warm = true;
      }
    },
  });
  await sleep(HEARTBEAT_MS + seconds * 1000 + HEARTBEAT_MS / 2);
  const { user, system } = process.cpuUsage(before);
  const tookMs = performance.now() - since;
  unsubscribe();
  await monitor.stop();
  return {
    perSecond: sum.probes / ((sum.heartbeats * HEARTBEAT_MS) / 1000),
    lateMs: median(late),
    cpuMs: (user + system) / tookMs,
    missed: sum.missed,
    overloaded,
    downs: sum.downs,
    unobserved: sum.unobserved,
    reasons,
  };
}

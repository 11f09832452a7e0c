/**
 * A monitor of many services, some of which flap, with a history or without: `node history-run.js PORTS SERVICES SECONDS
 * [DIR]`. Sends what it cost and how late its probes were.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import { isEvent } from '../../src/core/messages.ts';
import { History } from '../../src/history/history.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { loopback, watchedOf } from './services.ts';
import { median } from './table.ts';

export interface HistoryRun {
  /** Of one core, from 0 to 1. */
  readonly cpu: number;
  /** 99th percentile: the median over the heartbeats' windows, in milliseconds. */
  readonly lateMs: number;
  readonly events: number;
}

const WARM_MS = 6000;
const MANNER = { connection: 'new', intervalMs: 100, timeoutMs: 1000 } as const;

const [portsText = '[]', services = '1', seconds = '1', dir] = process.argv.slice(2);
const [steady = 0, ...flapping] = JSON.parse(portsText) as number[];
const watched = Array.from({ length: Number(services) }, (_, n) =>
  watchedOf(`service ${String(n)}`, { kind: 'tcp', host: loopback(n), port: flapping[n] ?? steady }, MANNER),
);
const log = pino({ enabled: false });
const history = dir === undefined ? null : await History.open({ dir, keepMs: 90 * 86_400_000, log });
const past = history === null ? {} : { restored: history.restored };
const monitor = new Monitor({ ...past, vantage: 'bench', version: '0', watched, workers: 1 });
history?.record(monitor);
const late: number[] = [];
let isWarm = false;
let events = 0;
monitor.subscribe({
  samples: false,
  take(messages) {
    if (!isWarm) return;
    // Their numbers come from a clock: a difference of two is no count.
    events += messages.filter(isEvent).length;
    for (const message of messages) if (message.type === 'heartbeat') late.push(message.lateMs);
  },
});
await sleep(WARM_MS);
isWarm = true;
const before = process.cpuUsage();
const begin = performance.now();
await sleep(Number(seconds) * 1000);
const { user, system } = process.cpuUsage(before);
const found: HistoryRun = {
  cpu: (user + system) / 1000 / (performance.now() - begin),
  lateMs: median(late),
  events,
};
await monitor.stop();
await history?.close();
process.send?.(found);
process.disconnect();

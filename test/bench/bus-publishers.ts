/** The publishers of the bus benchmarks: many monitors in one process, whose services turn at a given rate. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Publisher } from '../../src/bus/publisher.ts';
import { type GapFacts, gapFacts, type ServiceSnapshot, type TimelineInterval } from '../../src/core/messages.ts';
import { DAY_MS } from '../../src/core/uptime.ts';
import { publish } from '../bus/scene.ts';
import { gap, snapshot } from '../support/builders.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';

export interface Publishing {
  readonly url: string;
  readonly stream: string;
  readonly monitors: number;
  /** At each of them. */
  readonly services: number;
  /** Whether all monitors see the same services; otherwise each has its own. */
  readonly isShared: boolean;
  /** How many gaps each service had. */
  readonly past: number;
}

/** What the benchmark asks for. */
export type Ask =
  | { readonly type: 'load'; readonly perSecond: number }
  /** @param monitors how many of them have them: all where it is left out; the events come within `overMs` */
  | { readonly type: 'burst'; readonly events: number; readonly monitors?: number; readonly overMs?: number }
  | { readonly type: 'rest' };

/** What has been sent when all is delivered. */
export interface Sent {
  readonly events: number;
  /** How long the last burst took to be delivered. */
  readonly tookMs: number;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as Publishing;
const began = Date.now();

function nameOf(monitor: number, n: number): string {
  return plan.isShared ? `service-${String(n)}` : `${plan.stream}-${String(monitor)}-service-${String(n)}`;
}

/** A service that was up for a day, less so many gaps of a second. */
function lived(name: string): ServiceSnapshot {
  const timeline: TimelineInterval[] = [];
  const gaps: GapFacts[] = [];
  let from = began - DAY_MS;
  for (let n = 1; n <= plan.past; n++) {
    const at = began - DAY_MS + (n * DAY_MS) / (plan.past + 1);
    timeline.push({ state: 'up', from, to: at }, { state: 'down', from: at, to: at + 1000 });
    gaps.push(gapFacts(gap(name, at, at + 1000)));
    from = at + 1000;
  }
  timeline.push({ state: 'up', from, to: null });
  const sums = { '1h': 3_600_000, '24h': DAY_MS, '90d': DAY_MS };
  return snapshot(name, { timeline, gaps, uptime: { '1h': 1, '24h': 1, '90d': 1 }, observed: sums });
}

const monitors = Array.from({ length: plan.monitors }, (_, monitor) => {
  const services = Array.from({ length: plan.services }, (_, n) => lived(nameOf(monitor, n)));
  const vantage = `vantage-${String(monitor)}`;
  return new ScriptedMonitor({ services, identity: { id: `monitor-of-${plan.stream}-${vantage}`, vantage } });
});
const publishers: Publisher[] = monitors.map((monitor) => publish(monitor, plan.url, plan.stream));
const TICK_MS = 20;
let timer: NodeJS.Timeout | null = null;
let turn = 0;

/** @param among the first so many monitors */
function one(among: number): void {
  const at = turn % among;
  const monitor = monitors[at];
  const service = monitor?.board.services.get(nameOf(at, Math.floor(turn / among) % plan.services));
  turn += 1;
  if (monitor === undefined || service === undefined) return;
  const [to, from] = service.state === 'up' ? (['down', 'up'] as const) : (['up', 'down'] as const);
  const now = monitor.now();
  // Its number at its monitor: by that the reader knows what is missing or came twice.
  const message = String(monitor.count + 1);
  monitor.event({
    ...{ type: 'transition', service: service.name, from, to, at: now, notBefore: now, notAfter: now },
    ...{ reason: null, message },
  });
}

function load(perSecond: number): void {
  let due = 0;
  let last = performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    due += ((now - last) * perSecond) / 1000;
    last = now;
    for (; due >= 1; due -= 1) one(monitors.length);
  }, TICK_MS);
}

async function burst({
  events,
  monitors: among = monitors.length,
  overMs = 0,
}: Ask & { type: 'burst' }): Promise<void> {
  const begin = performance.now();
  for (let n = 0; n < events;) {
    const share = overMs === 0 ? 1 : Math.min(1, (performance.now() - begin) / overMs);
    for (; n < events * share; n++) one(among);
    if (n < events) await sleep(TICK_MS);
  }
}

const delivered = (): Promise<void> =>
  waitFor(() => publishers.every(({ isCaughtUp }) => isCaughtUp), undefined, 600_000);

process.on('message', (ask: Ask) => {
  void (async () => {
    const begin = performance.now();
    if (ask.type === 'load') load(ask.perSecond);
    if (ask.type === 'burst') await burst(ask);
    if (ask.type === 'rest' && timer !== null) clearInterval(timer);
    if (ask.type !== 'load') await delivered();
    const sent: Sent = {
      events: monitors.reduce((sum, { count }) => sum + count, 0),
      tookMs: performance.now() - begin,
    };
    process.send?.(sent);
  })();
});
await delivered();
process.send?.({ events: 0, tookMs: 0 } satisfies Sent);

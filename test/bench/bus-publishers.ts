/** The publishers of the bus benchmark: many monitors in one process, each service of them turning at a given rate. */
import type { Publisher } from '../../src/bus/publisher.ts';
import { publish, scripted } from '../bus/scene.ts';
import { waitFor } from '../support/wait-for.ts';

/** What the benchmark asks for. */
export type Ask =
  | { readonly type: 'load'; readonly perSecond: number }
  | { readonly type: 'burst'; readonly events: number }
  | { readonly type: 'rest' };

/** What has been sent when all is delivered. */
export interface Sent {
  readonly events: number;
  /** How long the last burst took to be delivered. */
  readonly tookMs: number;
}

const [url = '', monitorCount = '50', serviceCount = '200'] = process.argv.slice(2);
const names = Array.from({ length: Number(serviceCount) }, (_, index) => `service-${String(index)}`);
const monitors = Array.from({ length: Number(monitorCount) }, (_, index) =>
  scripted(`vantage-${String(index)}`, names),
);
const publishers: Publisher[] = monitors.map((monitor) => publish(monitor, url));
const TICK_MS = 20;
let timer: NodeJS.Timeout | null = null;
let turn = 0;

function one(): void {
  const monitor = monitors[turn % monitors.length];
  const name = names[Math.floor(turn / monitors.length) % names.length] ?? '';
  turn += 1;
  if (monitor === undefined) return;
  const service = monitor.board.services.get(name);
  const [to, from] = service?.state === 'up' ? (['down', 'up'] as const) : (['up', 'down'] as const);
  const at = monitor.now();
  // Its number at its monitor: by that the reader knows what is missing or came twice.
  const message = String(monitor.count + 1);
  monitor.event({
    ...{ type: 'transition', service: name, from, to, at, notBefore: at, notAfter: at, reason: null, message },
  });
}

async function load(perSecond: number): Promise<void> {
  let due = 0;
  let last = performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    due += ((now - last) * perSecond) / 1000;
    last = now;
    for (; due >= 1; due -= 1) one();
  }, TICK_MS);
  return Promise.resolve();
}

const delivered = (): Promise<void> =>
  waitFor(() => publishers.every(({ isCaughtUp }) => isCaughtUp), undefined, 600_000);

process.on('message', (ask: Ask) => {
  void (async () => {
    const begin = performance.now();
    if (ask.type === 'load') await load(ask.perSecond);
    if (ask.type === 'burst') for (let n = 0; n < ask.events; n++) one();
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

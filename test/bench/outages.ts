/**
 * Services with outages of known times, in a process of its own: `node outages.js SERVICES OUTAGES`. Sends the services
 * and, when all is over, what was true. An edge is known to lie between two readings of the clock around the act that
 * makes it. Runs at the highest priority where it may: what is measured must not starve.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { takeHighestPriority } from '../support/highest-priority.ts';
import type { Target } from './services.ts';
import { OUTAGE_KINDS, type OutageKind, type Staged, type TrueOutage, type Truth } from './outage-kinds.ts';
import { StagedService } from './staged-service.ts';
import { watchStalls } from './stalls.ts';

takeHighestPriority();

const SHORTEST_MS = 20;
const LONGEST_MS = 1000;
const UP_MS = 250;

/** Every kind of service can be refused; the other outages belong to one kind each. */
function kindOf(outage: OutageKind, turn: number): Target['kind'] {
  if (outage === 'refused') return (['tcp', 'http', 'redis'] as const)[turn % 3] ?? 'tcp';
  if (outage === 'closed') return 'tcp';
  return outage === 'loading' ? 'redis' : 'http';
}

/** Evenly spread over the logarithm: as many short ones as long ones. */
function length(): number {
  return SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** Math.random();
}

async function play(service: StagedService, outages: number): Promise<TrueOutage[]> {
  const truth: TrueOutage[] = [];
  await sleep(1000);
  for (let n = 0; n < outages; n++) {
    await sleep(UP_MS + Math.random() * UP_MS);
    truth.push(await service.outage(length()));
  }
  return truth;
}

const [services = 0, outagesEach = 0] = process.argv.slice(2).map(Number);
const staged = Array.from({ length: services }, (_, index) => {
  const outage = OUTAGE_KINDS[index % OUTAGE_KINDS.length] ?? 'refused';
  const kind = kindOf(outage, Math.floor(index / OUTAGE_KINDS.length));
  return {
    name: `${outage} ${String(index)}`,
    service: new StagedService({ outage, kind, host: '127.0.0.1', greeting: '' }),
  };
});
for (const { service } of staged) await service.listen();
process.on('disconnect', () => process.exit(0));
const stalls = watchStalls();
process.send?.(
  staged.map(({ name, service }): Staged => {
    return { name, outage: service.staging.outage, target: service.target };
  }),
);
process.once('message', () => {
  void Promise.all(staged.map(async ({ name, service }) => [name, await play(service, outagesEach)] as const)).then(
    (outages) => process.send?.({ outages: Object.fromEntries(outages), stalls } satisfies Truth),
  );
});

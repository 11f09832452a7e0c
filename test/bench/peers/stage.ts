/**
 * The services of the plan, in a process of its own. Sends where they are (`Target[]`, in the plan's order), plays their
 * outages once it is told to, and sends when they truly were (`TrueOutage[][]`).
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { TrueOutage } from '../outage-kinds.ts';
import { StagedService } from '../staged-service.ts';
import { plan, type Planned } from './plan.ts';

async function play(service: StagedService, turns: Planned['turns']): Promise<TrueOutage[]> {
  const truth: TrueOutage[] = [];
  for (const { upMs, downMs } of turns) {
    await sleep(upMs);
    truth.push(await service.outage(downMs));
  }
  return truth;
}

const services = plan().map((planned) => ({ service: new StagedService(planned), turns: planned.turns }));
for (const { service } of services) await service.listen();
process.on('disconnect', () => process.exit(0));
process.send?.(services.map(({ service }) => service.target));
process.once('message', () => {
  void Promise.all(services.map(({ service, turns }) => play(service, turns))).then((truth) => process.send?.(truth));
});

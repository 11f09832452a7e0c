/**
 * The services of a plan, in a process of its own at the highest priority that it may have: `node stage.js PLAN [quick]`.
 * Sends where they are (`Target[]`, in the plan's order), plays their outages from the moment that it is sent (`Begin`),
 * and sends what truly was (`Played`).
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { takeHighestPriority } from '../../support/highest-priority.ts';
import type { Edge, TrueOutage } from '../outage-kinds.ts';
import { StagedService } from '../staged-service.ts';
import { watchStalls } from '../stalls.ts';
import { freezePlan } from './freeze-plan.ts';
import { plan, type Planned } from './plan.ts';
import { now } from './witness.ts';

export const PLANS = { gaps: plan, freeze: freezePlan } as const;

export interface Begin {
  /** Epoch milliseconds, as `now` reads them. */
  readonly at: number;
}

export interface Played {
  /** Of each service, in the plan's order. */
  readonly outages: readonly (readonly TrueOutage[])[];
  /** When the stage was itself late. */
  readonly stalls: readonly Edge[];
}

async function play(service: StagedService, turns: Planned['turns'], begin: number): Promise<TrueOutage[]> {
  const truth: TrueOutage[] = [];
  for (const { atMs, downMs } of turns) {
    await sleep(Math.max(0, begin + atMs - now()));
    truth.push(await service.outage(downMs));
  }
  return truth;
}

async function main(name: keyof typeof PLANS, isQuick: boolean): Promise<void> {
  takeHighestPriority();
  const services = PLANS[name](isQuick).map((planned) => ({
    service: new StagedService(planned),
    turns: planned.turns,
  }));
  for (const { service } of services) await service.listen();
  process.on('disconnect', () => process.exit(0));
  const stalls = watchStalls();
  process.once('message', ({ at }: Begin) => {
    void Promise.all(services.map(({ service, turns }) => play(service, turns, at))).then((outages) =>
      process.send?.({ outages, stalls } satisfies Played),
    );
  });
  process.send?.(services.map(({ service }) => service.target));
}

if (process.argv[1] === import.meta.filename)
  await main(process.argv[2] as keyof typeof PLANS, process.argv[3] === 'quick');

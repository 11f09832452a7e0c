/** Whether the process that plays the services was itself late: what a monitor finds then is no fault of the monitor's. */
import { Clock } from '../../src/core/clock.ts';
import type { Edge } from './outage-kinds.ts';

/** How often the process looks whether it is late, and what counts as that. */
const LOOK_EVERY_MS = 5;
const STALL_MS = 30;

/** When this process was late, from now on: the list grows. */
export function watchStalls(): readonly Edge[] {
  const clock = new Clock();
  const stalls: Edge[] = [];
  let looked = clock.epoch(clock.now());
  setInterval(() => {
    const before = looked;
    looked = clock.epoch(clock.now());
    if (looked - before > STALL_MS) stalls.push({ before, after: looked });
  }, LOOK_EVERY_MS);
  return stalls;
}

/** All benchmarks, and which of them a name means. */
import { busCluster, busOne } from './bus.ts';
import { cost } from './cost.ts';
import { dashboard } from './dashboard.ts';
import { feed } from './feed.ts';
import { grid, overload } from './grid.ts';
import { history } from './history.ts';
import { memory } from './memory.ts';
import { page } from './page.ts';
import { cpu } from './peers/cpu.ts';
import { firstUse } from './peers/first-use.ts';
import { freeze } from './peers/freeze.ts';
import { gaps, lengths, starved } from './peers/gaps.ts';
import { hang } from './peers/hang.ts';
import { restart } from './peers/restart.ts';
import { hooks, restarts } from './restarts.ts';
import { start } from './start.ts';
import { questions } from './questions.ts';
import { scale } from './scale.ts';
import { soak } from './soak.ts';
import type { Bench } from './table.ts';
import { truth } from './truth.ts';

export const BENCHES: readonly Bench[] = [
  truth,
  cost,
  grid,
  overload,
  start,
  memory,
  dashboard,
  page,
  feed,
  history,
  questions,
  restarts,
  hooks,
  busOne,
  busCluster,
  scale,
  gaps,
  lengths,
  starved,
  freeze,
  cpu,
  hang,
  restart,
  firstUse,
  soak,
];

/** The benchmark of this name, or all of the group of this name: `peers` means `peers:gaps` and its like. */
export function benchesOf(name: string): readonly Bench[] {
  return BENCHES.filter((bench) => bench.name === name || bench.name.startsWith(`${name}:`));
}

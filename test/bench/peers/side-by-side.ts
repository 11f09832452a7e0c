/** All tools watch the same outages at the same time, in circumstances that are the same for all of them. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Child } from '../child.ts';
import { atHighestPriority } from '../../support/highest-priority.ts';
import type { Edge } from '../outage-kinds.ts';
import type { Target } from '../services.ts';
import type { Row } from '../table.ts';
import { TOOLS } from './all-tools.ts';
import { type Disturbances, type PlayedService, type Tally, tallyOf } from './tally.ts';
import { withFolder } from './folder.ts';
import { FREEZE_MS } from './freeze-plan.ts';
import { lengthOf, type Planned } from './plan.ts';
import { freeze, thaw } from './process-tree.ts';
import { type Begin, PLANS, type Played } from './stage.ts';
import { startTools, type Watching } from './start-tools.ts';
import { canWatch, type Tool } from './tool.ts';
import { now, type Witness } from './witness.ts';

/** After all of them have started, and what loads the machine. */
const CALM_MS = 2000;
/** For the slowest tool to see the last service up again, by its interval and what it may be late. */
const AFTERWARDS_MS = 7500;

export interface Circumstances {
  readonly plan: keyof typeof PLANS;
  /** Ours first. All where it is left out. */
  readonly tools?: readonly Tool[];
  readonly isQuick: boolean;
  /** Processes beside the tools that take all they can get. */
  readonly busyLoops: number;
  /** When the tools are frozen, in milliseconds after the beginning. */
  readonly freezesAt: readonly number[];
}

export interface Seen {
  readonly tool: Tool;
  readonly witness: Witness;
  readonly tally: Tally;
}

export interface Scene extends Disturbances {
  readonly services: readonly PlayedService[];
  /** Ours first. */
  readonly seen: readonly Seen[];
  /** What could not take part, and why. */
  readonly absent: readonly Row[];
}

export async function watchSideBySide(circumstances: Circumstances, say: (text: string) => void): Promise<Scene> {
  const { plan, tools = TOOLS, isQuick, busyLoops, freezesAt } = circumstances;
  const planned = PLANS[plan](isQuick);
  const stage = new Child('peers/stage.js', [plan, isQuick ? 'quick' : 'whole'], [], true);
  const places = await stage.next<Target[]>();
  const targets = planned.map((service, index) => ({ ...service, ...places[index]! }));
  return withFolder(async (folder) => {
    const { watching, absent } = await startTools(tools, targets, targets, folder);
    const loads = Array.from({ length: busyLoops }, () => new Child('load.js', ['1'], [], true));
    try {
      // Nothing is started meanwhile. What reads the tools' lines must not be late with them.
      return await atHighestPriority(async () => {
        await sleep(CALM_MS);
        say(`${String(targets.length)} services, ${String(watching.length)} tools, ${aboutSeconds(planned)} s`);
        const begin = now();
        stage.tell({ at: begin } satisfies Begin);
        const playing = stage.next<Played>();
        const freezes = await freezeAll(watching, freezesAt, begin);
        const played = await playing;
        await sleep(AFTERWARDS_MS);
        const disturbances = { stalls: played.stalls, freezes };
        return { ...sceneOf(planned, played.outages, watching, disturbances), ...disturbances, absent };
      });
    } finally {
      await Promise.all(loads.map((load) => load.end()));
      await Promise.all(watching.map(({ running }) => running.stop()));
      await stage.end();
    }
  });
}

function aboutSeconds(planned: readonly Planned[]): string {
  return ((lengthOf(planned) + AFTERWARDS_MS) / 1000).toFixed(0);
}

async function freezeAll(watching: readonly Watching[], freezesAt: readonly number[], begin: number): Promise<Edge[]> {
  const roots = watching.map(({ running }) => running.pid);
  const freezes: Edge[] = [];
  for (const at of freezesAt) {
    await sleep(Math.max(0, begin + at - now()));
    const before = now();
    const frozen = freeze(roots);
    await sleep(Math.max(0, before + FREEZE_MS - now()));
    thaw(frozen);
    freezes.push({ before, after: now() });
  }
  return freezes;
}

function sceneOf(
  planned: readonly Planned[],
  outages: Played['outages'],
  watching: readonly Watching[],
  disturbances: Disturbances,
): Pick<Scene, 'services' | 'seen'> {
  const services = planned.map(({ name, what, kind, outage }, index): PlayedService => {
    return { name, what, kind, outage, outages: outages[index] ?? [] };
  });
  const seen = watching.map(({ tool, witness }): Seen => {
    const watched = services.filter((service) => canWatch(tool, service));
    return { tool, witness, tally: tallyOf(witness, watched, disturbances, tool) };
  });
  return { services, seen };
}

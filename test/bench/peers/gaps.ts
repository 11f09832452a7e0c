/** The same 200 outages, watched by all tools in the same minutes: on the machine as it is, beside three busy loops, and without most of the others. */
import type { TrueOutage } from '../outage-kinds.ts';
import type { Bench, Row } from '../table.ts';
import { SHARPEST } from './all-tools.ts';
import { lengthOf, plan } from './plan.ts';
import { type Scene, watchSideBySide } from './side-by-side.ts';
import { isWrong, trueLength } from './tally.ts';
import { countVerdicts, type LengthReach, lengthVerdict, LONG_MS, stageRow, toolRow } from './tool-rows.ts';

/** What is this near to an outage may have to do with it. */
const NEAR_MS = 3000;

const LENGTHS: readonly LengthReach[] = [
  {
    words: 'process deaths (refused, closed)',
    of: ({ how }) => how === 'refused' || how === 'closed',
    most: 1 / 4,
    reach: 'at most a quarter',
  },
  { words: 'silence', of: ({ how }) => how === 'silent', most: 0.6, reach: 'at most 0.6 times' },
  {
    words: 'bad answers (503, loading)',
    of: ({ how }) => how === 'status 503' || how === 'loading',
    most: 1,
    reach: 'no more',
  },
];

const OUTAGES = plan(false).reduce((sum, { turns }) => sum + turns.length, 0);

export const gaps: Bench = {
  name: 'peers:gaps',
  about: `${String(OUTAGES)} outages of 50 ms to 5 s in ${minutes()}, seen by gapwatch and by others at the same time`,
  async run(say, isQuick) {
    const scene = await watchSideBySide({ plan: 'gaps', isQuick, busyLoops: 0, freezesAt: [] }, say);
    return [...rowsOf(scene, say), ...LENGTHS.map((reach) => lengthVerdict(scene.seen, reach))];
  },
};

export const lengths: Bench = {
  name: 'peers:lengths',
  about: `the outages of peers:gaps, seen by gapwatch and the two that tell lengths best: how wrong are they? In ${minutes()}`,
  async run(say, isQuick) {
    const scene = await watchSideBySide({ plan: 'gaps', tools: SHARPEST, isQuick, busyLoops: 0, freezesAt: [] }, say);
    return [...rowsOf(scene, say), ...LENGTHS.map((reach) => lengthVerdict(scene.seen, reach))];
  },
};

export const starved: Bench = {
  name: 'peers:starved',
  about: `the outages of peers:gaps beside three busy loops, in ${minutes()}`,
  async run(say, isQuick) {
    const scene = await watchSideBySide({ plan: 'gaps', isQuick, busyLoops: 3, freezesAt: [] }, say);
    return rowsOf(scene, say);
  },
};

function minutes(): string {
  return `about ${(lengthOf(plan(false)) / 60_000).toFixed(0)} min`;
}

function rowsOf(scene: Scene, say: (text: string) => void): Row[] {
  reportFaults(scene, say);
  return [stageRow(scene), ...scene.seen.map((one) => toolRow(one)), ...scene.absent, ...countVerdicts(scene.seen)];
}

/** Every fault of ours, with its circumstances: it is one of the program, of this benchmark, or of a busy machine. */
export function reportFaults({ seen, services }: Scene, say: (text: string) => void): void {
  const { tally: ours, witness } = seen[0]!;
  const blindIn = (service: string, { from, to }: TrueOutage): string => {
    const times = witness.blind.filter(
      (one) => one.service === service && one.to > from.before - NEAR_MS && one.from < to.after,
    );
    return `${String(times.length)} times unobserved there`;
  };
  for (const { service, outage, what, told } of ours.outcomes) {
    const length = trueLength(outage);
    const circumstances = `${what}, truly ${length.toFixed(0)} ms: ${JSON.stringify(told)}, ${blindIn(service, outage)}`;
    if (told === null && length >= LONG_MS) say(`not seen, ${circumstances}`);
    else if (told !== null && Math.abs(told.durationMs - length) > LONG_MS) say(`length, ${circumstances}`);
  }
  for (const { outage, what, told } of ours.outcomes.filter(isWrong)) {
    say(`wrong bounds, ${what}: truth ${JSON.stringify(outage)}, told ${JSON.stringify(told)}`);
  }
  for (const told of ours.invented) {
    const service = services.find(({ name }) => name === told.service);
    const near = service?.outages.find(
      ({ from, to }) => from.before - NEAR_MS < told.to && to.after + NEAR_MS > told.from,
    );
    say(`invented, ${service?.what ?? ''}: ${JSON.stringify(told)}; near it ${JSON.stringify(near ?? null)}`);
  }
}

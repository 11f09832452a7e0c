/** All tools are frozen for 0.9 s, as by a suspended machine, several times: what does each claim of that time? */
import type { Bench, Row } from '../table.ts';
import { freezesAt, FREEZE_MS } from './freeze-plan.ts';
import { reportFaults } from './gaps.ts';
import { type Scene, type Seen, watchSideBySide } from './side-by-side.ts';
import { isWrong } from './tally.ts';
import { canWatch } from './tool.ts';
import { countsOf, stageRow, toolRow } from './tool-rows.ts';

export const freeze: Bench = {
  name: 'peers:freeze',
  about: `each tool frozen for ${String(FREEZE_MS / 1000)} s, ${String(freezesAt(false).length)} times, with outages inside and around: what it claims of that time`,
  async run(say, isQuick) {
    const scene = await watchSideBySide({ plan: 'freeze', isQuick, busyLoops: 0, freezesAt: freezesAt(isQuick) }, say);
    reportFaults(scene, say);
    const rows = scene.seen.map((seen) => toolRow(seen, unobservedOf(seen, scene)));
    return [stageRow(scene), ...rows, ...scene.absent, verdict(scene.seen[0]!)];
  },
};

/** In how many of the freezes, of each service, the tool says that it did not look. */
function unobservedOf(
  { tool, witness }: Seen,
  { services, freezes }: Scene,
): { words: string; figures: Row['figures'] } {
  const names = services.filter((service) => canWatch(tool, service)).map(({ name }) => name);
  const saidOf = names.flatMap((name) => {
    const blind = witness.blind.filter(({ service }) => service === name);
    return freezes.filter(({ before, after }) => blind.some(({ from, to }) => from < after && to > before));
  });
  const all = names.length * freezes.length;
  return {
    words: `says that it did not look in ${String(saidOf.length)} of ${String(all)} freezes of a service`,
    figures: { saidUnobserved: saidOf.length, freezes: all },
  };
}

function verdict({ tally }: Seen): Row {
  const { missed, invented, unobserved } = countsOf(tally);
  const wrong = tally.outcomes.filter(isWrong).length;
  return {
    what: 'gapwatch: what it claims of a freeze',
    found:
      `${String(missed)} outages missed without a word, ${String(unobserved)} said to be unobserved, ` +
      `${String(invented)} invented, bounds wrong in ${String(wrong)}`,
    reach: 'none missed without a word, none invented, no bounds wrong',
    reached: missed === 0 && invented === 0 && wrong === 0,
    figures: { missed, unobserved, invented, wrong },
  };
}

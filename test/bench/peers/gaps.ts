/** The same 200 outages, watched by all tools in the same minutes. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Child } from '../child.ts';
import type { TrueOutage } from '../outage-kinds.ts';
import type { Target } from '../services.ts';
import type { Bench, Row } from '../table.ts';
import { needPeers } from './needs.ts';
import { OUTAGES_EACH, plan } from './plan.ts';
import {
  errorsOf,
  hasBounds,
  isLong,
  isSeen,
  isWrong,
  type PlayedService,
  quantiles,
  type Tally,
  tallyOf,
  trueLength,
} from './tally.ts';
import { withFolder } from './folder.ts';
import { ncLoop } from './tools.ts';
import { TOOLS } from './all-tools.ts';
import type { Tool } from './tool.ts';
import { Witness } from './witness.ts';

/** Two intervals of the tools that can look so often. */
const LONG_MS = 200;
/** What is this near to an outage may have to do with it. */
const NEAR_MS = 3000;
/** Two lengths are equally good where they differ by less than this: one run is not the next one. */
const EQUAL = 1.15;

interface Seen {
  readonly tool: Tool;
  readonly tally: Tally;
}

export const gaps: Bench = {
  name: 'peers:gaps',
  about: `${String(plan().length * OUTAGES_EACH)} outages of 50 ms to 5 s, seen by gapwatch and by others at the same time`,
  async run(say) {
    needPeers();
    const planned = plan();
    const stage = new Child('peers/stage.js');
    const places = await stage.next<Target[]>();
    const targets = planned.map((service, index) => ({ ...service, ...places[index]! }));
    const { truth, witnesses } = await withFolder(async (folder) => {
      const watching = await Promise.all(
        TOOLS.map(async (tool) => {
          const witness = new Witness();
          return { tool, witness, running: await tool.start(targets, witness, folder) };
        }),
      );
      const names = targets.map(({ name }) => name);
      await Promise.all(watching.map(({ tool, witness }) => witness.sawUp(names, tool.name)));
      const lasts = Math.max(
        ...planned.map(({ turns }) => turns.reduce((sum, turn) => sum + turn.upMs + turn.downMs, 0)),
      );
      say(`${String(targets.length)} services, ${String(TOOLS.length)} tools, about ${(lasts / 1000).toFixed(0)} s`);
      stage.tell({});
      const played = await stage.next<TrueOutage[][]>();
      // The slowest has to see the last service up again.
      await sleep(ncLoop.intervalMs + 2000);
      await Promise.all(watching.map(({ running }) => running.stop()));
      return { truth: played, witnesses: watching };
    });
    await stage.end();

    const services = planned.map(({ name, what }, index): PlayedService => {
      return { name, what, outages: truth[index] ?? [] };
    });
    const seen = witnesses.map(({ tool, witness }): Seen => {
      return { tool, tally: tallyOf(witness, services, tool.intervalMs) };
    });
    tellFaults(seen[0]!.tally, witnesses[0]!.witness, services, say);
    return [...seen.map(toolRow), ...verdicts(seen)];
  },
};

/** Every fault of ours, with its circumstances: it is one of the program, of this benchmark, or of a busy machine. */
function tellFaults(
  ours: Tally,
  witness: Witness,
  services: readonly PlayedService[],
  say: (text: string) => void,
): void {
  const blindIn = (service: string, { from, to }: TrueOutage): string => {
    const times = witness.blind.filter(
      (one) => one.service === service && one.at > from.before - NEAR_MS && one.at < to.after,
    );
    return `${String(times.length)} times unobserved there`;
  };
  for (const { service, outage, what, told } of ours.outcomes) {
    const length = trueLength(outage);
    const circumstances = `${what}, truly ${length.toFixed(0)} ms: ${JSON.stringify(told)}, ${blindIn(service, outage)}`;
    if (told === null && length >= LONG_MS) say(`missed, ${circumstances}`);
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

function counts({ outcomes, invented }: Tally): { seen: number; long: number; longSeen: number; invented: number } {
  const long = outcomes.filter((outcome) => isLong(outcome, LONG_MS));
  return {
    seen: outcomes.filter(isSeen).length,
    long: long.length,
    longSeen: long.filter(isSeen).length,
    invented: invented.length,
  };
}

function toolRow({ tool, tally }: Seen): Row {
  const { seen, long, longSeen, invented } = counts(tally);
  const { p50, p99 } = quantiles(errorsOf(tally.outcomes));
  const given = tally.outcomes.filter(hasBounds).length;
  const right = given - tally.outcomes.filter(isWrong).length;
  const kinds = [...new Set(tally.outcomes.map(({ what }) => what))].map((what) => {
    const of = tally.outcomes.filter((outcome) => outcome.what === what);
    return `${what} ${String(of.filter(isSeen).length)}/${String(of.length)}`;
  });
  const total = tally.outcomes.length;
  return {
    what: tool.name,
    found:
      `seen ${String(seen)} of ${String(total)}, missed ${String(total - seen)}; of the ${String(long)} of ${String(LONG_MS)} ms ` +
      `and more seen ${String(longSeen)}; invented ${String(invented)}; error of the length ${p50.toFixed(0)} ms at p50, ` +
      `${p99.toFixed(0)} ms at p99; ${given === 0 ? 'no bounds' : `bounds given in ${String(given)}, right in ${String(right)}`}` +
      `\n            ${kinds.join('; ')}`,
    reach: '',
    reached: null,
    figures: { seen, missed: total - seen, long, longSeen, invented, p50Ms: p50, p99Ms: p99, bounds: given, right },
  };
}

function verdicts(seen: readonly Seen[]): Row[] {
  const [ours, ...others] = seen as [Seen, ...Seen[]];
  const { long, longSeen, invented } = counts(ours.tally);
  const wrong = ours.tally.outcomes.filter(isWrong).length;
  const faultless = others.filter(({ tally }) => {
    const other = counts(tally);
    return other.longSeen === other.long && other.invented === 0;
  });
  return [
    {
      what: 'gapwatch: outages of two intervals and more',
      found: `${String(longSeen)} of ${String(long)} seen, ${String(invented)} invented, bounds wrong in ${String(wrong)}`,
      reach: 'all seen, none invented, no bounds wrong',
      reached: longSeen === long && invented === 0 && wrong === 0,
      figures: { long, longSeen, invented, wrong },
    },
    {
      what: 'the others, on the same outages',
      found:
        faultless.length === 0
          ? 'each of them missed or invented some'
          : `neither missed nor invented one: ${faultless.map(({ tool }) => tool.name).join(', ')}`,
      reach: 'each misses or invents some',
      reached: faultless.length === 0,
      figures: { faultless: faultless.length },
    },
    lengthVerdict(ours, others),
  ];
}

/** Beside the best of the others, on the outages that both saw. */
function lengthVerdict(ours: Seen, others: readonly Seen[]): Row {
  const beside = others
    .map(({ tool, tally }) => {
      const both = ours.tally.outcomes.map((outcome, index) => [outcome, tally.outcomes[index]!] as const);
      const shared = both.filter(([mine, theirs]) => isSeen(mine) && isSeen(theirs));
      return {
        name: tool.name,
        count: shared.length,
        mine: quantiles(errorsOf(shared.map(([mine]) => mine))),
        theirs: quantiles(errorsOf(shared.map(([, theirs]) => theirs))),
      };
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.theirs.p99 - b.theirs.p99);
  const best = beside[0]!;
  const quarter = best.mine.p99 <= best.theirs.p99 / 4;
  const equal = best.mine.p99 <= best.theirs.p99 * EQUAL;
  const atLimit = best.mine.p99 <= ours.tool.intervalMs * EQUAL;
  const verdict = quarter
    ? 'a quarter or less'
    : equal && atLimit
      ? 'equal, both at the limit of their interval of 100 ms'
      : 'more than a quarter';
  return {
    what: `error of the length beside the best of the others, ${best.name}, on the ${String(best.count)} that both saw`,
    found:
      `p50 ${best.mine.p50.toFixed(1)} against ${best.theirs.p50.toFixed(1)} ms, ` +
      `p99 ${best.mine.p99.toFixed(1)} against ${best.theirs.p99.toFixed(1)} ms: ${verdict}`,
    reach: 'at most a quarter, or equal where both are at the limit of their interval',
    reached: quarter || (equal && atLimit),
    figures: {
      p50Ms: best.mine.p50,
      p99Ms: best.mine.p99,
      bestP50Ms: best.theirs.p50,
      bestP99Ms: best.theirs.p99,
    },
  };
}

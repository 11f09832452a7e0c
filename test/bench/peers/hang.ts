/** What one service that hangs does to the probes of a hundred others, by when these arrive. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { childScript } from '../../support/children.ts';
import { type Bench, median, percentile, type Row } from '../table.ts';
import type { Arrivals } from './arrivals.ts';
import { blackbox } from './blackbox.ts';
import { Crowd } from './crowd.ts';
import { withFolder } from './folder.ts';
import { present } from './needs.ts';
import { Program } from './program.ts';
import { medianAndSpread } from './rounds.ts';
import type { Tool, Watchable } from './tool.ts';
import { gapwatch, haproxy, monit, ncLoop } from './tools.ts';
import { Witness } from './witness.ts';

const SERVICES = 100;
const ROUNDS = 3;
const QUICK_ROUNDS = 1;
const WARM_UP_MS = 1500;
/** Connections that fill the queue of a service that takes none out of it. */
const FILLING = 4;
/** For longer than this benchmark. */
const DEAF_MS = 600_000;
/** What one run differs from the next one by, at the least. */
const NOISE_MS = 10;

/** The slow ones hardly load the machine: they run beside each other. */
const TURNS: readonly { readonly tools: readonly Tool[]; readonly seconds: number }[] = [
  { tools: [gapwatch], seconds: 4 },
  { tools: [haproxy], seconds: 4 },
  { tools: [blackbox(100, 1000)], seconds: 4 },
  { tools: [monit, ncLoop], seconds: 14 },
];

/** From one probe of a service to its next one, in milliseconds, of all services. */
interface Steps {
  readonly p50: number;
  readonly p99: number;
}

export const hang: Bench = {
  name: 'peers:hang',
  about: `one service that hangs among ${String(SERVICES)} others: how much later their probes become`,
  async run(say, isQuick) {
    const rounds = isQuick ? QUICK_ROUNDS : ROUNDS;
    const { there, absent } = present(TURNS.flatMap(({ tools }) => tools));
    const runs = new Map(there.map((tool): [Tool, Run[]] => [tool, []]));
    const deaf = await Deaf.start();
    for (let round = 1; round <= rounds; round++) {
      for (const { tools, seconds } of TURNS) {
        const turn = tools.filter((tool) => there.includes(tool));
        say(`round ${String(round)} of ${String(rounds)}: ${turn.map(({ name }) => name).join(' and ')}`);
        await Promise.all(
          turn.map(async (tool) => {
            const without = await stepsOf(tool, [], seconds);
            runs.get(tool)!.push({ without, beside: await stepsOf(tool, [deaf.target], seconds) });
          }),
        );
      }
    }
    await deaf.end();
    return [...[...runs].map(([tool, of]) => toolRow(tool, of)), ...absent];
  },
};

/** The same services without the one that hangs, and beside it. */
interface Run {
  readonly without: Steps;
  readonly beside: Steps;
}

function toolRow(tool: Tool, runs: readonly Run[]): Row {
  const of = (share: keyof Steps): { without: number[]; beside: number[]; later: number } => {
    const [without, beside] = [runs.map((run) => run.without[share]), runs.map((run) => run.beside[share])];
    return { without, beside, later: median(runs.map((run) => run.beside[share] - run.without[share])) };
  };
  const [p50, p99] = [of('p50'), of('p99')];
  const noise = Math.max(NOISE_MS, tool.intervalMs / 10);
  const isLater = Math.max(p50.later, p99.later) > noise;
  return {
    what: `${tool.name}: from one probe of a service to its next one, median (and spread) of ${String(runs.length)} rounds in turns`,
    found:
      `${medianAndSpread(p50.without)} ms at p50, ${medianAndSpread(p99.without)} at p99; beside the one that hangs ` +
      `${medianAndSpread(p50.beside)} and ${medianAndSpread(p99.beside)}: ` +
      (isLater ? `later by ${p50.later.toFixed(0)} ms at p50, ${p99.later.toFixed(0)} at p99` : 'not later'),
    reach: tool === gapwatch ? 'not later' : '',
    reached: tool === gapwatch ? !isLater : null,
    figures: { p50Ms: p50.without, p99Ms: p99.without, besideP50Ms: p50.beside, besideP99Ms: p99.beside },
  };
}

async function stepsOf(tool: Tool, more: readonly Watchable[], seconds: number): Promise<Steps> {
  const crowd = await Crowd.gather();
  const arrivals = await withFolder(async (folder) => {
    const witness = new Witness();
    // Where services are looked at one after the other, the one that hangs is before the others.
    const others = crowd.targets('http', SERVICES);
    const running = await tool.start([...more, ...others], witness, folder);
    try {
      const names = others.map(({ name }) => name);
      await witness.sawUp(names, tool.name);
      await sleep(WARM_UP_MS);
      return await crowd.arrivals(seconds * 1000);
    } finally {
      await running.stop();
    }
  });
  await crowd.end();
  return stepsIn(arrivals.connections);
}

function stepsIn(arrivals: Arrivals['connections']): Steps {
  const steps = Object.values(arrivals).flatMap((times) => times.slice(1).map((time, index) => time - times[index]!));
  // Of which no service was probed twice: the next probe never came.
  if (steps.length === 0) return { p50: Infinity, p99: Infinity };
  return { p50: percentile(steps, 0.5), p99: percentile(steps, 0.99) };
}

/** A service whose queue of connections is full: who connects gets no answer at all. */
class Deaf {
  readonly #program: Program;
  readonly #fillers: readonly Socket[];
  readonly target: Watchable;

  private constructor(program: Program, port: number, fillers: readonly Socket[]) {
    this.#program = program;
    this.#fillers = fillers;
    this.target = { name: 'hangs', kind: 'tcp', host: '127.0.0.1', port, greeting: '' };
  }

  static async start(): Promise<Deaf> {
    const told = new EventTarget();
    let port = 0;
    const program = new Program(process.execPath, [childScript('full-backlog'), String(DEAF_MS)], (line) => {
      port = Number(line);
      told.dispatchEvent(new Event('port'));
    });
    await once(told, 'port');
    const fillers = Array.from({ length: FILLING }, () => connect({ host: '127.0.0.1', port }));
    for (const filler of fillers) filler.on('error', () => undefined);
    await sleep(200);
    return new Deaf(program, port, fillers);
  }

  async end(): Promise<void> {
    for (const filler of this.#fillers) filler.destroy();
    await this.#program.stop();
  }
}

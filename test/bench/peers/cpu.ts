/** What a probe costs, with each tool at the same rate, in turns. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Child } from '../child.ts';
import type { Cost } from '../cost-run.ts';
import { type Bench, median, type Row } from '../table.ts';
import { blackbox } from './blackbox.ts';
import { Crowd } from './crowd.ts';
import { withFolder } from './folder.ts';
import { present } from './needs.ts';
import { cpuUs } from './program.ts';
import { medianAndSpread } from './rounds.ts';
import type { Tool } from './tool.ts';
import { gapwatch, gapwatchKept, haproxy } from './tools.ts';
import { Witness } from './witness.ts';

const SERVICES = 100;
const RATE = 1000;
const ROUNDS = 3;
const QUICK_ROUNDS = 1;
const SECONDS = 5;
const WARM_UP_MS = 1500;
/** With time enough on a busy machine: what a probe costs is asked, not whether it is in time. */
const EXPORTER = blackbox(100, 1000);

const KINDS = ['tcp', 'http'] as const;
type Measured = 'gapwatch' | 'exporter' | 'haproxy' | 'floor' | 'kept';
type Figures = Readonly<Record<Measured, number[]>>;
const TOOLS = [
  { measured: 'gapwatch', tool: gapwatch },
  { measured: 'exporter', tool: EXPORTER },
  { measured: 'haproxy', tool: haproxy },
] as const;

export const cpu: Bench = {
  name: 'peers:cpu',
  about: `CPU for each probe of gapwatch and of others, ${String(SERVICES)} services at 10/s, new connections`,
  async run(say, isQuick) {
    const rounds = isQuick ? QUICK_ROUNDS : ROUNDS;
    const { there, absent } = present(TOOLS.map(({ tool }) => tool));
    const tools = TOOLS.filter(({ tool }) => there.includes(tool));
    const crowd = await Crowd.gather();
    const rows: Row[] = [];
    for (const kind of KINDS) {
      const costs: Figures = { gapwatch: [], exporter: [], haproxy: [], floor: [], kept: [] };
      const rates: Figures = { gapwatch: [], exporter: [], haproxy: [], floor: [], kept: [] };
      for (let round = 1; round <= rounds; round++) {
        say(`${kind}: round ${String(round)} of ${String(rounds)}`);
        for (const { measured, tool } of tools) {
          const { us, rate } = await costOf(tool, crowd, kind);
          costs[measured].push(us);
          rates[measured].push(rate);
        }
        // Over a kept TCP connection nothing is to be seen without words that both sides know.
        if (kind === 'http') costs.kept.push((await costOf(gapwatchKept, crowd, kind)).us);
        const floor = await floorOf(crowd, kind);
        costs.floor.push(floor.cpuUs / floor.probes);
        rates.floor.push(floor.probes / SECONDS);
      }
      rows.push(costRow(kind, costs, rates), ...verdicts(kind, costs));
    }
    await crowd.end();
    return [...rows, ...absent];
  },
};

async function costOf(tool: Tool, crowd: Crowd, kind: 'tcp' | 'http'): Promise<{ us: number; rate: number }> {
  return withFolder(async (folder) => {
    const witness = new Witness();
    const targets = crowd.targets(kind, SERVICES);
    const running = await tool.start(targets, witness, folder);
    try {
      const names = targets.map(({ name }) => name);
      await witness.sawUp(names, tool.name);
      await sleep(WARM_UP_MS);
      const [before, opensBefore] = [cpuUs(running.pid), activeOpens()];
      const arrivals = await crowd.arrivals(SECONDS * 1000);
      const [took, opens] = [cpuUs(running.pid) - before, activeOpens() - opensBefore];
      const connected = Object.values(arrivals.connections).reduce((sum, times) => sum + times.length, 0);
      const arrived = kind === 'http' ? arrivals.requests : connected;
      // HAProxy resets a TCP connection before it is complete: it never arrives. What else the machine opens counts too.
      const probes = arrived > 0 ? arrived : Math.min(opens, RATE * SECONDS);
      return { us: took / probes, rate: probes / SECONDS };
    } finally {
      await running.stop();
    }
  });
}

/** The connections that this machine has opened since its start. */
function activeOpens(): number {
  const [names = '', values = ''] = readFileSync('/proc/net/snmp', 'utf8').match(/^Tcp:.*$/gm) ?? [];
  return Number(values.split(' ')[names.split(' ').indexOf('ActiveOpens')]);
}

/** The bare calls of Node's libraries, at the same rate. */
async function floorOf(crowd: Crowd, kind: 'tcp' | 'http'): Promise<Cost> {
  const ports = JSON.stringify(crowd.ports);
  const child = new Child('cost-run.js', ['floor', kind, 'new', String(RATE), String(SECONDS), ports]);
  const cost = await child.next<Cost>();
  await child.end();
  return cost;
}

function costRow(kind: string, costs: Figures, rates: Figures): Row {
  const words: readonly (readonly [Measured, string])[] = [
    ['gapwatch', 'gapwatch, the whole program'],
    ['exporter', 'blackbox exporter without its scraper'],
    ['haproxy', 'HAProxy'],
    ['floor', 'bare Node calls'],
  ];
  const measured = words.filter(([name]) => costs[name].length > 0);
  return {
    what: `${kind}: CPU for each probe, median (and spread) of ${String(costs.gapwatch.length)} rounds in turns (probes a second that arrived)`,
    found: measured
      .map(([name, who]) => `${who} ${medianAndSpread(costs[name])} µs (${median(rates[name]).toFixed(0)}/s)`)
      .join('; '),
    reach: '',
    reached: null,
    figures: {
      ...Object.fromEntries(measured.map(([name]) => [`${name}Us`, costs[name]])),
      ...Object.fromEntries(measured.map(([name]) => [`${name}Rate`, rates[name]])),
    },
  };
}

function verdicts(kind: 'tcp' | 'http', costs: Figures): Row[] {
  const verdict = (other: Measured, name: string, most: number | null, reach: string): Row[] => {
    const ratios = ratiosOf(costs.gapwatch, costs[other]);
    if (ratios.length === 0) return [];
    return [
      {
        what: `${kind}: gapwatch beside ${name}`,
        found: `${medianAndSpread(ratios, 2)} times`,
        reach,
        reached: most === null ? null : median(ratios) <= most,
        figures: { ratios },
      },
    ];
  };
  return kind === 'tcp'
    ? [
        ...verdict('exporter', 'the blackbox exporter', 1 / 5, 'at most a fifth'),
        ...verdict('haproxy', 'HAProxy', 3, 'at most 3 times'),
        ...verdict('floor', 'the bare Node calls', null, ''),
      ]
    : [
        ...verdict('exporter', 'the blackbox exporter', 1 / 3, 'at most a third'),
        ...verdict('haproxy', 'HAProxy', null, ''),
        ...verdict('floor', 'the bare Node calls', null, ''),
        ...keptRow(costs),
      ];
}

/** Of the rounds that both have. */
function ratiosOf(ours: readonly number[], others: readonly number[]): number[] {
  return others.map((us, round) => ours[round]! / us);
}

/** What the others can't do: they connect anew for each probe. */
function keptRow({ kept, exporter }: Figures): Row[] {
  const ratios = ratiosOf(kept, exporter);
  if (ratios.length === 0) return [];
  return [
    {
      what: 'http: gapwatch with --connection kept, beside the blackbox exporter, which keeps none',
      found: `${medianAndSpread(kept)} µs, ${medianAndSpread(ratios, 2)} times`,
      reach: '',
      reached: null,
      figures: { keptUs: kept, ratios },
    },
  ];
}

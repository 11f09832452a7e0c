/** What a probe costs, with each tool at the same rate, in turns. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Child } from '../child.ts';
import type { Cost } from '../cost-run.ts';
import { type Bench, median, type Row } from '../table.ts';
import { blackbox } from './blackbox.ts';
import { Crowd } from './crowd.ts';
import { withFolder } from './folder.ts';
import { needPeers } from './needs.ts';
import { cpuUs } from './program.ts';
import type { Tool } from './tool.ts';
import { gapwatch, gapwatchKept, haproxy } from './tools.ts';
import { Witness } from './witness.ts';

const SERVICES = 100;
const RATE = 1000;
const ROUNDS = 3;
const SECONDS = 5;
const WARM_UP_MS = 1500;
/** With time enough on a busy machine: what a probe costs is asked, not whether it is in time. */
const EXPORTER = blackbox(100, 1000);

const KINDS = ['tcp', 'http'] as const;
type Measured = 'gapwatch' | 'exporter' | 'haproxy' | 'floor' | 'kept';
const TOOLS: readonly (readonly [Measured, Tool])[] = [
  ['gapwatch', gapwatch],
  ['exporter', EXPORTER],
  ['haproxy', haproxy],
];

export const cpu: Bench = {
  name: 'peers:cpu',
  about: `CPU for each probe of gapwatch and of others, ${String(SERVICES)} services at 10/s, new connections`,
  async run(say) {
    needPeers();
    const crowd = await Crowd.gather();
    const rows: Row[] = [];
    for (const kind of KINDS) {
      const costs: Record<Measured, number[]> = { gapwatch: [], exporter: [], haproxy: [], floor: [], kept: [] };
      const rates: Record<Measured, number[]> = { gapwatch: [], exporter: [], haproxy: [], floor: [], kept: [] };
      for (let round = 1; round <= ROUNDS; round++) {
        say(`${kind}: round ${String(round)} of ${String(ROUNDS)}`);
        for (const [measured, tool] of TOOLS) {
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
    return rows;
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

function costRow(kind: string, costs: Record<Measured, number[]>, rates: Record<Measured, number[]>): Row {
  const say = (measured: Measured, name: string): string =>
    `${name} ${median(costs[measured]).toFixed(0)} µs (${median(rates[measured]).toFixed(0)}/s)`;
  return {
    what: `${kind}: CPU for each probe, median of ${String(ROUNDS)} rounds in turns (probes a second that arrived)`,
    found: [
      say('gapwatch', 'gapwatch, the whole program'),
      say('exporter', 'blackbox exporter without its scraper'),
      say('haproxy', 'HAProxy'),
      say('floor', 'bare Node calls'),
    ].join('; '),
    reach: '',
    reached: null,
    figures: {
      gapwatchUs: median(costs.gapwatch),
      exporterUs: median(costs.exporter),
      haproxyUs: median(costs.haproxy),
      floorUs: median(costs.floor),
    },
  };
}

function verdicts(kind: 'tcp' | 'http', costs: Record<Measured, number[]>): Row[] {
  const times = (other: Measured): number =>
    median(costs.gapwatch.map((us, round) => us / (costs[other][round] ?? us)));
  const verdict = (other: Measured, name: string, most: number | null, words: string): Row => {
    const ratio = times(other);
    return {
      what: `${kind}: gapwatch beside ${name}`,
      found: `${ratio.toFixed(2)} times`,
      reach: words,
      reached: most === null ? null : ratio <= most,
      figures: { ratio },
    };
  };
  return kind === 'tcp'
    ? [
        verdict('exporter', 'the blackbox exporter', 1 / 5, 'at most a fifth'),
        verdict('haproxy', 'HAProxy', 3, 'at most 3 times'),
        verdict('floor', 'the bare Node calls', null, ''),
      ]
    : [
        verdict('exporter', 'the blackbox exporter', 1 / 3, 'at most a third'),
        verdict('haproxy', 'HAProxy', null, ''),
        verdict('floor', 'the bare Node calls', null, ''),
        keptRow(costs),
      ];
}

/** What the others can't do: they connect anew for each probe. */
function keptRow(costs: Record<Measured, number[]>): Row {
  const ratio = median(costs.kept.map((us, round) => us / (costs.exporter[round] ?? us)));
  return {
    what: 'http: gapwatch with --connection kept, beside the blackbox exporter, which keeps none',
    found: `${median(costs.kept).toFixed(0)} µs, ${ratio.toFixed(2)} times`,
    reach: '',
    reached: null,
    figures: { keptUs: median(costs.kept), ratio },
  };
}

/** How late probes start at scale, what a hanging service does to the others, and what too much load makes of the truth. */
import { readFileSync } from 'node:fs';

import type { Connection } from '../../src/core/model.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { atHighestPriority } from '../support/highest-priority.ts';
import { RedisServer } from '../support/redis.ts';
import { Child } from './child.ts';
import { type LoadResult, probeLoad } from './probe-load.ts';
import { loopback, type Target, watchedOf } from './services.ts';
import { type Bench, inTurns, median, type Row, spread } from './table.ts';
import type { TargetPorts } from './targets.ts';

const SECONDS = 10;
const QUICK_SECONDS = 4;
const ROUNDS = 3;
/** What accepts more than one thread can send: a process of Node does not. */
const FAST = [
  '--bind',
  '0.0.0.0',
  '--protected-mode',
  'no',
  '--save',
  '',
  '--tcp-backlog',
  '4096',
  '--maxclients',
  '30000',
];
const KINDS: readonly Target['kind'][] = ['tcp', 'http', 'redis'];
/** Processes that take all they can get, in a case beside them. */
const LOOPS = 2;

interface Case {
  readonly what: string;
  readonly kinds: readonly Target['kind'][];
  readonly connection: Connection;
  readonly count: number;
  readonly intervalMs: number;
  /** How late probes may be at p99, in milliseconds; beside busy loops in the second figure, where that is measured. */
  readonly reachMs: readonly [quiet: number, starved?: number];
}

const FEW: Case = {
  what: '500 services at 100 ms, new TCP',
  kinds: ['tcp'],
  connection: 'new',
  count: 500,
  intervalMs: 100,
  reachMs: [5, 15],
};
const MANY: Case = { ...FEW, what: '5,000 services at 1 s, new TCP', count: 5000, intervalMs: 1000 };
const MIXED: Case = {
  ...MANY,
  what: '1,500 services at 1 s, new, mixed thirds',
  kinds: KINDS,
  count: 1500,
  reachMs: [10],
};
const KEPT: Case = {
  ...MIXED,
  what: '600 services at 100 ms, kept, mixed thirds',
  connection: 'kept',
  count: 600,
  intervalMs: 100,
};

export const grid: Bench = {
  name: 'grid',
  about: 'how late probes start, at scale',
  async run(say, isQuick) {
    const targets = new Child('targets.js');
    const ports = await targets.next<TargetPorts>();
    const rows: Row[] = [];
    const measure = async (cases: readonly Case[], beside: '' | 'busy loops'): Promise<void> => {
      const loops = beside === '' ? [] : Array.from({ length: LOOPS }, () => new Child('load.js', ['1']));
      const plays = cases.map((one) => () => {
        say(one.what);
        return probeLoad(services(one, ports), isQuick ? QUICK_SECONDS : SECONDS);
      });
      const results = await inTurns(isQuick ? 1 : ROUNDS, ...plays);
      for (const loop of loops) await loop.end();
      rows.push(...cases.map((one, index) => scaleRow(one, results[index] ?? [], loops.length)));
    };
    await measure([FEW, MANY], '');
    await measure([MIXED, KEPT], '');
    if (!isQuick) {
      await measure([FEW, MANY], 'busy loops');
      say('one service that hangs among 100');
      rows.push(await hangRow(ports));
      say('sharp edges');
      rows.push(await sharpRow(ports), await downRow(ports));
    }
    await targets.end();
    return rows;
  },
};

export const overload: Bench = {
  name: 'overload',
  about: 'twice what one thread can hold: it says so, and invents nothing',
  async run(say) {
    const server = await atHighestPriority(() => RedisServer.start(FAST));
    const overflowsBefore = overflows();
    const capacity = await capacityOf(server.port, say);
    const count = Math.round((2 * capacity) / 10);
    say(`${String(count)} services at 100 ms`);
    const result = await probeLoad(tcpServices(count, server.port), 2 * SECONDS);
    await server.close();
    const refused = overflows() - overflowsBefore;
    const { downs, missed, unobserved, overloaded, perSecond } = result;
    return [
      {
        what: `new TCP, ${String(count * 10)} probes/s asked for, ${capacity.toFixed(0)} held`,
        found:
          `${perSecond.toFixed(0)} sent a second, ${String(missed)} slots missed, it ${overloaded ? 'says so' : 'says nothing'}; ` +
          `${String(downs)} outages invented, ${String(unobserved)} times unobserved (${JSON.stringify(result.reasons)}); ` +
          `${String(refused)} connections for which the server's queue had no place`,
        reach: 'says so, no outage invented',
        reached: overloaded && downs === 0,
        figures: { perSecond, missed, downs, unobserved, overloaded: Number(overloaded), refused },
      },
    ];
  },
};

/** The highest of some rates that is held: 99 % of the probes sent. */
async function capacityOf(port: number, say: (progress: string) => void): Promise<number> {
  let held = 0;
  for (const rate of [4000, 6000, 8000, 10_000, 12_000, 15_000, 18_000]) {
    say(`can it hold ${String(rate)} probes a second?`);
    const { perSecond } = await probeLoad(tcpServices(rate / 10, port), 5);
    if (perSecond < rate * 0.99) break;
    held = rate;
  }
  return held;
}

function tcpServices(count: number, port: number): Watched[] {
  return services({ kinds: ['tcp'], connection: 'new', count, intervalMs: 100 }, { tcp: port });
}

/** Connections of this machine that a listening socket had no place for, so far: netstat(8), `ListenOverflows`. 0 where that is not told. */
function overflows(): number {
  try {
    const [names = [], values = []] = readFileSync('/proc/net/netstat', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('TcpExt:'))
      .map((line) => line.split(' '));
    return Number(values[names.indexOf('ListenOverflows')]);
  } catch {
    return 0;
  }
}

function services(load: Omit<Case, 'what' | 'reachMs'>, ports: Partial<TargetPorts>): Watched[] {
  const { kinds, connection, count, intervalMs } = load;
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? 'tcp';
    const target = { kind, host: loopback(index), port: ports[kind] ?? 0 };
    return watchedOf(String(index), target, { connection, intervalMs, timeoutMs: 1000 });
  });
}

function scaleRow({ what, count, intervalMs, reachMs }: Case, results: readonly LoadResult[], loops: number): Row {
  const rate = (count / intervalMs) * 1000;
  const rounds = roundsOf(results);
  const { perSecond, lateMs, missed, downs, unobserved } = rounds;
  const [quietMs, starvedMs = quietMs] = reachMs;
  const mostMs = loops === 0 ? quietMs : starvedMs;
  return {
    what: loops === 0 ? what : `${what}, beside ${String(loops)} busy loops`,
    found:
      `${median(perSecond).toFixed(0)} probes/s, late by ${spread(lateMs, 1)} ms at p99, ${String(sum(missed))} slots missed, ` +
      `${String(sum(downs))} outages invented, ${String(sum(unobserved))} times unobserved`,
    reach: `${String(rate)} probes/s held, at most ${String(mostMs)} ms late, none invented`,
    reached: median(perSecond) > rate * 0.99 && median(lateMs) <= mostMs && sum(downs) === 0,
    figures: rounds,
  };
}

/** The figures of several rounds, each in a list. */
function roundsOf(results: readonly LoadResult[]) {
  return {
    perSecond: results.map(({ perSecond }) => perSecond),
    lateMs: results.map(({ lateMs }) => lateMs),
    cpuMs: results.map(({ cpuMs }) => cpuMs),
    missed: results.map(({ missed }) => missed),
    downs: results.map(({ downs }) => downs),
    unobserved: results.map(({ unobserved }) => unobserved),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

/** As `watch` has them. */
function sharp(watched: readonly Watched[]): Watched[] {
  return watched.map((one) => ({ ...one, recheckMs: Math.max(10, one.service.intervalMs / 10), sentinel: true }));
}

/** Two loads in turns. */
async function compare(one: readonly Watched[], other: readonly Watched[]) {
  const plays = [one, other].map((watched) => () => probeLoad(watched, SECONDS));
  const [first = [], second = []] = await inTurns(ROUNDS, ...plays);
  return [roundsOf(first), roundsOf(second)] as const;
}

async function sharpRow(ports: TargetPorts): Promise<Row> {
  const well = services({ kinds: KINDS, connection: 'new', count: 100, intervalMs: 100 }, ports);
  const [without, withThem] = await compare(well, sharp(well));
  const ratios = withThem.cpuMs.map((ms, round) => ms / (without.cpuMs[round] ?? ms));
  return {
    what: 'CPU of 100 services at 100 ms that are all up, with sentinels and rechecks',
    found: `${spread(ratios, 2)} times that without (${spread(withThem.cpuMs, 0)} against ${spread(without.cpuMs, 0)} ms a second)`,
    reach: 'at most 1.1 times',
    reached: median(ratios) <= 1.1,
    figures: { ratios, withMs: withThem.cpuMs, withoutMs: without.cpuMs },
  };
}

async function downRow(ports: TargetPorts): Promise<Row> {
  const load = { kinds: ['tcp'], connection: 'new', count: 2000, intervalMs: 1000 } as const;
  const [up, down] = await compare(sharp(services(load, ports)), sharp(services(load, { ...ports, tcp: 1 })));
  return {
    what: '2,000 services at 1 s that are all down, with rechecks',
    found: `late by ${spread(down.lateMs, 1)} ms at p99, ${String(sum(down.missed))} slots missed; up by ${spread(up.lateMs, 1)} ms`,
    reach: 'at most 10 ms more than up',
    reached: median(down.lateMs) <= median(up.lateMs) + 10,
    figures: { downMs: down.lateMs, upMs: up.lateMs, missed: down.missed },
  };
}

async function hangRow(ports: TargetPorts): Promise<Row> {
  const well = services({ kinds: ['tcp'], connection: 'new', count: 100, intervalMs: 100 }, ports);
  const silent = { kind: 'http', host: '127.0.0.1', port: ports.silent } as const;
  const hanging = watchedOf('hangs', silent, { connection: 'new', intervalMs: 100, timeoutMs: 1000 });
  const [without, beside] = await compare(well, [...well, hanging]);
  const noise = Math.max(...without.lateMs) - Math.min(...without.lateMs);
  return {
    what: 'one service that hangs on every probe, beside 100 that do not',
    found: `late by ${spread(beside.lateMs, 2)} ms at p99; without it by ${spread(without.lateMs, 2)}`,
    reach: 'no difference beyond 1 ms or the spread of the rounds without it',
    reached: median(beside.lateMs) - median(without.lateMs) <= Math.max(1, noise),
    figures: { besideMs: beside.lateMs, withoutMs: without.lateMs },
  };
}

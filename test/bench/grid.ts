/** How late probes start at scale, what a hanging service does to the others, and what too much load makes of the truth. */
import type { Connection } from '../../src/core/model.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { Child } from './child.ts';
import { type LoadResult, probeLoad } from './probe-load.ts';
import { loopback, type Target, watchedOf } from './services.ts';
import type { Bench, Row } from './table.ts';
import type { TargetPorts } from './targets.ts';

const SECONDS = 10;
const QUICK_SECONDS = 4;
const REACH_MS = 10;
const KINDS: readonly Target['kind'][] = ['tcp', 'http', 'redis'];

interface Case {
  readonly what: string;
  readonly kinds: readonly Target['kind'][];
  readonly connection: Connection;
  readonly count: number;
  readonly intervalMs: number;
}

const CASES: readonly Case[] = [
  { what: '500 services at 100 ms, new TCP', kinds: ['tcp'], connection: 'new', count: 500, intervalMs: 100 },
  { what: '5,000 services at 1 s, new TCP', kinds: ['tcp'], connection: 'new', count: 5000, intervalMs: 1000 },
  { what: '1,500 services at 1 s, new, mixed thirds', kinds: KINDS, connection: 'new', count: 1500, intervalMs: 1000 },
  { what: '600 services at 100 ms, kept, mixed thirds', kinds: KINDS, connection: 'kept', count: 600, intervalMs: 100 },
];

export const grid: Bench = {
  name: 'grid',
  about: 'how late probes start, at scale',
  async run(say, isQuick) {
    const targets = new Child('targets.js');
    const ports = await targets.next<TargetPorts>();
    const rows: Row[] = [];
    for (const one of CASES) {
      say(one.what);
      rows.push(scaleRow(one, await probeLoad(services(one, ports), isQuick ? QUICK_SECONDS : SECONDS)));
    }
    if (isQuick) {
      await targets.end();
      return rows;
    }
    say('one service that hangs among 100');
    rows.push(await hangRow(ports));
    say('sharp edges');
    rows.push(await sharpRow(ports), await downRow(ports));
    await targets.end();
    return rows;
  },
};

export const overload: Bench = {
  name: 'overload',
  about: 'twice what one thread can hold: it says so, and invents nothing',
  async run(say) {
    const targets = new Child('targets.js');
    const ports = await targets.next<TargetPorts>();
    const capacity = await capacityOf(ports, say);
    const count = Math.round((2 * capacity) / 10);
    say(`${String(count)} services at 100 ms`);
    const manyTcp = services({ kinds: ['tcp'], connection: 'new', count, intervalMs: 100 }, ports);
    const result = await probeLoad(manyTcp, 2 * SECONDS);
    await targets.end();
    const { downs, missed, unobserved, overloaded, perSecond } = result;
    return [
      {
        what: `new TCP, ${String(count * 10)} probes/s asked for, ${capacity.toFixed(0)} held`,
        found:
          `${perSecond.toFixed(0)} sent a second, ${String(missed)} slots missed, it ${overloaded ? 'says so' : 'says nothing'}; ` +
          `${String(downs)} outages invented, ${String(unobserved)} times unobserved (${JSON.stringify(result.reasons)})`,
        reach: 'says so, no outage invented',
        reached: overloaded && downs === 0,
        figures: { perSecond, missed, downs, unobserved, overloaded: Number(overloaded) },
      },
    ];
  },
};

/** The highest of some rates that is held: 99 % of the probes sent. */
async function capacityOf(ports: TargetPorts, say: (progress: string) => void): Promise<number> {
  let held = 0;
  for (const rate of [4000, 6000, 8000, 10_000, 12_000]) {
    say(`can it hold ${String(rate)} probes a second?`);
    const load = services({ kinds: ['tcp'], connection: 'new', count: rate / 10, intervalMs: 100 }, ports);
    const { perSecond } = await probeLoad(load, 5);
    if (perSecond < rate * 0.99) break;
    held = rate;
  }
  return held;
}

function services(load: Omit<Case, 'what'>, ports: TargetPorts): Watched[] {
  const { kinds, connection, count, intervalMs } = load;
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? 'tcp';
    const target = { kind, host: loopback(index), port: ports[kind] };
    return watchedOf(String(index), target, { connection, intervalMs, timeoutMs: 1000 });
  });
}

function scaleRow({ what, count, intervalMs }: Case, result: LoadResult): Row {
  const rate = (count / intervalMs) * 1000;
  const { perSecond, lateMs, missed, downs, unobserved } = result;
  return {
    what,
    found:
      `${perSecond.toFixed(0)} probes/s, late by ${lateMs.toFixed(1)} ms at p99, ${String(missed)} slots missed, ` +
      `${String(downs)} outages invented, ${String(unobserved)} times unobserved`,
    reach: `${String(rate)} probes/s held, at most ${String(REACH_MS)} ms late`,
    reached: perSecond > rate * 0.99 && lateMs <= REACH_MS && downs === 0,
    figures: { perSecond, lateMs, missed, downs, unobserved },
  };
}

/** As `watch` has them. */
function sharp(watched: readonly Watched[]): Watched[] {
  return watched.map((one) => ({ ...one, recheckMs: Math.max(10, one.service.intervalMs / 10), sentinel: true }));
}

async function sharpRow(ports: TargetPorts): Promise<Row> {
  const well = services({ kinds: KINDS, connection: 'new', count: 100, intervalMs: 100 }, ports);
  const rounds: number[][] = [[], []];
  for (let round = 0; round < 2; round++) {
    rounds[0]?.push((await probeLoad(well, SECONDS)).cpuMs);
    rounds[1]?.push((await probeLoad(sharp(well), SECONDS)).cpuMs);
  }
  const [without = 0, withMs = 0] = rounds.map((cpu) => cpu.reduce((sum, ms) => sum + ms, 0) / cpu.length);
  const ratio = withMs / without;
  return {
    what: 'CPU of 100 services at 100 ms that are all up, with sentinels and rechecks',
    found: `${ratio.toFixed(2)} times that without (${withMs.toFixed(0)} against ${without.toFixed(0)} ms a second)`,
    reach: 'at most 1.1 times',
    reached: ratio <= 1.1,
    figures: { ratio, withMs, without },
  };
}

async function downRow(ports: TargetPorts): Promise<Row> {
  const count = 2000;
  const up = sharp(services({ kinds: ['tcp'], connection: 'new', count, intervalMs: 1000 }, ports));
  const down = sharp(services({ kinds: ['tcp'], connection: 'new', count, intervalMs: 1000 }, { ...ports, tcp: 1 }));
  const [well, lost] = [await probeLoad(up, SECONDS), await probeLoad(down, SECONDS)];
  return {
    what: '2,000 services at 1 s that are all down, with rechecks',
    found: `late by ${lost.lateMs.toFixed(1)} ms at p99, ${String(lost.missed)} slots missed; up by ${well.lateMs.toFixed(1)} ms`,
    reach: 'at most 10 ms more than up',
    reached: lost.lateMs <= well.lateMs + 10,
    figures: { downMs: lost.lateMs, upMs: well.lateMs, missed: lost.missed },
  };
}

async function hangRow(ports: TargetPorts): Promise<Row> {
  const well = services({ kinds: ['tcp'], connection: 'new', count: 100, intervalMs: 100 }, ports);
  const silent = { kind: 'http', host: '127.0.0.1', port: ports.silent } as const;
  const hanging = watchedOf('hangs', silent, { connection: 'new', intervalMs: 100, timeoutMs: 1000 });
  const without = await probeLoad(well, SECONDS);
  const beside = await probeLoad([...well, hanging], SECONDS);
  const again = await probeLoad(well, SECONDS);
  const noise = Math.abs(without.lateMs - again.lateMs);
  const more = beside.lateMs - (without.lateMs + again.lateMs) / 2;
  return {
    what: 'one service that hangs on every probe, beside 100 that do not',
    found:
      `late by ${beside.lateMs.toFixed(2)} ms at p99; without it by ${without.lateMs.toFixed(2)} before and ` +
      `${again.lateMs.toFixed(2)} after`,
    reach: 'no difference beyond 1 ms or the noise of the two without it',
    reached: more <= Math.max(1, noise),
    figures: { besideMs: beside.lateMs, beforeMs: without.lateMs, afterMs: again.lateMs },
  };
}

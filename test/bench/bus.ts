/** The bus's figures: fifty monitors through one Redis to a hub, a Redis that is killed, a hub that is killed. */
import { RedisServer } from '../support/redis.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { Wanderer } from '../bus/viewer.ts';
import type { Ask, Publishing, Sent } from './bus-publishers.ts';
import { BusReader } from './bus-reader.ts';
import { Child } from './child.ts';
import { type Bench, percentile, type Row } from './table.ts';

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];
const MONITORS = 50;
const SERVICES = 200;
/** One event a second for each service, or what a short run of the benchmark takes. */
const PEAK = MONITORS * SERVICES;
const PEAK_MS = 60_000;
const KILLS = 20;
const KILL_LOAD = 1000;
const VIEWERS = 500;
const VIEWER_LOAD = 20;
const BURST = 200_000;
/** The last events have this long to come. */
const LAST_MS = 20_000;

/** Where the stream is: one Redis, or a cluster. */
interface Where {
  readonly name: string;
  readonly url: string;
  holder(): Promise<RedisServer>;
  kill(): Promise<void>;
  close(): Promise<void>;
}

const ABOUT = '50 monitors with 200 services to a hub: event to viewer, kills of Redis and of a hub';

export const busOne: Bench = {
  name: 'bus:one',
  about: `one Redis, ${ABOUT}`,
  run: (say) => measured(single, say, [peak, kills, moves, most]),
};

export const busCluster: Bench = {
  name: 'bus:cluster',
  about: `a Redis Cluster of three masters, ${ABOUT}`,
  run: (say) => measured(cluster, say, [peak, kills, moves]),
};

type Measure = (where: Where, say: (progress: string) => void) => Promise<Row[]>;

async function measured(
  make: () => Promise<Where>,
  say: (progress: string) => void,
  measures: readonly Measure[],
): Promise<Row[]> {
  const where = await make();
  try {
    const rows: Row[] = [];
    for (const measure of measures) rows.push(...(await measure(where, say)));
    return rows;
  } finally {
    await where.close();
  }
}

async function single(): Promise<Where> {
  const redis = await RedisServer.start(AOF);
  return {
    name: 'one Redis',
    url: redis.url,
    holder: () => Promise.resolve(redis),
    kill: () => redis.restart(AOF),
    close: () => redis.close(),
  };
}

async function cluster(): Promise<Where> {
  const nodes = await RedisCluster.start(AOF);
  return {
    name: 'a cluster of three masters',
    url: nodes.url,
    holder: () => nodes.holder('gapwatch'),
    kill: async () => {
      await nodes.restart(await nodes.holder('gapwatch'));
      await nodes.settled();
    },
    close: () => nodes.close(),
  };
}

/** Publishers, and what they are asked. */
async function publishers(where: Where): Promise<{ child: Child; ask: (ask: Ask) => Promise<Sent> }> {
  await (await where.holder()).say('DEL', 'gapwatch', ...['meta', 'vantages', 'snapshots', 'seqs'].map(keyName));
  const sizes = { monitors: MONITORS, services: SERVICES, isShared: true, past: 0 };
  const plan: Publishing = { url: where.url, stream: 'gapwatch', ...sizes };
  const child = new Child('bus-publishers.js', [JSON.stringify(plan)]);
  await child.next();
  return {
    child,
    ask: (ask) => {
      child.tell(ask);
      return child.next<Sent>();
    },
  };
}

function keyName(name: string): string {
  return `{gapwatch}:${name}`;
}

async function hub(where: Where): Promise<{ child: Child; ws: string }> {
  const child = new Child('bus-hub.js', [where.url]);
  const { ws } = await child.next<{ ws: string }>();
  return { child, ws };
}

async function peak(where: Where, say: (progress: string) => void): Promise<Row[]> {
  say(`${where.name}: ${String(PEAK)} events a second for ${String(PEAK_MS / 1000)} s`);
  const { child, ask } = await publishers(where);
  const serving = await hub(where);
  const reader = await BusReader.open(serving.ws);
  const redis = await where.holder();
  const cpuBefore = await cpuOf(redis);
  const begin = performance.now();
  await ask({ type: 'load', perSecond: PEAK });
  await new Promise((resolve) => setTimeout(resolve, PEAK_MS));
  const { events } = await ask({ type: 'rest' });
  const tookMs = performance.now() - begin;
  await waitFor(() => reader.count >= events, '', LAST_MS).catch(() => undefined);
  const cpu = (await cpuOf(redis)) - cpuBefore;
  const bytes = Number(await redis.say('MEMORY', 'USAGE', 'gapwatch', 'SAMPLES', '0'));
  const kept = Number(await redis.say('HGET', keyName('meta'), 'total'));
  const p99 = percentile(reader.latencies, 0.99);
  const perSecond = Math.round((events * 1000) / tookMs);
  await reader.close();
  await Promise.all([child.end(), serving.child.end()]);
  return [
    {
      what: `${where.name}, ${String(MONITORS)} monitors with ${String(SERVICES)} services, ${String(PEAK)} events a second asked for`,
      found: `${String(perSecond)} a second; event to viewer ${p99.toFixed(0)} ms at p99, ${percentile(reader.latencies, 0.5).toFixed(0)} ms at p50; missing ${String(events - reader.count)}, wrong ${String(reader.faults)}, resumes ${String(reader.resumes)}, fresh starts ${String(reader.fresh)}`,
      reach: 'under 250 ms at p99, none missing',
      reached: p99 < 250 && reader.faults === 0 && perSecond > PEAK * 0.95,
      figures: { p99, p50: percentile(reader.latencies, 0.5), perSecond, faults: reader.faults },
    },
    {
      what: `what it costs ${where.name}`,
      found: `${((cpu / tookMs) * 100_000).toFixed(1)} % of a core, ${(bytes / Math.min(kept, 500_000)).toFixed(0)} bytes an event in memory`,
      reach: '',
      reached: null,
      figures: { cpuShare: (cpu * 1000) / tookMs, bytesEach: bytes / Math.min(kept, 500_000) },
    },
  ];
}

async function kills(where: Where, say: (progress: string) => void): Promise<Row[]> {
  say(`${where.name}: killed and restarted ${String(KILLS)} times under load`);
  const { child, ask } = await publishers(where);
  const serving = await hub(where);
  const reader = await BusReader.open(serving.ws);
  await ask({ type: 'load', perSecond: KILL_LOAD });
  for (let n = 0; n < KILLS; n++) {
    await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 500));
    await where.kill();
  }
  const { events } = await ask({ type: 'rest' });
  await waitFor(() => reader.count >= events, '', LAST_MS).catch(() => undefined);
  const { count, faults, fresh, silences } = reader;
  await reader.close();
  await Promise.all([child.end(), serving.child.end()]);
  return [
    {
      what: `${where.name}, killed and restarted ${String(KILLS)} times under ${String(KILL_LOAD)} events a second, with AOF`,
      found: `${String(events)} events, ${String(count)} seen; missing, double or out of order: ${String(faults)}; fresh starts: ${String(fresh)}; taken for silent: ${String(silences)}`,
      reach: 'none lost, none twice',
      reached: faults === 0 && count === events && fresh === 0,
      figures: { events, count, faults },
    },
  ];
}

async function moves(where: Where, say: (progress: string) => void): Promise<Row[]> {
  say(`${where.name}: a hub is killed under ${String(VIEWERS)} viewers`);
  const { child, ask } = await publishers(where);
  const hubs = [await hub(where), await hub(where)] as const;
  const urls = hubs.map(({ ws }) => ws);
  const viewers = Array.from({ length: VIEWERS }, () => new Wanderer(urls, 0));
  await waitFor(() => viewers.every(({ greeted }) => greeted));
  await ask({ type: 'load', perSecond: VIEWER_LOAD });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await hubs[0].child.end();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const { events } = await ask({ type: 'rest' });
  await waitFor(() => viewers.every(({ seqs }) => seqs.length >= events), '', LAST_MS).catch(() => undefined);
  const faults = viewers.reduce((sum, viewer) => sum + viewer.faults, 0);
  const fresh = viewers.reduce((sum, viewer) => sum + viewer.fresh, 0);
  const behind = viewers.filter(({ seqs }) => seqs.length !== events).length;
  await Promise.all(viewers.map((viewer) => viewer.close()));
  await Promise.all([child.end(), hubs[1].child.end()]);
  return [
    {
      what: `${where.name}, a hub killed under ${String(VIEWERS)} viewers who move to another`,
      found: `${String(events)} events each; twice or out of order ${String(faults)}, fresh starts ${String(fresh)}, viewers without all ${String(behind)}`,
      reach: 'no viewer misses an event',
      reached: faults === 0 && fresh === 0 && behind === 0,
      figures: { events, faults, fresh, behind },
    },
  ];
}

async function most(where: Where, say: (progress: string) => void): Promise<Row[]> {
  say(`${where.name}: ${String(BURST)} events as fast as it takes them`);
  const { child, ask } = await publishers(where);
  const redis = await where.holder();
  const before = await cpuOf(redis);
  const { tookMs } = await ask({ type: 'burst', events: BURST });
  const cpu = (await cpuOf(redis)) - before;
  await child.end();
  const perSecond = (BURST * 1000) / tookMs;
  const perCpuSecond = BURST / cpu;
  return [
    {
      what: `${where.name}, ${String(BURST)} events that waited`,
      found: `${perSecond.toFixed(0)} a second with all publishers in one process; ${perCpuSecond.toFixed(0)} for each second of Redis' own core`,
      reach: '',
      reached: null,
      figures: { perSecond, perCpuSecond },
    },
  ];
}

/** Seconds of a core that a Redis has used. */
async function cpuOf(redis: RedisServer): Promise<number> {
  const info = await redis.say('INFO', 'cpu');
  const of = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  return of('used_cpu_sys') + of('used_cpu_user');
}

/** How many services one hub and one Redis hold: 1,000 to 100,000 on simulated monitors, through one stream and through shards. */
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Ask, Publishing, Sent } from './bus-publishers.ts';
import { BusReader } from './bus-reader.ts';
import { Child } from './child.ts';
import { ASK_INSIDE, type Inside } from './inside.ts';
import { figuresOf } from './process-figures.ts';
import { type Bench, percentile, type Row } from './table.ts';

interface Step {
  /** One hub serves one of them. */
  readonly streams: number;
  /** Of each stream. */
  readonly monitors: number;
  /** Of each monitor, each its own. */
  readonly services: number;
}

const STEPS: readonly Step[] = [
  { streams: 1, monitors: 1, services: 1000 },
  { streams: 1, monitors: 5, services: 2000 },
  { streams: 10, monitors: 5, services: 2000 },
  { streams: 1, monitors: 50, services: 2000 },
];
/** Gaps that each service had. */
const PAST = 2;
const QUIET_PER_S = 10;
const QUIET_MS = 10_000;
const STORM_MS = 1000;
const COMPLETE_MS = 300_000;
/** The last events have this long to come. */
const LAST_MS = 120_000;
const MOST_BYTES = 1e9;
const PUBLISHERS_MB = '--max-old-space-size=8192';

export const scale: Bench = {
  name: 'scale',
  about: '1,000 to 100,000 services through one hub, and through shards: start, hello, scrape, quiet, storms',
  async run(say, isQuick) {
    const rows: Row[] = [];
    for (const step of isQuick ? STEPS.slice(0, 2) : STEPS) {
      const stage = await Stage.start(step, say);
      try {
        rows.push(...(await stage.rows()));
      } finally {
        await stage.end();
      }
    }
    return rows;
  },
};

/** What the hub and Redis used in a while. */
interface Used {
  readonly hubS: number;
  readonly redisS: number;
  readonly tookS: number;
  /** For how long the hub's loop stood still at most. */
  readonly blockedMs: number;
}

class Stage {
  readonly #step: Step;
  readonly #say: (progress: string) => void;
  readonly #redis: RedisServer;
  /** Of each stream. */
  readonly #publishers: readonly Child[];
  readonly #publishedS: number;
  readonly #hub: Child;
  #url = '';

  private constructor(step: Step, say: (progress: string) => void, redis: RedisServer, publishers: Child[], s: number) {
    this.#step = step;
    this.#say = say;
    this.#redis = redis;
    this.#publishers = publishers;
    this.#publishedS = s;
    const inside = new URL('inside.js', import.meta.url).href;
    this.#hub = new Child('bus-hub.js', [redis.url, streamName(0)], ['--import', inside]);
  }

  static async start(step: Step, say: (progress: string) => void): Promise<Stage> {
    const { streams, monitors, services } = step;
    const name = `${String(streams * monitors * services)} services through ${String(streams)} stream${streams > 1 ? 's' : ''}`;
    const tell = (progress: string): void => {
      say(`${name}: ${progress}`);
    };
    const redis = await RedisServer.start(['--save', '']);
    tell('publishing');
    const begin = performance.now();
    const publishers: Child[] = [];
    for (let n = 0; n < streams; n++) {
      const plan: Publishing = {
        url: redis.url,
        stream: streamName(n),
        monitors,
        services,
        isShared: false,
        past: PAST,
      };
      const child = new Child('bus-publishers.js', [JSON.stringify(plan)], [PUBLISHERS_MB]);
      await child.next();
      publishers.push(child);
    }
    return new Stage(step, tell, redis, publishers, (performance.now() - begin) / 1000);
  }

  async end(): Promise<void> {
    await this.#hub.end();
    await Promise.all(this.#publishers.map((child) => child.end()));
    await this.#redis.close();
  }

  async rows(): Promise<Row[]> {
    const { streams, monitors, services } = this.#step;
    const name = `${String(monitors)} × ${String(services)} services at one hub${streams > 1 ? `, beside ${String(streams - 1)} such streams` : ''}`;
    const row = (what: string, found: string, figures: Row['figures']): Row => {
      this.#say(`${what}: ${found}`);
      return { what: `${name}: ${what}`, found, reach: '', reached: null, figures };
    };
    return [await this.#complete(row), await this.#hello(row), await this.#scrape(row), ...(await this.#events(row))];
  }

  async #complete(row: MakeRow): Promise<Row> {
    const begin = performance.now();
    const { ws } = await this.#hub.next<{ ws: string }>();
    this.#url = ws;
    const { monitors, services } = this.#step;
    const last = `${streamName(0)}-${String(monitors - 1)}-service-${String(services - 1)}`;
    const status = this.#http(`api/v1/status?service=${encodeURIComponent(last)}`);
    const isComplete = async (): Promise<boolean> => {
      const answer = await fetch(status);
      const text = await answer.text();
      return answer.ok && text.includes(last);
    };
    await waitFor(isComplete, 'a hub that is complete', COMPLETE_MS);
    const tookS = (performance.now() - begin) / 1000;
    const [hub, redis] = await this.#processes();
    const figures = { tookS, cpuS: hub.cpuS, hubMb: hub.rssBytes / 1e6, redisMb: redis.rssBytes / 1e6 };
    return row(
      'start of a hub',
      `complete after ${tookS.toFixed(1)} s, ${hub.cpuS.toFixed(1)} s of CPU; hub ${figures.hubMb.toFixed(0)} MB, Redis ${figures.redisMb.toFixed(0)} MB (all monitors published within ${this.#publishedS.toFixed(0)} s)`,
      figures,
    );
  }

  async #hello(row: MakeRow): Promise<Row> {
    const times: number[] = [];
    let bytes = 0;
    const used = await this.#using(async () => {
      for (let n = 0; n < 2; n++) {
        const begin = performance.now();
        bytes = await firstBytes(this.#url);
        times.push(performance.now() - begin);
      }
    });
    const [first = 0, next = 0] = times;
    return row(
      'a hello',
      `${(bytes / 1e6).toFixed(1)} MB; the first client has it after ${first.toFixed(0)} ms, the next after ${next.toFixed(0)} ms; ${used.hubS.toFixed(2)} s of CPU, the hub's loop stands still for ${used.blockedMs.toFixed(0)} ms`,
      { bytes, firstMs: first, nextMs: next, ...used },
    );
  }

  async #scrape(row: MakeRow): Promise<Row> {
    let bytes = 0;
    const used = await this.#using(async () => {
      // On a starved machine there is no answer in the time that Node waits for one.
      const answer = await fetch(this.#http('metrics')).catch(() => null);
      bytes = (await answer?.arrayBuffer())?.byteLength ?? 0;
    });
    return row(
      'a scrape of /metrics',
      `${bytes === 0 ? 'NO ANSWER: ' : ''}${(bytes / 1e6).toFixed(1)} MB in ${used.tookS.toFixed(2)} s, ${used.hubS.toFixed(2)} s of CPU; the loop stands still for ${used.blockedMs.toFixed(0)} ms`,
      { bytes, ...used },
    );
  }

  /** Few events; those of a monitor of which all services fall within a second; those of all monitors. */
  async #events(row: MakeRow): Promise<Row[]> {
    const [child] = this.#publishers;
    if (child === undefined) return [];
    const { monitors, services } = this.#step;
    const ask = (what: Ask): Promise<Sent> => {
      child.tell(what);
      return child.next<Sent>();
    };
    const reader = await BusReader.open(this.#url);
    const measure = async (what: string, act: () => Promise<Sent>): Promise<Row> => {
      const before = reader.count;
      reader.latencies.length = 0;
      let sent: Sent = { events: 0, tookMs: 0 };
      const used = await this.#using(async () => {
        sent = await act();
        await waitFor(() => reader.count >= sent.events, '', LAST_MS).catch(() => undefined);
      });
      const events = reader.count - before;
      const [p50, p99] = [percentile(reader.latencies, 0.5), percentile(reader.latencies, 0.99)];
      const missing = sent.events - reader.count;
      return row(
        what,
        `${String(events)} events at the viewer within ${used.tookS.toFixed(1)} s: ${p50.toFixed(0)} ms at p50, ${p99.toFixed(0)} ms at p99, missing ${String(missing)}; hub ${used.hubS.toFixed(2)} s of CPU (${((used.hubS * 1e6) / Math.max(1, events)).toFixed(0)} µs each), Redis ${used.redisS.toFixed(2)} s; the loop stands still for ${used.blockedMs.toFixed(0)} ms`,
        { events, missing, p50, p99, delivered: sent.tookMs, ...used },
      );
    };
    const storm = (among: number) => () =>
      ask({ type: 'burst', events: among * services, monitors: among, overMs: STORM_MS });
    const rows = [
      await measure(`quiet, ${String(QUIET_PER_S)} events a second`, async () => {
        await ask({ type: 'load', perSecond: QUIET_PER_S });
        await sleep(QUIET_MS);
        return ask({ type: 'rest' });
      }),
      await measure('all of a monitor falls', storm(1)),
      await measure('all of all falls', storm(monitors)),
    ];
    const { faults, resumes, fresh } = reader;
    await reader.close();
    const found = `out of order or twice ${String(faults)}, resumes ${String(resumes)}, fresh starts ${String(fresh)}`;
    return [...rows, row('the viewer', found, { faults, resumes, fresh })];
  }

  async #using(act: () => Promise<void>): Promise<Used> {
    await this.#inside();
    const before = await this.#processes();
    const begin = performance.now();
    await act();
    const tookS = (performance.now() - begin) / 1000;
    // What the loop does stands in the way of the answer.
    const { loopMostMs } = await this.#inside();
    const after = await this.#processes();
    return {
      hubS: after[0].cpuS - before[0].cpuS,
      redisS: after[1].cpuS - before[1].cpuS,
      tookS,
      blockedMs: loopMostMs,
    };
  }

  #inside(): Promise<Inside> {
    this.#hub.process.send(ASK_INSIDE);
    return this.#hub.next<Inside>();
  }

  #processes(): Promise<[Awaited<ReturnType<typeof figuresOf>>, Awaited<ReturnType<typeof figuresOf>>]> {
    return Promise.all([figuresOf(this.#hub.process.pid ?? 0), figuresOf(this.#redis.pid)]);
  }

  #http(path: string): URL {
    return new URL(path, this.#url.replace(/^ws/, 'http'));
  }
}

type MakeRow = (what: string, found: string, figures: Row['figures']) => Row;

/** A cluster may put each on another master. */
function streamName(n: number): string {
  return `gapwatch{${String(n)}}`;
}

/** How long the first message of a feed is. */
function firstBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, { perMessageDeflate: false, maxPayload: MOST_BYTES });
    ws.once('error', reject);
    ws.once('message', (message: Buffer) => {
      ws.terminate();
      resolve(message.length);
    });
  });
}

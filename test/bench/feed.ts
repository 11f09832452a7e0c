/** The feed's figures: how soon thousands of clients know, who is slow, who comes back, and what the probes feel of it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

import { pino } from 'pino';

import { ProbeCounters } from '../../src/core/probe-counters.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { type Heartbeat, isEvent, type Message } from '../../src/core/messages.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { FeedServer } from '../../src/server/feed-server.ts';
import { BoardService } from '../../src/core/board.ts';
import { Child } from './child.ts';
import type { Wandered } from './feed-wanderers.ts';
import { loopback, watchedOf } from './services.ts';
import { type Bench, median, percentile, type Row, spread } from './table.ts';
import type { TargetPorts } from './targets.ts';

const CLIENTS = 5000;
const SLOW = 50;
const SERVICES = 20;
const EVENTS = 40;
const ROUNDS = 3;
const REACH_MS = 80;
const WANDERERS = 100;
const BREAKS = 100;
const MANNER = { connection: 'new', intervalMs: 100, timeoutMs: 1000 } as const;

export const feed: Bench = {
  name: 'feed',
  about: '5,000 clients: how soon they know, slow ones, 10,000 resumes, what the probes feel of it; a scrape',
  run: async (say) => {
    const rows = [await scrape()];
    const targets = new Child('targets.js');
    const stage = await Stage.start((await targets.next<TargetPorts>()).tcp);
    try {
      say('lateness without clients');
      const idleLate = await stage.lateness();
      say(`${String(CLIENTS)} clients connect`);
      const clients = new Child('feed-clients.js', [String(stage.port), String(CLIENTS), 'yes']);
      await clients.next();
      say('events to all of them');
      const quick = await stage.rounds(clients);
      say('lateness with them');
      const busyLate = await stage.lateness();
      const slow = new Child('feed-clients.js', [String(stage.port), String(SLOW), 'no']);
      await slow.next();
      const before = process.memoryUsage().rss;
      say(`events beside ${String(SLOW)} that never read`);
      const beside = await stage.rounds(clients);
      // A client that answers no ping is found within 40 s.
      for (let n = 0; n < 9; n++) await stage.heartbeat();
      const grownMb = (process.memoryUsage().rss - before) / 1e6;
      slow.tell({ type: 'read' });
      const codes = await slow.next<Record<string, number>>();
      await slow.end();
      await clients.end();
      rows.push(...latencyRows(quick, beside, codes, grownMb), latenessRow(idleLate, busyLate));
      say(`${String(WANDERERS * BREAKS)} breaks and resumes`);
      rows.push(await stage.wander());
    } finally {
      await stage.end();
      await targets.end();
    }
    return rows;
  },
};

/** A monitor with its feed, of whose services one can fall. */
class Stage {
  readonly #monitor: Monitor;
  readonly #feed: FeedServer;
  readonly #flapPort: number;
  #flapping: Server;

  private constructor(monitor: Monitor, served: FeedServer, flapping: Server) {
    this.#monitor = monitor;
    this.#feed = served;
    this.#flapping = flapping;
    this.#flapPort = (flapping.address() as AddressInfo).port;
  }

  static async start(tcpPort: number): Promise<Stage> {
    const flapping = await listen(0);
    const others = Array.from({ length: SERVICES - 1 }, (_, index) => ({
      kind: 'tcp' as const,
      host: loopback(index),
      port: tcpPort,
    }));
    const flaps = { kind: 'tcp' as const, host: '127.0.0.1', port: (flapping.address() as AddressInfo).port };
    const watched = [flaps, ...others].map((target, index) => watchedOf(`service ${String(index)}`, target, MANNER));
    const monitor = new Monitor({ vantage: 'bench', version: '0', watched, workers: 1 });
    const served = await FeedServer.start({
      listen: { host: '127.0.0.1', port: 0 },
      token: null,
      public: false,
      monitor,
      page: new Map(),
      log: pino({ enabled: false }),
    });
    return new Stage(monitor, served, flapping);
  }

  get port(): number {
    return this.#feed.address.port;
  }

  /** Lets one service fall and rise, and collects how long after the answer of its probe each client knew. In milliseconds. */
  async rounds(clients: Child): Promise<Told> {
    const told: Told = { missing: 0, p50: [], p99: [], worst: [] };
    // Of what happened before.
    clients.tell({ type: 'collect' });
    await clients.next();
    for (let round = 0; round < ROUNDS; round++) {
      for (let n = 0; n < EVENTS; n++) await this.#flap();
      await this.heartbeat();
      clients.tell({ type: 'collect' });
      const latencies = await clients.next<number[]>();
      told.missing += EVENTS * CLIENTS - latencies.length;
      told.p50.push(percentile(latencies, 0.5));
      told.p99.push(percentile(latencies, 0.99));
      told.worst.push(percentile(latencies, 1));
    }
    return told;
  }

  /** How late probes started, at p99 of each second, while a service flaps. In milliseconds. */
  async lateness(): Promise<number[]> {
    const late: number[] = [];
    await this.heartbeat();
    for (let n = 0; n < 4; n++) {
      const told = this.heartbeat();
      for (let flaps = 0; flaps < 5; flaps++) await this.#flap();
      late.push((await told).lateMs);
    }
    return late;
  }

  heartbeat(): Promise<Heartbeat> {
    return this.#told((message) => message.type === 'heartbeat') as Promise<Heartbeat>;
  }

  async wander(): Promise<Row> {
    const child = new Child('feed-wanderers.js', [
      this.#feed.address.url.replace('http', 'ws') + '/feed',
      String(WANDERERS),
      String(BREAKS),
    ]);
    const done = new AbortController();
    const flaps = (async () => {
      while (!done.signal.aborted) await this.#flap();
    })();
    const marks = setInterval(() => {
      this.#monitor.mark('meanwhile');
    }, 5);
    const sent: number[] = [];
    const end = this.#monitor.subscribe({
      samples: false,
      take: (messages) => {
        for (const message of messages) if (isEvent(message)) sent.push(message.seq);
      },
    });
    const { breaks, events, walks, twice, disordered, refused } = await child.next<Wandered>();
    clearInterval(marks);
    done.abort();
    await flaps;
    end();
    await child.end();
    const lost = walks.reduce((sum, { after, to, seen }) => {
      const known = new Set(seen);
      return sum + sent.filter((seq) => seq > after && seq <= to && !known.has(seq)).length;
    }, 0);
    return {
      what: `${String(breaks)} random disconnects and resumes while services flap`,
      found: `${String(events)} events: ${String(lost)} lost, ${String(twice)} twice, ${String(disordered)} out of order, ${String(refused)} resumes refused`,
      reach: 'no event lost, none twice, none out of order',
      reached: breaks === WANDERERS * BREAKS && lost + twice + disordered + refused === 0,
      figures: { breaks, events, lost, twice, disordered, refused },
    };
  }

  async end(): Promise<void> {
    await this.#feed.close();
    await this.#monitor.stop();
    this.#flapping.close();
  }

  async #flap(): Promise<void> {
    const fell = this.#told((message) => message.type === 'transition' && message.to === 'down');
    this.#flapping.close();
    await fell;
    const rose = this.#told((message) => message.type === 'gap');
    this.#flapping = await listen(this.#flapPort);
    await rose;
  }

  #told(fits: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const end = this.#monitor.subscribe({
        samples: false,
        take: (messages) => {
          const found = messages.find((message) => message.type !== 'hello' && fits(message));
          if (found === undefined) return;
          resolve(found);
          setImmediate(end);
        },
      });
    });
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Of each round: how long after the answer an event was with the clients, in milliseconds. */
interface Told {
  /** How often a client did not get an event; below zero where more happened than was played. */
  missing: number;
  readonly p50: number[];
  readonly p99: number[];
  readonly worst: number[];
}

function latencyRows(quick: Told, beside: Told, codes: Record<string, number>, grownMb: number): Row[] {
  const closed = codes['1013'] ?? 0;
  return [
    {
      what: `${String(CLIENTS)} clients, ${String(SERVICES)} services, an event: from the probe's answer to the client`,
      found: `p50 ${spread(quick.p50, 0)} ms, p99 ${spread(quick.p99, 0)} ms, worst ${spread(quick.worst, 0)} ms; ${String(quick.missing)} missing of ${String(ROUNDS * EVENTS)} to each`,
      reach: `p99 under ${String(REACH_MS)} ms, all get it`,
      reached: median(quick.p99) < REACH_MS && quick.missing === 0,
      figures: { p50: quick.p50, p99: quick.p99, worst: quick.worst },
    },
    {
      what: `the same, with ${String(SLOW)} clients that never read`,
      found: `p99 ${spread(beside.p99, 0)} ms, ${String(beside.missing)} missing; ${String(closed)} of ${String(SLOW)} closed with 1013; memory grew by ${grownMb.toFixed(1)} MB`,
      reach: 'nobody else later by more than 20 ms, memory bounded, all of them closed with 1013',
      reached: median(beside.p99) - median(quick.p99) <= 20 && beside.missing === 0 && closed === SLOW && grownMb < 100,
      figures: { p99: beside.p99, closed, grownMb },
    },
  ];
}

function latenessRow(without: readonly number[], with5000: readonly number[]): Row {
  return {
    what: `probes' lateness at p99 with ${String(CLIENTS)} clients, over with none`,
    found: `${spread(with5000, 1)} ms with, ${spread(without, 1)} ms without`,
    reach: 'at most 10 ms more',
    reached: median(with5000) - median(without) <= 10,
    figures: { without, with5000 },
  };
}

/** A scrape of 1,000 services. */
async function scrape(): Promise<Row> {
  const many = { group: null, intervalMs: 1000, timeoutMs: 1000, rise: 1, fall: 1 };
  const info = { kind: 'http', target: '', connection: 'new', ...many } as const;
  const now = Date.now();
  const counters = new Map<string, ProbeCounters>();
  const services = new Map<string, BoardService>();
  for (let n = 0; n < 1000; n++) {
    const name = `service ${String(n)}`;
    const counted = new ProbeCounters();
    const phases = { dnsMs: null, connectMs: 0.3, tlsMs: null, replyMs: 1.2 };
    const sample = { sentAt: 0, endedAt: 1.5, phases, message: null };
    counted.add({ ...sample, result: 'down', reason: 'refused' });
    counted.add({ ...sample, result: 'down', reason: 'timeout-connect' });
    counted.add({ ...sample, result: 'up', reason: null });
    counters.set(name, counted);
    services.set(name, new BoardService(name, info, now - 60_000));
  }
  const source = { board: { services }, now: () => now, counters: (name: string) => counters.get(name) ?? null };
  const metrics = new Metrics(source, { size: 0, missed: 0 });
  const took: number[] = [];
  for (let n = 0; n < 20; n++) {
    const before = performance.now();
    await metrics.text({ isOpen: false, services: null, isPublic: false });
    took.push(performance.now() - before);
  }
  const [first, middle] = [took[0] ?? 0, median(took)];
  return {
    what: 'a scrape of 1,000 services, on the main thread',
    found: `${middle.toFixed(1)} ms (the first ${first.toFixed(1)} ms), ${String(Math.round((await metrics.text({ isOpen: false, services: null, isPublic: false })).length / 1024))} kB`,
    reach: '',
    reached: null,
    figures: { tookMs: took },
  };
}

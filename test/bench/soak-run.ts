/** The run of a soak: the monitor, its services, viewers, scraper and hook receiver, and a sample every 10 s. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type HookBody, HookReceiver } from '../support/hook-receiver.ts';
import { Child } from './child.ts';
import { loopback } from './services.ts';
import { SoakedMonitor, type SoakSample } from './soak-monitor.ts';
import { Audience } from './soak-viewers.ts';
import { StagedService } from './staged-service.ts';
import type { TargetPorts } from './targets.ts';

/** What happens how often at a usual installation, in milliseconds. A soak does all of it so many times as often. */
export const USUAL = {
  services: 50,
  intervalMs: 5000,
  scrapeMs: 15_000,
  /** A viewer loses its connection, and resumes. */
  breakMs: 10 * 60_000,
  /** A visitor opens the status page. */
  visitMs: 3 * 60_000,
  /** Each of five services restarts. */
  restartMs: 60 * 60_000,
  /** One service is down again and again. */
  flapMs: 2 * 60_000,
  /** The configuration is read again. */
  reloadMs: 60 * 60_000,
  keepMs: 2 * 60 * 60_000,
} as const;
export const FACTOR = 6;
const EVERY_MS = 10_000;
const RESTARTING = 5;
const OUTAGE_MS = 3000;
const KINDS = ['http', 'tcp', 'redis'] as const;
/** Each fifth service keeps its connection. */
const KEPT_EVERY = 5;
const LAST_MS = 5000;

export interface Soaked {
  readonly samples: readonly SoakSample[];
  /** Numbers of the events that the monitor published, and of the gaps among them. */
  readonly published: readonly number[];
  readonly gaps: readonly number[];
  /** What each client of the feed got, and the gaps that the hook got. */
  readonly received: readonly (readonly number[])[];
  readonly hooked: readonly number[];
  readonly outages: number;
  readonly visits: number;
  readonly resumes: number;
  readonly scrapes: number;
  /** When the oldest gap that is still kept ended, before the end, in milliseconds; null where none is kept. */
  readonly oldestMs: number | null;
  readonly missedProbes: number;
  readonly lostEvents: number;
}

interface Published {
  readonly seq: number;
  readonly type: string;
  readonly service?: string;
  readonly at?: number;
  readonly to?: number;
}

/** @param seconds how long it runs */
export async function soakFor(seconds: number, say: (progress: string) => void): Promise<Soaked> {
  const dir = await mkdtemp(join(tmpdir(), 'gapwatch-soak-'));
  const targets = new Child('targets.js');
  const ports = await targets.next<TargetPorts>();
  const staged = await stage();
  const receiver = await HookReceiver.start();
  await writeFile(join(dir, 'services.json'), JSON.stringify(configOf(ports, staged, receiver.url)));
  const monitor = await SoakedMonitor.start(dir);
  try {
    return await new Load(monitor, staged, receiver).run(seconds, say);
  } finally {
    await monitor.end();
    await receiver.close();
    await targets.end();
    for (const service of staged) await service.fall();
    await rm(dir, { recursive: true, force: true });
  }
}

/** The services that restart, and behind them the one that flaps. */
async function stage(): Promise<StagedService[]> {
  const staged = Array.from({ length: RESTARTING + 1 }, (_, n) => {
    const kind = KINDS[n % KINDS.length] ?? 'tcp';
    return new StagedService({ outage: 'refused', kind, host: '127.0.0.1', greeting: '' });
  });
  for (const service of staged) await service.listen();
  return staged;
}

function configOf(ports: TargetPorts, staged: readonly StagedService[], hook: string): object {
  const steady = Array.from({ length: USUAL.services - staged.length }, (_, n) => {
    const kind = KINDS[n % KINDS.length] ?? 'tcp';
    return { kind, host: loopback(n), port: ports[kind], connection: n % KEPT_EVERY === 0 ? 'kept' : 'new' };
  });
  const changing = staged.map(({ target }) => ({ ...target, connection: 'new' }));
  return {
    defaults: { interval: `${String(Math.round(USUAL.intervalMs / FACTOR))}ms` },
    services: [...steady, ...changing].map(({ kind, host, port, connection }, n) => ({
      name: `service ${String(n)}`,
      type: kind,
      ...(kind === 'http' ? { url: `http://${host}:${String(port)}/` } : { host, port }),
      ...(kind === 'tcp' && connection === 'kept' ? { send: 'x', expect: 'x' } : {}),
      connection,
    })),
    feed: { listen: '127.0.0.1:0' },
    history: { keep: `${String(USUAL.keepMs / FACTOR / 1000)}s` },
    hooks: [{ on: ['down', 'up', 'gap'], url: hook }],
  };
}

/** All that happens to the monitor. */
class Load {
  readonly #monitor: SoakedMonitor;
  readonly #staged: readonly StagedService[];
  readonly #receiver: HookReceiver;
  readonly #audience: Audience;
  readonly #published: number[] = [];
  readonly #gaps: number[] = [];
  readonly #under: Promise<void>[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #outages = 0;
  #scrapes = 0;
  #metrics = '';

  constructor(monitor: SoakedMonitor, staged: readonly StagedService[], receiver: HookReceiver) {
    this.#monitor = monitor;
    this.#staged = staged;
    this.#receiver = receiver;
    this.#audience = new Audience(monitor.url);
  }

  async run(seconds: number, say: (progress: string) => void): Promise<Soaked> {
    const flapping = this.#staged.length - 1;
    let turn = 0;
    this.#each(USUAL.scrapeMs, () => this.#scrape());
    this.#each(USUAL.visitMs, () => this.#audience.visit());
    this.#each(USUAL.breakMs, () => this.#audience.breakOff());
    this.#each(USUAL.restartMs / RESTARTING, () => this.#outage(turn++ % RESTARTING));
    this.#each(USUAL.flapMs, () => this.#outage(flapping));
    this.#each(USUAL.reloadMs, () => {
      this.#monitor.reload();
      return Promise.resolve();
    });
    const samples: SoakSample[] = [];
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {
      await sleep(EVERY_MS);
      const sample = await this.#monitor.sample(this.#audience.probesLateMs());
      samples.push(sample);
      await this.#readEvents();
      say(wordsOf(sample, this.#published.length));
    }
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#under);
    // What the last outage led to.
    await sleep(LAST_MS);
    await this.#readEvents();
    await this.#scrape();
    const received = await this.#audience.leave();
    return {
      samples,
      published: this.#published,
      gaps: this.#gaps,
      received,
      hooked: this.#hooked(),
      outages: this.#outages,
      visits: this.#audience.visits,
      resumes: this.#audience.resumes,
      scrapes: this.#scrapes,
      oldestMs: await this.#monitor.oldestGapMs(),
      missedProbes: this.#metric('gapwatch_probes_missed_total'),
      lostEvents: this.#metric('gapwatch_history_lost_events_total'),
    };
  }

  /** @param usualMs how often this happens where nothing is compressed */
  #each(usualMs: number, act: () => Promise<void>): void {
    this.#timers.push(setInterval(() => void this.#under.push(act()), usualMs / FACTOR));
  }

  async #outage(of: number): Promise<void> {
    this.#outages += 1;
    await this.#staged[of]?.outage(OUTAGE_MS);
  }

  async #scrape(): Promise<void> {
    this.#scrapes += 1;
    this.#metrics = await (await fetch(new URL('metrics', this.#monitor.url))).text();
  }

  #metric(name: string): number {
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(this.#metrics)?.[1] ?? NaN);
  }

  async #ask<T>(path: string): Promise<T> {
    return (await fetch(new URL(path, this.#monitor.url))).json() as Promise<T>;
  }

  /** The gaps that the hook got. Others on this machine may ask at its port too. */
  #hooked(): number[] {
    const bodies = this.#receiver.taken
      .filter(({ method, path }) => method === 'POST' && path === '/hook')
      .map(({ body }) => JSON.parse(body) as HookBody);
    return bodies.flatMap(({ event: { type, seq } }) => (type === 'gap' ? [seq] : []));
  }

  /** What the monitor itself says that it published. */
  async #readEvents(): Promise<void> {
    for (let more = true; more;) {
      const after = String(this.#published.at(-1) ?? 0);
      const page = await this.#ask<{ events: readonly Published[]; more: boolean }>(`api/v1/events?after=${after}`);
      for (const { seq, type } of page.events) {
        this.#published.push(seq);
        if (type === 'gap') this.#gaps.push(seq);
      }
      ({ more } = page);
    }
  }
}

function wordsOf(sample: SoakSample, events: number): string {
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return (
    `${sample.atS.toFixed(0)} s: ${mb(sample.rssBytes)} MB, heap ${mb(sample.heapBytes)} MB, ${String(sample.descriptors)} descriptors, ` +
    `${String(sample.threads)} threads, database ${mb(sample.databaseBytes)} MB, loop ${sample.loopP99Ms.toFixed(1)} ms, ` +
    `probes ${sample.probesLateMs.toFixed(1)} ms, ${(sample.cpu * 100).toFixed(1)} % CPU, ${String(events)} events`
  );
}

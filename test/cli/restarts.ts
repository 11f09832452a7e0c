/** The real program over many restarts: what Prometheus reads of its counters, and what its hooks deliver. For tests and benchmarks. */
import { mkdtempSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { GapFacts } from '../../src/core/messages.ts';
import { deliveredIn, eventsIn } from '../history/direct-history.ts';
import { parsePrometheus } from '../server/prometheus.ts';
import { HookReceiver } from '../support/hook-receiver.ts';
import { TestService } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { folderWith, FOLDER, Program } from './program.ts';

const COUNTERS = [
  'gapwatch_downtime_seconds_total',
  'gapwatch_uptime_seconds_total',
  'gapwatch_unobserved_seconds_total',
  'gapwatch_gaps_total',
] as const;
type Counter = (typeof COUNTERS)[number];

export interface Counted {
  /** In words, each fall of a counter. */
  readonly resets: readonly string[];
  /** As `increase()` of Prometheus over all scrapes: what a counter shows after a fall is counted again. */
  readonly increase: Readonly<Record<Counter, number>>;
  readonly gaps: readonly GapFacts[];
  readonly scrapes: number;
}

/**
 * Scrapes a `serve` that watches one service, and ends it again and again: by SIGKILL and by SIGTERM in turn. The service is down
 * across each restart, and once in between.
 * @param scrapes of each round
 */
export async function countOverRestarts(
  { restarts, scrapes, scrapeMs }: { readonly restarts: number; readonly scrapes: number; readonly scrapeMs: number },
  say: (progress: string) => void = () => undefined,
): Promise<Counted> {
  const service = await TestService.start(undefined, 'web');
  const data = mkdtempSync(join(FOLDER, 'counters-'));
  const target = `web=tcp://127.0.0.1:${String(service.port)}`;
  const resets: string[] = [];
  const increase = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;
  let before: Readonly<Record<Counter, number>> | null = null;
  let scraped = 0;
  const at = (share: number): number => Math.floor(scrapes * share);
  try {
    for (let round = 0; ; round += 1) {
      const program = new Program(['serve', target, '-i', '20ms', '--listen', '127.0.0.1:0', '--data', data]);
      await program.said(/http:\/\/127\.0\.0\.1:\d+/);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.stderr)?.[0] ?? '';
      const isLast = round === restarts;
      // The last gap is on disk, and counted, within a second.
      for (let n = 0; n < scrapes + (isLast ? 1500 / scrapeMs : 0); n += 1) {
        if ((n === at(1 / 3) && round > 0) || n === at(2 / 3)) await service.up();
        if (n === at(1 / 2) || (n === at(5 / 6) && !isLast)) service.down();
        const now = await scrape(url);
        if (now !== null) scraped += 1;
        for (const name of now === null || before === null ? [] : COUNTERS) {
          const [was, is] = [before?.[name] ?? 0, now?.[name] ?? NaN];
          increase[name] += is >= was ? is - was : is;
          if (!(is >= was)) resets.push(`${name} fell from ${String(was)} to ${String(is)} in round ${String(round)}`);
        }
        before = now ?? before;
        await sleep(scrapeMs);
      }
      if (isLast) {
        const { gaps } = (await (await fetch(`${url}/api/v1/gaps?since=0`)).json()) as { gaps: GapFacts[] };
        await program.end();
        return { resets, increase, gaps, scrapes: scraped };
      }
      await program.end(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      say(`${String(round + 1)} of ${String(restarts)} restarts`);
    }
  } finally {
    service.down();
  }
}

async function scrape(url: string): Promise<Record<Counter, number> | null> {
  const text = await fetch(`${url}/metrics`).then(
    (response) => (response.ok ? response.text() : null),
    () => null,
  );
  if (text === null) return null;
  const families = parsePrometheus(text);
  return Object.fromEntries(COUNTERS.map((name) => [name, families.get(name)?.series[0]?.value ?? NaN])) as Record<
    Counter,
    number
  >;
}

function cut(response: ServerResponse): void {
  response.destroy();
}

export interface Delivered {
  /** The numbers of the gaps that the history has, and those of what arrived, in the order in which it did. */
  readonly gaps: readonly number[];
  readonly seqs: readonly number[];
  /** How many had arrived at a kill without that being on disk: in all. */
  readonly unkept: number;
  /** The keys of what arrived. */
  readonly keys: readonly string[];
  /** All that was logged. */
  readonly logged: string;
}

/** Down until a `serve` has logged that, and up until it has logged that too. */
export async function flapLogged(service: TestService, program: Program): Promise<void> {
  const seen = (state: 'up' | 'down'): number => program.stderr.split(`"to":"${state}"`).length;
  const fell = seen('down');
  service.down();
  await program.waitFor(() => seen('down') > fell);
  const rose = seen('up');
  await service.up();
  await program.waitFor(() => seen('up') > rose);
}

/** Kills a `serve` with a hook again and again, whose receiver is away in every other round: it refuses, or cuts the connection. */
export async function deliverOverKills(
  { kills, gapsEach }: { readonly kills: number; readonly gapsEach: number },
  say: (progress: string) => void = () => undefined,
): Promise<Delivered> {
  const [backend, to] = [await TestService.start(), await HookReceiver.start()];
  const folder = folderWith('services.json', {
    services: [{ name: 'web', type: 'tcp', host: '127.0.0.1', port: backend.port, hold: '0ms' }],
    feed: { listen: '127.0.0.1:0' },
    history: { dir: 'data' },
    hooks: [{ on: ['gap'], url: `${to.url}?secret-of-mine`, secret: 'key-of-mine' }],
  });
  const start = (): Program => new Program(['serve', '--interval', '20ms', '--log-level', 'debug'], { cwd: folder });
  const gapsIn = async (): Promise<number[]> =>
    (await eventsIn(join(folder, 'data'))).filter(({ type }) => type === 'gap').map(({ seq }) => seq);
  let [logged, unkept] = ['', 0];
  for (let round = 0; round < kills; round += 1) {
    to.answer = round % 2 === 0 ? 204 : round % 4 === 1 ? 503 : cut;
    const program = start();
    await program.said(/"msg":"started"/);
    await program.said(/"to":"up"/);
    const before = (await gapsIn()).length;
    for (let n = 0; n < gapsEach; n += 1) await flapLogged(backend, program);
    // Half of the kills come when all is on disk, the others amid that.
    if (round % 4 < 2)
      await waitFor(async () => (await gapsIn()).length >= before + gapsEach, 'the gaps are not on disk');
    else await sleep(round === kills - 1 ? 1000 : 100);
    await program.end('SIGKILL');
    logged += program.stderr;
    const kept = await deliveredIn(join(folder, 'data'));
    unkept += new Set(to.bodies.map(({ event }) => event.seq).filter((seq) => seq > kept)).size;
    say(`${String(round + 1)} of ${String(kills)} kills, ${String(to.taken.length)} deliveries`);
  }
  to.answer = 204;
  const last = start();
  const gaps = await gapsIn();
  await to.waitFor(() => to.bodies.at(-1)?.event.seq === gaps.at(-1), 'the last gap has not arrived', 110_000);
  await last.end();
  await to.close();
  backend.down();
  return {
    gaps,
    unkept,
    seqs: to.bodies.map(({ event }) => event.seq),
    keys: to.taken.map(({ headers }) => String(headers['idempotency-key'])),
    logged: logged + last.stderr,
  };
}

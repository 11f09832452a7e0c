/** What the history costs, what it survives, how large it grows, and how soon and how fast it is there again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { databaseFile } from '../../src/history/data-dir.ts';
import { simulateHistory } from '../history/simulated.ts';
import { examine, Victim } from '../history/victims.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { Child } from './child.ts';
import type { HistoryRun } from './history-run.ts';
import { type Bench, inTurns, median, type Row, spread } from './table.ts';

type Say = (progress: string) => void;

const SERVICES = 300;
const FLAPPING = 10;
const TURNS = 4;
const SECONDS = 20;
const ROUNDS = 200;
const LOAD = { services: 50, flapping: 10, intervalMs: 50 };
const MONTHS = { days: 90, services: 200, flapping: 5, everyMs: 1000, fullDays: 10 };

export const history: Bench = {
  name: 'history',
  about: 'the store: its cost, 200 rounds of kill -9, 90 days of 200 services: size, start, status',
  async run(say) {
    const dir = await mkdtemp(join(tmpdir(), 'gapwatch-bench-'));
    try {
      return [
        await costRow(dir, say),
        await killRow(join(dir, 'kill'), say),
        ...(await monthsRows(join(dir, 'months'), say)),
      ];
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

/** In turns, so that what else the machine does falls on both. */
async function costRow(dir: string, say: Say): Promise<Row> {
  const targets = new Child('flapping.js', [String(FLAPPING)]);
  const ports = JSON.stringify(await targets.next<number[]>());
  let turn = 0;
  const play = (isKept: boolean) => async (): Promise<HistoryRun> => {
    turn += 1;
    say(`cost, run ${String(turn)} of ${String(2 * TURNS)}`);
    const where = isKept ? [join(dir, `cost-${String(turn)}`)] : [];
    const child = new Child('history-run.js', [ports, String(SERVICES), String(SECONDS), ...where]);
    const run = await child.next<HistoryRun>();
    await child.end();
    return run;
  };
  const [kept = [], plain = []] = await inTurns(TURNS, play(true), play(false));
  await targets.end();
  const costs = kept.map(({ cpu }, round) => cpu - (plain[round]?.cpu ?? 0));
  const [late, lateWithout] = [kept, plain].map((runs) => runs.map(({ lateMs }) => lateMs)) as [number[], number[]];
  const perSecond = kept.map(({ events }) => events / SECONDS);
  return {
    what: `${String(SERVICES)} services at 100 ms, ${String(FLAPPING)} flapping: with and without, in ${String(TURNS)} turns`,
    found:
      `${spread(
        costs.map((cost) => cost * 100),
        1,
      )} % of a core for ${spread(perSecond, 0)} events/s; probes late by ${spread(late, 2)} ms ` +
      `at p99, without by ${spread(lateWithout, 2)}`,
    reach: 'at most 3 %, no more than 2 ms later',
    reached: median(costs) <= 0.03 && median(late) - median(lateWithout) <= 2,
    figures: { costs, lateMs: late, lateWithoutMs: lateWithout, eventsPerSecond: perSecond },
  };
}

async function killRow(dir: string, say: Say): Promise<Row> {
  const published = new Map<number, string>();
  const sum = { lost: 0, twice: 0, unsound: 0, ids: new Set<string>(), events: 0, signAgeMs: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 20 === 0) say(`kill -9, round ${String(round)} of ${String(ROUNDS)}`);
    const victim = new Victim(dir, LOAD);
    const events = 1 + Math.floor(Math.random() * 400);
    await victim.waitFor(() => victim.received.length >= events);
    const found = await examine(dir, victim, published, await victim.kill());
    sum.lost += found.lost;
    sum.twice += found.twice;
    sum.unsound += found.integrity === 'ok' ? 0 : 1;
    sum.ids.add(found.id);
    sum.events += victim.received.length;
    sum.signAgeMs = Math.max(sum.signAgeMs, found.signAgeMs);
  }
  const { lost, twice, unsound, ids, events, signAgeMs } = sum;
  return {
    what: `${String(ROUNDS)} rounds of kill -9 at random moments, ${String(LOAD.flapping)} of ${String(LOAD.services)} services flapping at ${String(LOAD.intervalMs)} ms`,
    found:
      `${String(events)} events published; ${String(lost)} older than a second lost, ${String(twice)} numbers given twice, ` +
      `${String(unsound)} files unsound, ${String(ids.size)} monitor id; the last sign of life was ${signAgeMs.toFixed(0)} ms old at most`,
    reach: 'none lost, none twice, all sound',
    reached: lost === 0 && twice === 0 && unsound === 0 && ids.size === 1,
    figures: { events, lost, twice, unsound, signAgeMs },
  };
}

async function monthsRows(dir: string, say: Say): Promise<Row[]> {
  await mkdir(dir);
  // It ends a moment ago: what is to come must not be before it.
  const names = await simulateHistory(dir, { ...MONTHS, end: Date.now() - 60_000 }, (day) => {
    if (day % 10 === 0) say(`writing day ${String(day)} of ${String(MONTHS.days)}`);
  });
  const { size } = await stat(databaseFile(dir));
  const sizeRow: Row = {
    what: `${String(MONTHS.days)} days of ${String(MONTHS.services)} services, ${String(MONTHS.flapping)} flapping at every probe at 1 s`,
    found: `${(size / 1e6).toFixed(0)} MB`,
    reach: 'under 500 MB',
    reached: size < 500e6,
    figures: { bytes: size },
  };
  return [sizeRow, ...(await serveRows(dir, names))];
}

/** Starts `gapwatch serve` on the months, and asks it. */
async function serveRows(dir: string, names: readonly string[]): Promise<Row[]> {
  const service = await TestService.start();
  const { port } = service;
  const config = join(dir, 'services.json');
  const services = names.map((name) => ({ name, type: 'tcp', host: '127.0.0.1', port }));
  await writeFile(config, JSON.stringify({ services, feed: { listen: '127.0.0.1:0' } }));
  const starts: number[] = [];
  const asked: number[] = [];
  let bytes = 0;
  for (let turn = 0; turn < 5; turn++) {
    const began = performance.now();
    const probed = service.nextConnection();
    const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
    const child = spawn(process.execPath, [main, 'serve', '--config', config, '--data', dir], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const listening = feedOf(child.stderr);
    await probed;
    starts.push(performance.now() - began);
    const url = new URL('/api/v1/status', (await listening).replace(/^ws/, 'http'));
    for (let ask = 0; ask < 5; ask++) {
      const begin = performance.now();
      const text = await (await fetch(url)).text();
      asked.push(performance.now() - begin);
      bytes = Buffer.byteLength(text);
    }
    child.kill('SIGTERM');
    await once(child, 'close');
  }
  await endServices();
  const [startMs, statusMs] = [median(starts), median(asked)];
  return [
    {
      what: 'from the command to the first probe, with these 90 days',
      found: `${startMs.toFixed(0)} ms (median of 5, at most ${Math.max(...starts).toFixed(0)} ms)`,
      reach: 'within 1 s',
      reached: startMs < 1000,
      figures: { startsMs: starts },
    },
    {
      what: '/api/v1/status of these 90 days',
      found: `${statusMs.toFixed(1)} ms (median; the first after each start ${Math.max(...asked).toFixed(1)} ms at most), ${(bytes / 1000).toFixed(0)} kB`,
      reach: 'under 50 ms, under 200 kB',
      reached: statusMs < 50 && bytes < 200_000,
      figures: { statusMs: asked, bytes },
    },
  ];
}

/** The address of the feed, from the log of a monitor that starts. */
async function feedOf(log: Readable): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: log }).on('line', (line) => {
      const { msg, feed } = JSON.parse(line) as { msg: string; feed?: string };
      if (msg === 'started' && feed !== undefined) resolve(feed);
    });
  });
}

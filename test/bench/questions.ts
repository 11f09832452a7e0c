/** Whether questions about months delay an event: `serve` over 90 days of 200 services, 100 clients, and many who ask. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { WebSocket } from 'ws';

import { simulateHistory } from '../history/simulated.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { type Bench, percentile, type Row } from './table.ts';

const MONTHS = { days: 90, services: 200, flapping: 5, everyMs: 1000, fullDays: 10 };
const CLIENTS = 100;
const EVENTS = 200;
const EVERY_MS = 50;
const ASKED = 50;
const TOKEN = 'a-token-of-the-benchmark';
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export const questions: Bench = {
  name: 'questions',
  about: 'an event to 100 clients while /api/v1/gaps and a report over 90 days of 200 services are asked for 50 times',
  async run(say) {
    const dir = await mkdtemp(join(tmpdir(), 'gapwatch-bench-'));
    try {
      const names = await simulateHistory(dir, { ...MONTHS, end: Date.now() - 60_000 }, (day) => {
        if (day % 10 === 0) say(`writing day ${String(day)} of ${String(MONTHS.days)}`);
      });
      return await measure(dir, names, say);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function measure(dir: string, names: readonly string[], say: (progress: string) => void): Promise<Row[]> {
  const { port } = await TestService.start();
  const services = names.map((name) => ({ name, type: 'tcp', host: '127.0.0.1', port }));
  const config = join(dir, 'services.json');
  await writeFile(config, JSON.stringify({ services, feed: { listen: '127.0.0.1:0', token: TOKEN } }));
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', config, '--data', dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const http = await new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const { msg, feed } = JSON.parse(line) as { msg: string; feed?: string };
      if (msg === 'started' && feed !== undefined) resolve(feed);
    });
  });
  const clients = Array.from(
    { length: CLIENTS },
    () => new WebSocket(`${http.replace('http', 'ws')}/feed?token=${TOKEN}`),
  );
  let late: number[] = [];
  for (const client of clients) {
    client.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; text?: string };
      if (message.type === 'mark') late.push(performance.now() - Number(message.text));
    });
  }
  await Promise.all(clients.map((client) => once(client, 'open')));
  await new Promise((resolve) => setTimeout(resolve, 3000));

  const mark = async (): Promise<void> => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ text: String(performance.now()) });
    await (await fetch(`${http}/api/v1/marks`, { method: 'POST', headers, body })).arrayBuffer();
  };
  const events = async (): Promise<number> => {
    late = [];
    for (let n = 0; n < EVENTS; n++) {
      void mark();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    return percentile(late, 0.99);
  };
  const ask = async (): Promise<void> => {
    const response = await fetch(`${http}/api/v1/gaps?since=0`, { headers: { authorization: `Bearer ${TOKEN}` } });
    await response.arrayBuffer();
  };
  say('events without questions');
  const plain = await events();
  say('events with questions');
  let asked = 0;
  const asking = (async () => {
    for (; asked < ASKED; asked++) await ask();
  })();
  const report = spawn(process.execPath, [MAIN, 'report', '--data', dir, '--since', '90d'], { stdio: 'ignore' });
  const busy = await events();
  await asking;
  if (report.exitCode === null) await once(report, 'close');
  for (const client of clients) client.terminate();
  child.kill('SIGTERM');
  await once(child, 'close');
  await endServices();
  return [
    {
      what: `an event to ${String(CLIENTS)} clients while the gaps of 90 days are asked for ${String(ASKED)} times, and a report beside`,
      found: `p99 ${busy.toFixed(1)} ms, without questions ${plain.toFixed(1)} ms`,
      reach: 'at most 20 ms later than without',
      reached: busy - plain <= 20,
      figures: { busyMs: busy, plainMs: plain },
    },
  ];
}

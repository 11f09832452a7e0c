/** The blackbox exporter, and a scraper that asks it as Prometheus does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Pool } from 'undici';

import { debian } from './needs.ts';
import { freePort } from '../../support/servers.ts';
import { Program } from './program.ts';
import type { Tool, Watchable } from './tool.ts';
import { now, type Witness } from './witness.ts';

/** What the exporter leaves of a scrape's time for the way back, in seconds. Its default, 0.5 s, is more than 100 ms. */
const OFFSET_S = 0.01;

const SCRAPE_LATE_MS = 150;

/** `tcp_connect` and `http_2xx` are Debian's; the other two follow the examples of its manual. */
function configOf(greeting: string): string {
  return `modules:
  http_2xx:
    prober: http
    http:
      preferred_ip_protocol: ip4
  tcp_connect:
    prober: tcp
  greeting:
    prober: tcp
    tcp:
      query_response:
        - expect: "^${greeting.trim()}"
  redis:
    prober: tcp
    tcp:
      query_response:
        - send: "PING"
        - expect: "^[+]PONG"
`;
}

function moduleOf({ kind, greeting }: Watchable): string {
  if (kind === 'http') return 'http_2xx';
  if (kind === 'redis') return 'redis';
  return greeting === '' ? 'tcp_connect' : 'greeting';
}

function pathOf(target: Watchable): string {
  const where = `${target.host}:${String(target.port)}`;
  const url = target.kind === 'http' ? `http://${where}/` : where;
  return `/probe?module=${moduleOf(target)}&target=${encodeURIComponent(url)}`;
}

/**
 * The exporter, scraped at this interval. The time of a look is that of the scrape, as in Prometheus.
 * @param timeoutMs of a scrape; Prometheus allows no more than its interval
 */
export function blackbox(intervalMs: number, timeoutMs = intervalMs): Tool {
  return {
    name: `blackbox exporter, ${String(intervalMs)} ms`,
    missing: debian({ 'prometheus-blackbox-exporter': 'prometheus-blackbox-exporter' }),
    intervalMs,
    // The time of a look is that of the scrape.
    lateMs: SCRAPE_LATE_MS,
    async start(targets, witness, folder) {
      const file = join(folder, `blackbox-${String(intervalMs)}.yml`);
      writeFileSync(file, configOf(targets.map(({ greeting }) => greeting).find((text) => text !== '') ?? 'x'));
      const port = await freePort();
      let heard = (): void => undefined;
      const listening = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const exporter = new Program(
        'prometheus-blackbox-exporter',
        [
          `--config.file=${file}`,
          `--web.listen-address=127.0.0.1:${String(port)}`,
          `--timeout-offset=${String(OFFSET_S)}`,
        ],
        (line) => {
          if (line.includes('Listening on')) heard();
        },
      );
      await Promise.race([listening, sleep(10_000)]);
      let going = true;
      const pool = new Pool(`http://127.0.0.1:${String(port)}`, { connections: targets.length });
      const start = performance.now();
      targets.forEach((target, index) => {
        const phase = start + (index / targets.length) * intervalMs;
        void scrape({ pool, target, phase, intervalMs, timeoutMs, witness, goes: () => going });
      });
      return {
        pid: exporter.pid,
        async stop() {
          going = false;
          await pool.destroy();
          await exporter.stop();
        },
      };
    },
  };
}

interface Scrapes {
  readonly pool: Pool;
  readonly target: Watchable;
  readonly phase: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly witness: Witness;
  readonly goes: () => boolean;
}

/** One scrape after the other, each in its slot; slots that pass meanwhile are left out, as in Prometheus. */
async function scrape({ pool, target, phase, intervalMs, timeoutMs, witness, goes }: Scrapes): Promise<void> {
  const path = pathOf(target);
  const headers = { 'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000) };
  let slot = 0;
  while (goes()) {
    await sleep(Math.max(0, phase + slot * intervalMs - performance.now()));
    const at = now();
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const { body } = await pool.request({ path, method: 'GET', headers, signal });
      witness.saw(target.name, /^probe_success 1$/m.test(await body.text()), at);
    } catch {
      // A scrape that fails says nothing of the service, and Prometheus says so: `up` is 0.
      witness.looksAway(target.name, at);
    }
    slot = Math.max(slot + 1, Math.ceil((performance.now() - phase) / intervalMs));
  }
}

/** Counters over restarts of the real program, clean and by SIGKILL, as Prometheus would scrape them. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { parsePrometheus } from '../server/prometheus.ts';
import { TestService } from '../support/test-service.ts';
import { endPrograms, FOLDER, Program } from './program.ts';

const RESTARTS = 8;
const SCRAPE_MS = 100;
const COUNTERS = [
  'gapwatch_downtime_seconds_total',
  'gapwatch_uptime_seconds_total',
  'gapwatch_unobserved_seconds_total',
  'gapwatch_gaps_total',
];

async function scrape(url: string): Promise<Record<string, number> | null> {
  const text = await fetch(`${url}/metrics`).then(
    (response) => (response.ok ? response.text() : null),
    () => null,
  );
  if (text === null) return null;
  const families = parsePrometheus(text);
  return Object.fromEntries(COUNTERS.map((name) => [name, families.get(name)?.series[0]?.value ?? NaN]));
}

describe('the counters', () => {
  after(endPrograms);

  it('never fall over restarts, and have counted what the feed has', async () => {
    const service = await TestService.start(undefined, 'web');
    const data = mkdtempSync(join(FOLDER, 'counters-'));
    const resets: string[] = [];
    let before: Record<string, number> = {};
    let url = '';
    try {
      for (let round = 0; round < RESTARTS; round += 1) {
        const target = `web=tcp://127.0.0.1:${String(service.port)}`;
        const program = new Program(['serve', target, '-i', '20ms', '--listen', '127.0.0.1:0', '--data', data]);
        await program.said(/http:\/\/127\.0\.0\.1:\d+/);
        url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.stderr)?.[0] ?? '';
        for (let n = 0; n < 15; n += 1) {
          // Down when it ends, and when it begins again, every other time.
          if (n === 5) await (round === 0 ? null : service.up());
          if (n === 12) service.down();
          const now = await scrape(url);
          for (const name of now === null ? [] : COUNTERS) {
            const [was, is] = [before[name] ?? 0, now?.[name] ?? NaN];
            if (!(is >= was))
              resets.push(`${name} fell from ${String(was)} to ${String(is)} in round ${String(round)}`);
          }
          before = now ?? before;
          await sleep(SCRAPE_MS);
        }
        if (round === RESTARTS - 1) {
          const { gaps } = (await (await fetch(`${url}/api/v1/gaps`)).json()) as { gaps: unknown[] };
          assert.equal(before['gapwatch_gaps_total'], gaps.length);
          assert.ok(gaps.length >= RESTARTS - 1, String(gaps.length));
        }
        await program.end(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      }
      assert.deepEqual(resets, []);
      assert.ok((before['gapwatch_downtime_seconds_total'] ?? 0) > 1);
      assert.ok((before['gapwatch_uptime_seconds_total'] ?? 0) > 1);
    } finally {
      service.down();
    }
  });
});

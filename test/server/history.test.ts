/** A feed over a history: what was before the monitor was started again is still there, and nothing is sent twice. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { pino } from 'pino';

import { History } from '../../src/history/history.ts';
import { ask, askJson } from './asking.ts';
import { Listener } from './listener.ts';
import { parsePrometheus } from './prometheus.ts';
import { type Scene, scene } from './scene.ts';
import { PastView } from '../../src/server/past-view.ts';
import { DAY_MS } from '../../src/core/uptime.ts';
import { simulateHistory } from '../history/simulated.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { TestService } from '../support/test-service.ts';

const OPTIONS = { intervalMs: 25, names: ['web', 'api'] };

interface Wire {
  readonly service: string;
  readonly timeline: readonly { readonly state: string; readonly from: number; readonly to: number | null }[];
}

describe('a feed over a history', () => {
  let data = '';
  let services: TestService[] = [];
  let id = '';
  /** The numbers of the events that were received before the restarts, and the newest of all. */
  const received: number[] = [];
  let lastReceived = 0;
  let at: Scene;

  before(async () => {
    data = mkdtempSync(join(tmpdir(), 'gapwatch-feed-'));
    services = await Promise.all(OPTIONS.names.map((name) => TestService.start(undefined, name)));
    for (let run = 0; run < 3; run++) {
      const one = await scene({ ...OPTIONS, services, data });
      id = one.monitor.identity.id;
      const client =
        run === 0
          ? await Listener.open(one.ws)
          : await Listener.open(`${one.ws}?after=${String(lastReceived)}&monitor=${id}`);
      assert.equal(client.received[0]?.['resumed'], run > 0);
      await services[run % 2]?.flap(one.monitor);
      one.monitor.mark(`run ${String(run)}`);
      await client.find(({ text }) => text === `run ${String(run)}`);
      // What happens after the client went away, and just before the end.
      await client.close();
      received.push(...client.seqs);
      lastReceived = Math.max(lastReceived, ...client.seqs);
      await services[0]?.flap(one.monitor);
      await one.end();
    }
    at = await scene({ ...OPTIONS, services, data });
  });

  after(async () => {
    await at.end();
    for (const service of services) service.down();
    rmSync(data, { recursive: true });
  });

  it('sends a client that comes back every event of several runs, once and in order', async () => {
    assert.equal(at.monitor.identity.id, id);
    const client = await Listener.open(`${at.ws}?after=${String(lastReceived)}&monitor=${id}`);
    at.monitor.mark('now');
    await client.find(({ text }) => text === 'now');
    await client.close();
    const seqs = [...received, ...client.seqs];
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(seqs).size, seqs.length);
    const { events } = at.monitor;
    const kept = await events.after((received[0] ?? 0) - 1, seqs.length + 100);
    assert.deepEqual(
      kept?.map(({ seq }) => seq),
      seqs,
    );
    assert.ok(client.received.some(({ reason }) => reason === 'stopped'));
  });

  it('reports the gaps of all runs, each once', async () => {
    const { value } = await askJson(`${at.http}/api/v1/gaps`);
    const gaps = value['gaps'] as { service: string; seq: number; from: number; to: number }[];
    const count = (name: string): number => gaps.filter(({ service }) => service === name).length;
    // A busy machine may make a gap of its own stall, never lose one.
    assert.ok(count('web') >= 5 && count('api') >= 1);
    assert.equal(new Set(gaps.map(({ seq }) => seq)).size, gaps.length);
    const only = await askJson(`${at.http}/api/v1/gaps?service=api&since=${String(gaps[0]?.to)}`);
    assert.equal((only.value['gaps'] as unknown[]).length, count('api') - (gaps[0]?.service === 'api' ? 1 : 0));
  });

  it('reports the timeline of all runs, with the absences between them', async () => {
    const { value } = await askJson(`${at.http}/api/v1/timeline?service=web`);
    const [web] = value['services'] as Wire[];
    const timeline = web?.timeline ?? [];
    assert.ok(timeline.filter(({ state }) => state === 'unobserved').length >= 3);
    assert.ok(timeline.filter(({ state }) => state === 'down').length >= 5);
    timeline.slice(1).forEach(({ from }, index) => {
      assert.equal(timeline[index]?.to, from);
    });
    assert.equal(timeline.at(-1)?.to, null);
  });

  it('counts what was before in the days, in the uptime and in the metrics', async () => {
    const days = await askJson(`${at.http}/api/v1/days?service=web`);
    const [web] = days.value['services'] as {
      upMs: number[];
      downMs: number[];
      unobservedMs: number[];
      gaps: number[];
    }[];
    const lately = (column: number[] | undefined): number => column?.slice(-2).reduce((sum, ms) => sum + ms, 0) ?? 0;
    assert.ok(lately(web?.gaps) >= 5 && lately(web?.downMs) > 0 && lately(web?.unobservedMs) > 0);
    const status = await askJson(`${at.http}/api/v1/status`);
    const [first] = status.value['services'] as { uptime: Record<string, number>; observed: Record<string, number> }[];
    const seenMs = lately(web?.upMs) + lately(web?.downMs);
    assert.ok(Math.abs((first?.observed['90d'] ?? 0) - seenMs) < 3000 + seenMs / 2);
    assert.ok((first?.uptime['90d'] ?? 1) < 1);
    const families = parsePrometheus((await ask(`${at.http}/metrics`)).body);
    const gaps = families.get('gapwatch_gaps_total')?.series.find(({ labels }) => labels['service'] === 'web');
    assert.ok((gaps?.value ?? 0) >= 5);
    assert.equal(families.get('gapwatch_history_ok')?.series[0]?.value, 1);
  });

  it('is ready', async () => {
    const { status, body } = await ask(`${at.http}/readyz`);
    assert.deepEqual([status, body], [200, 'ready\n']);
  });
});

describe('a history that can not be asked', () => {
  it('makes a 503 of what needs it, and of nothing else', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gapwatch-feed-'));
    const archive = await History.open({ dir, keepMs: 86_400_000, log: pino({ enabled: false }) });
    await archive.close();
    const closed = await scene({ names: ['web'], feed: { archive } });
    try {
      for (const path of ['gaps', 'timeline?from=1', 'days']) {
        const { status, value } = await askJson(`${closed.http}/api/v1/${path}`);
        assert.equal(status, 503, path);
        assert.ok(!JSON.stringify(value).includes(dir));
      }
      for (const path of ['/api/v1/status', '/metrics', '/readyz'])
        assert.equal((await ask(`${closed.http}${path}`)).status, 200, path);
    } finally {
      await closed.end();
      rmSync(dir, { recursive: true });
    }
  });
});

describe('the timeline of a service that changes much', () => {
  it('is read by the page, and has every interval once', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gapwatch-feed-'));
    const end = Date.now() - 60_000;
    // More than two pages, and more than the board remembers.
    await simulateHistory(dir, { days: 1, services: 1, flapping: 1, everyMs: 30_000, fullDays: 1, end });
    const log = pino({ enabled: false });
    const history = await History.open({ dir, keepMs: 90 * DAY_MS, log });
    const source = new ScriptedMonitor({ restored: history.restored });
    const view = new PastView(source, history);
    const window = { from: end - DAY_MS, to: end };
    const [whole, read] = await Promise.all([
      history.reader.intervals({ services: ['flapping 0'], window }),
      view.timelines(['flapping 0'], window, 20_000).next(),
    ]);
    const kept = whole.get('flapping 0')!.map(({ state, from, to }) => ({
      state,
      from: Math.max(from, window.from),
      to: Math.min(to ?? end, end),
    }));
    assert.ok(kept.length > 2500, String(kept.length));
    assert.deepEqual((read.value as { timeline: unknown }[])[0]?.timeline, kept);
    await history.close();
    rmSync(dir, { recursive: true });
  });
});

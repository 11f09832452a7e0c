/** What is read for `/metrics`, where a real service would have to be waited for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ProbeCounters } from '../../src/core/probe-counters.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { type Sample, STATES } from '../../src/core/model.ts';
import { BoardService } from '../../src/core/board.ts';
import { parsePrometheus } from './prometheus.ts';

const info = {
  kind: 'http',
  target: 'http://127.0.0.1/',
  connection: 'new',
  group: null,
  intervalMs: 1000,
  timeoutMs: 1000,
  rise: 1,
  fall: 1,
} as const;
const phases = { dnsMs: null, connectMs: 2, tlsMs: 3, replyMs: 15 };
const up: Sample = { sentAt: 100, endedAt: 120, result: 'up', reason: null, message: null, phases };

class World {
  now = 1000;
  readonly service = new BoardService('web', info, 0);
  readonly counters = new ProbeCounters();
  readonly metrics = new Metrics(
    {
      board: { services: new Map([['web', this.service]]) },
      now: () => this.now,
      counters: () => this.counters,
    },
    { size: 3, missed: 7 },
  );

  transition(to: 'up' | 'down', at: number): void {
    this.service.transition({
      type: 'transition',
      seq: 1,
      service: 'web',
      from: this.service.state,
      to,
      at,
      notBefore: at,
      notAfter: at,
      reason: null,
      message: null,
    });
  }

  /** The values of a metric, with the labels that are not the service. */
  async read(name: string): Promise<Record<string, number>> {
    const family = parsePrometheus(await this.metrics.text({ isOpen: false, services: null, isPublic: false })).get(
      name,
    )!;
    return Object.fromEntries(
      family.series.map(({ labels, value }) => {
        const { service, ...rest } = labels;
        assert.ok(service === undefined || service === 'web');
        return [Object.values(rest).join(' '), value];
      }),
    );
  }
}

describe('the metrics', () => {
  it('describe the last probe, and of its phases in seconds', async () => {
    const world = new World();
    assert.deepEqual(await world.read('probe_success'), {});
    world.counters.add(up);
    assert.deepEqual(await world.read('probe_success'), { '': 1 });
    assert.deepEqual(await world.read('probe_duration_seconds'), { '': 0.02 });
    assert.deepEqual(await world.read('probe_http_duration_seconds'), {
      resolve: 0,
      connect: 0.002,
      tls: 0.003,
      processing: 0.015,
    });
    assert.deepEqual(await world.read('probe_ip_protocol'), {});
    world.counters.add({ ...up, result: 'down', reason: 'status', status: 503, ip: 6, certUntil: 1_795_000_000_500 });
    assert.deepEqual(await world.read('probe_success'), { '': 0 });
    assert.deepEqual(await world.read('probe_http_status_code'), { '': 503 });
    assert.deepEqual(await world.read('probe_ip_protocol'), { '': 6 });
    assert.deepEqual(await world.read('probe_ssl_earliest_cert_expiry'), { '': 1_795_000_000.5 });
    // Over a kept connection it is shown once, and a reply that did not come has no status.
    world.counters.add({ ...up, result: 'down', reason: 'timeout-reply', ip: 4 });
    assert.deepEqual(await world.read('probe_http_status_code'), { '': 0 });
    assert.deepEqual(await world.read('probe_ssl_earliest_cert_expiry'), { '': 1_795_000_000.5 });
  });

  it('say neither up nor down while the monitor could not look', async () => {
    const world = new World();
    world.counters.add({ ...up, result: 'unobserved', reason: 'resources' });
    assert.deepEqual(await world.read('probe_success'), {});
    assert.deepEqual(await world.read('gapwatch_probes_total'), { 'up ': 0, 'unobserved resources': 1 });
  });

  it('count probes by result and reason, in memory that threads share', async () => {
    const world = new World();
    const engine = new ProbeCounters(world.counters.memory);
    for (let n = 0; n < 3; n++) engine.add(up);
    engine.add({ ...up, result: 'down', reason: 'refused' });
    assert.deepEqual(await world.read('gapwatch_probes_total'), { 'up ': 3, 'down refused': 1 });
    assert.deepEqual(await world.read('gapwatch_probes_missed_total'), { '': 7 });
    assert.deepEqual(await world.read('gapwatch_feed_clients'), { '': 3 });
  });

  it('have counters that never fall, though a change is published later than it was', async () => {
    const world = new World();
    world.transition('down', 1000);
    world.now = 3000;
    assert.deepEqual(await world.read('gapwatch_downtime_seconds_total'), { '': 2 });
    world.transition('up', 2500);
    assert.deepEqual(await world.read('gapwatch_downtime_seconds_total'), { '': 2 });
    world.transition('down', 3000);
    world.now = 4000;
    assert.deepEqual(await world.read('gapwatch_downtime_seconds_total'), { '': 2.5 });
  });

  it('have counters at a hub that go on evenly where it shows copies, as it can not read the bus, and where it reads all again', async () => {
    const of = (gaps: number): BoardService => {
      const service = new BoardService('web', info, 0);
      for (let n = 0; n < gaps; n++) fail(service);
      return service;
    };
    const fail = (service: BoardService): void => {
      service.gap({ type: 'gap', seq: 1, service: 'web', ...facts, failed: 10, reasons: [] });
    };
    const services = new Map<string, BoardService>();
    const figures = { vantages: 1, skipped: 0, views: [] };
    const metrics = new Metrics(
      { board: { services }, now: () => 5000, counters: () => null, figures },
      { size: 0, missed: 0 },
    );
    const gaps = async (): Promise<number | undefined> =>
      parsePrometheus(await metrics.text({ isOpen: false, services: null, isPublic: false })).get('gapwatch_gaps_total')
        ?.series[0]?.value;
    const facts = {
      from: 1000,
      to: 2000,
      durationMs: 1000,
      minMs: 900,
      provenMinMs: 900,
      maxMs: 1100,
      silenceMs: 1100,
    };
    const found: (number | undefined)[] = [];
    // A copy knows of more than its hub has seen, and one that was just read of less.
    const own = of(1);
    for (const shown of [own, of(20), own, of(0)]) {
      services.set('web', shown);
      found.push(await gaps());
      fail(shown);
      found.push(await gaps());
    }
    assert.deepEqual(found, [1, 2, 2, 3, 3, 4, 4, 5]);
  });

  it('put the views of a hub together once for each scrape, however many services there are', async () => {
    const names = Array.from({ length: 500 }, (_, n) => `service ${String(n)}`);
    let asked = 0;
    const metrics = new Metrics(
      {
        board: { services: new Map(names.map((name) => [name, new BoardService(name, info, 0)])) },
        now: () => 1000,
        counters: () => null,
        get figures() {
          asked += 1;
          return {
            vantages: 1,
            skipped: 0,
            views: names.map((service) => ({ service, vantage: 'a', state: 'up' as const })),
          };
        },
      },
      { size: 0, missed: 0 },
    );
    const families = parsePrometheus(await metrics.text({ isOpen: false, services: null, isPublic: false }));
    assert.equal(families.get('gapwatch_up')!.series.length, names.length);
    assert.equal(families.get('gapwatch_status')!.series.length, names.length * STATES.length);
    assert.equal(asked, 1);
    // A vantage is usually called as its host is.
    assert.doesNotMatch(await metrics.text({ isOpen: false, services: null, isPublic: true }), /vantage=/);
  });
});

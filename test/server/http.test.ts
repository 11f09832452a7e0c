/** The rows of the contract's table of paths. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { ask, askJson, handshake, type Question, raw, type Reply } from './asking.ts';
import { Listener } from './listener.ts';
import { parsePrometheus } from './prometheus.ts';
import { inScene, scene, type Scene, TOKEN, served } from './scene.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const JSON_TYPE = { 'content-type': 'application/json' };

const BEARER = [`Authorization: Bearer ${TOKEN}`];
const BASIC = `Authorization: Basic ${Buffer.from(`any:${TOKEN}`).toString('base64')}`;

/** As `ask`, with the token. */
const askWith = (url: string, question: Question = {}): Promise<Reply> =>
  ask(url, { ...question, headers: { ...AUTHORIZED, ...question.headers } });
const askJsonWith = (url: string, question: Question = {}): ReturnType<typeof askJson> =>
  askJson(url, { ...question, headers: { ...AUTHORIZED, ...question.headers } });

describe('over HTTP', () => {
  let at: Scene;
  before(async () => {
    at = await scene({ names: ['web', 'a/b <"é">'], feed: { token: TOKEN } });
    await at.services[0]!.flap(at.monitor);
  });
  after(async () => {
    await at.end();
  });

  it('serves the page and its files, with a policy, tags, and packed', async () => {
    const page = await askWith(`${at.http}/`);
    assert.equal(page.status, 200);
    assert.match(page.body, /<title>page/);
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.match(page.headers['content-security-policy'] as string, /^default-src 'none'; script-src 'self'/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    const again = await askWith(`${at.http}/`, { headers: { 'if-none-match': 'W/"other", "page-1"' } });
    assert.deepEqual([again.status, again.body, again.headers.etag], [304, '', '"page-1"']);
    const response = await fetch(`${at.http}/page.js`, { headers: { ...AUTHORIZED, 'accept-encoding': 'gzip' } });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.ok(Number(response.headers.get('content-length')) < 100);
    assert.equal(await response.text(), 'void 0;\n'.repeat(100));
  });

  it('reports the status of all services', async () => {
    const { value } = await askJsonWith(`${at.http}/api/v1/status`);
    assert.deepEqual(value['monitor'], at.monitor.identity);
    const [web] = value['services'] as Record<string, unknown>[];
    // It is there where this machine has just stalled.
    const keys = Object.keys(web!).filter((key) => key !== 'steadySince');
    assert.deepEqual(keys, [
      'service',
      'kind',
      'target',
      'connection',
      'group',
      'intervalMs',
      'timeoutMs',
      'rise',
      'fall',
      'state',
      'status',
      'since',
      'reason',
      'uptime',
      'observed',
      'latency',
      'planned',
      'uptimeWithoutPlanned',
    ]);
    assert.equal(web?.['state'], 'up');
  });

  it('packs what is long, for a client that takes gzip', async () => {
    const days = (coding: string): Promise<Response> =>
      fetch(`${at.http}/api/v1/days`, { headers: { 'accept-encoding': coding, authorization: `Bearer ${TOKEN}` } });
    const [plain, packed] = [await days('identity'), await days('gzip')];
    assert.deepEqual(
      [plain, packed].map(({ headers }) => headers.get('content-encoding')),
      [null, 'gzip'],
    );
    assert.deepEqual(
      [plain, packed].map(({ headers }) => headers.get('vary')),
      ['accept-encoding', 'accept-encoding'],
    );
    const columns = async (answer: Response): Promise<unknown> => ((await answer.json()) as { from: number }).from;
    assert.equal(await columns(packed), await columns(plain));
  });

  it('reports the gaps, since a time and of a service', async () => {
    const { value } = await askJsonWith(`${at.http}/api/v1/gaps`);
    const gaps = value['gaps'] as Record<string, number | string>[];
    assert.equal(gaps.length, 1);
    assert.equal(gaps[0]?.['service'], 'web');
    assert.equal(value['since'], at.monitor.identity.startedAt);
    const to = String(gaps[0]['to']);
    const later = await askJsonWith(`${at.http}/api/v1/gaps?since=${to}`);
    assert.deepEqual([later.value['gaps'], later.value['since']], [[], Number(to)]);
    const before = await askJsonWith(`${at.http}/api/v1/gaps?until=${String(Number(to) - 1)}`);
    assert.deepEqual(before.value['gaps'], []);
    const iso = await askJsonWith(`${at.http}/api/v1/gaps?since=2020-01-01T00:00:00Z&service=web`);
    assert.equal((iso.value['gaps'] as unknown[]).length, 1);
    const other = await askJsonWith(`${at.http}/api/v1/gaps?service=${encodeURIComponent('a/b <"é">')}`);
    assert.deepEqual(other.value['gaps'], []);
  });

  it('reports the timeline, cut to the time that is asked', async () => {
    const { value } = await askJsonWith(`${at.http}/api/v1/timeline?service=web`);
    const [web] = value['services'] as {
      service: string;
      timeline: { state: string; from: number; to: number | null }[];
    }[];
    // This machine may stall for a moment before and after.
    const seen = web!.timeline.map(({ state }) => state).filter((state) => state !== 'unobserved');
    const states = seen.filter((state, index) => state !== seen[index - 1]);
    assert.deepEqual(states.slice(-3), ['up', 'down', 'up']);
    assert.equal(web!.timeline.at(-1)?.to, null);
    const down = web!.timeline.find(({ state }) => state === 'down')!;
    const middle = (down.from + down.to!) / 2;
    const cut = await askJsonWith(
      `${at.http}/api/v1/timeline?service=web&from=${String(middle)}&to=${String(down.to! + 1)}`,
    );
    const [only] = cut.value['services'] as [typeof web];
    assert.deepEqual(only?.timeline, [
      { state: 'down', from: middle, to: down.to },
      { state: 'up', from: down.to, to: down.to! + 1 },
    ]);
  });

  it('reports the last days', async () => {
    const { value } = await askJsonWith(`${at.http}/api/v1/days?service=web`);
    const [web, ...others] = value['services'] as {
      service: string;
      upMs: number[];
      downMs: number[];
      gaps: number[];
    }[];
    assert.deepEqual([web?.service, others.length], ['web', 0]);
    assert.equal(value['widthMs'], 86_400_000);
    assert.equal(value['from'], (Math.floor(Number(value['now']) / 86_400_000) - 89) * 86_400_000);
    // A test may run across midnight.
    const lately = (column: number[] | undefined): number => column?.slice(-2).reduce((sum, ms) => sum + ms, 0) ?? 0;
    assert.ok(lately(web?.upMs) > 0 && lately(web?.downMs) > 0 && lately(web?.gaps) >= 1);
    assert.equal(web?.upMs.length, 90);
    assert.ok(web.upMs.slice(0, -2).every((ms) => ms === 0));
  });

  it('takes a mark with the token, and publishes it', async () => {
    const client = await Listener.open(`${at.ws}?token=${TOKEN}`);
    const body = JSON.stringify({ text: ' restarting dockerd ' });
    const { status, value } = await askJsonWith(`${at.http}/api/v1/marks`, {
      method: 'POST',
      headers: { ...AUTHORIZED, ...JSON_TYPE },
      body,
    });
    assert.equal(status, 201);
    assert.deepEqual(await client.first('mark'), value);
    assert.equal(value['text'], 'restarting dockerd');
    await client.close();
  });

  it('takes a mark of any characters that have a shape, and of those that shape them', async () => {
    for (const text of ['👨\u200d👩\u200d👧', '🏳\ufe0f\u200d🌈', 'می\u200cخواهم', '数据库', 'user\u202egpj', '“–”']) {
      const { status, value } = await askJson(`${at.http}/api/v1/marks`, {
        ...{ method: 'POST', headers: { ...AUTHORIZED, ...JSON_TYPE }, body: JSON.stringify({ text }) },
      });
      assert.deepEqual([status, value['text']], [201, text]);
    }
  });

  it('refuses a mark that is none', async () => {
    const cases: [number, Record<string, string>, string][] = [
      [401, JSON_TYPE, '{"text":"x"}'],
      [401, { ...JSON_TYPE, authorization: 'Bearer wrong' }, '{"text":"x"}'],
      [415, AUTHORIZED, '{"text":"x"}'],
      [415, { ...AUTHORIZED, 'content-type': 'text/plain' }, '{"text":"x"}'],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, '{"text":'],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, '{"text":""}'],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, '{"text":"x","at":1}'],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, `{"text":"${'x'.repeat(201)}"}`],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, JSON.stringify({ text: '\u001b[2J' })],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, JSON.stringify({ text: 'a\nb' })],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, JSON.stringify({ text: 'a\u2028b' })],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, JSON.stringify({ text: 'a\u009bb' })],
      [400, { ...AUTHORIZED, ...JSON_TYPE }, '{"text":"\\ud800"}'],
      [413, { ...AUTHORIZED, ...JSON_TYPE }, `{"text":"${'x'.repeat(5000)}"}`],
    ];
    for (const [status, headers, body] of cases) {
      const reply = await askJson(`${at.http}/api/v1/marks`, { method: 'POST', headers, body });
      assert.equal(reply.status, status, body.slice(0, 40));
      assert.equal(typeof reply.value['error'], 'string');
    }
  });

  it('draws badges', async () => {
    const svg = await askWith(`${at.http}/badge/web.svg?v=2`);
    assert.equal(svg.status, 200);
    assert.equal(svg.headers['content-type'], 'image/svg+xml; charset=utf-8');
    assert.match(svg.body, /^<svg [^>]*aria-label="web: up"/);
    const odd = await askWith(`${at.http}/badge/${encodeURIComponent('a/b <"é">')}.svg`);
    assert.match(odd.body, /<title>a\/b &lt;&quot;é&quot;&gt;: up<\/title>/);
    const { value } = await askJsonWith(`${at.http}/badge/web.json`);
    assert.deepEqual([value['schemaVersion'], value['label'], value['message']], [1, 'web', 'up']);
    assert.equal((await askWith(`${at.http}/badge/missing.svg`)).status, 404);
    assert.equal((await askWith(`${at.http}/badge/missing.json`)).status, 404);
  });

  it('is alive and ready', async () => {
    for (const path of ['/healthz', '/readyz']) assert.equal((await askWith(at.http + path)).status, 200);
  });

  it('gives the right answer to a wrong question', async () => {
    const cases: [number, string, string][] = [
      [404, 'GET', '/nothing'],
      [404, 'GET', '/api/v1/'],
      [404, 'GET', '/api/v2/status'],
      [404, 'GET', '/__proto__'],
      [404, 'POST', '/nothing'],
      [405, 'POST', '/'],
      [405, 'DELETE', '/api/v1/status'],
      [405, 'GET', '/api/v1/marks'],
      [405, 'POST', '/healthz'],
      [426, 'GET', '/feed'],
      [400, 'GET', '/badge/%E0%A4.svg'],
      [400, 'GET', '/api/v1/status?x=1'],
      [400, 'GET', '/api/v1/gaps?since=yesterday'],
      [400, 'GET', '/api/v1/gaps?service=missing'],
      [400, 'GET', '/api/v1/gaps?since=1&since=2'],
      [400, 'GET', '/api/v1/timeline?from=20&to=10'],
      [400, 'GET', '/api/v1/timeline?to=20-26'],
    ];
    for (const [status, method, path] of cases) {
      const reply = await askJsonWith(at.http + path, { method });
      assert.equal(reply.status, status, `${method} ${path}`);
      assert.equal(typeof reply.value['error'], 'string');
    }
    assert.equal((await askWith(`${at.http}/`, { method: 'DELETE' })).headers.allow, 'GET, HEAD');
    assert.equal((await askWith(`${at.http}/feed`)).headers.upgrade, 'websocket');
    const head = await askWith(`${at.http}/api/v1/status`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.match(
      await raw(at.http, 'GET http://elsewhere/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1.1 401/,
    );
    assert.match(await raw(at.http, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400/);
  });

  it('gives the right answer to a wrong upgrade', async () => {
    const cases: [number, string][] = [
      [404, handshake('/', BEARER)],
      [404, handshake('/api/v1/status', BEARER)],
      [426, handshake('/feed', ['Upgrade: h2c', ...BEARER])],
      [405, handshake('/feed', BEARER, 'POST')],
      [400, handshake('/feed', ['Sec-WebSocket-Key: short'])],
      [400, handshake('/feed', ['Sec-WebSocket-Version: 7'])],
      [403, handshake('/feed', ['Origin: http://elsewhere.example', BASIC])],
    ];
    for (const [status, bytes] of cases) {
      const answer = await raw(at.http, bytes);
      assert.ok(answer.startsWith(`HTTP/1.1 ${String(status)} `), `${bytes} -> ${answer}`);
    }
  });
});

describe('/metrics', () => {
  it(
    'has the form that is asked for, packed, and the services that are asked for',
    inScene({ names: ['web', 'api'] }, async (at) => {
      const open = await ask(`${at.http}/metrics`, {
        headers: { accept: 'application/openmetrics-text;q=0.9,*/*;q=0.1' },
      });
      assert.match(String(open.headers['content-type']), /^application\/openmetrics-text; version=1\.0\.0/);
      assert.match(open.body, /^# TYPE gapwatch_gaps counter$/m);
      assert.match(open.body, /^gapwatch_gaps_total\{service="web"\} 0$/m);
      assert.match(open.body, /_bucket\{le="10\.0",service="web"\}/);
      assert.ok(open.body.endsWith('\n# EOF\n'));
      const packed = await fetch(`${at.http}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
      assert.equal(packed.headers.get('content-encoding'), 'gzip');
      assert.ok(parsePrometheus(await packed.text()).has('gapwatch_build_info'));
      const one = parsePrometheus((await ask(`${at.http}/metrics?service=api`)).body);
      const named = [...one.values()].flatMap(({ series }) => series.map(({ labels }) => labels['service']));
      assert.deepEqual([...new Set(named)], ['api']);
      assert.equal((await ask(`${at.http}/metrics?service=nothing`)).status, 404);
      assert.equal((await ask(`${at.http}/metrics?name=web`)).status, 400);
    }),
  );

  it(
    'reports what is known, in the format of Prometheus',
    inScene({ names: ['web', 'api "2"\\'] }, async (at) => {
      await at.services[0]!.flap(at.monitor);
      at.services[1]!.down();
      const read = async (): Promise<ReturnType<typeof parsePrometheus>> => {
        const reply = await ask(`${at.http}/metrics`);
        assert.match(reply.headers['content-type']!, /^text\/plain; version=0\.0\.4/);
        return parsePrometheus(reply.body);
      };
      const value = (
        families: ReturnType<typeof parsePrometheus>,
        name: string,
        labels: Record<string, string>,
      ): number =>
        families
          .get(name)!
          .series.filter((series) => Object.entries(labels).every(([key, text]) => series.labels[key] === text))
          .reduce((sum, series) => sum + series.value, 0);
      const web = { service: 'web' };
      const api = { service: 'api "2"\\' };
      let families = await read();
      while (value(families, 'probe_success', api) === 1) families = await read();
      assert.deepEqual([...families.keys()].sort(), [
        'gapwatch_build_info',
        'gapwatch_downtime_seconds_total',
        'gapwatch_feed_clients',
        'gapwatch_gaps_total',
        'gapwatch_probe_latency_seconds',
        'gapwatch_probes_missed_total',
        'gapwatch_probes_total',
        'gapwatch_status',
        'gapwatch_unobserved_seconds_total',
        'gapwatch_uptime_seconds_total',
        'probe_dns_lookup_time_seconds',
        'probe_duration_seconds',
        'probe_http_duration_seconds',
        'probe_http_status_code',
        'probe_ip_protocol',
        'probe_ssl_earliest_cert_expiry',
        'probe_success',
      ]);
      assert.equal(families.get('gapwatch_probes_total')?.type, 'counter');
      assert.equal(families.get('probe_success')?.type, 'gauge');
      assert.equal(value(families, 'probe_success', web), 1);
      assert.ok(value(families, 'probe_duration_seconds', web) > 0);
      assert.ok(value(families, 'gapwatch_probes_total', { ...web, result: 'up', reason: '' }) > 1);
      assert.ok(value(families, 'gapwatch_probes_total', { ...web, result: 'down', reason: 'refused' }) > 0);
      assert.equal(value(families, 'gapwatch_gaps_total', web), 1);
      assert.ok(value(families, 'gapwatch_downtime_seconds_total', web) > 0);
      // None, but where this machine was busy.
      const { unobservedMs = NaN } = at.monitor.board.services.get('web')?.totalsAt(at.monitor.now()) ?? {};
      assert.equal(value(families, 'gapwatch_unobserved_seconds_total', web), unobservedMs / 1000);
      const latency = families.get('gapwatch_probe_latency_seconds')!;
      assert.equal(latency.type, 'histogram');
      const counts = latency.series.filter(
        ({ name, labels }) => name.endsWith('_bucket') && labels['service'] === 'web',
      );
      assert.deepEqual(
        [counts[0]?.labels['le'], counts.at(-2)?.labels['le'], counts.at(-1)?.labels['le']],
        ['0.001', '10', '+Inf'],
      );
      assert.ok(
        counts.every(({ value: count }, index) => count >= (counts[index - 1]?.value ?? 0)),
        'they are cumulative',
      );
      assert.ok(counts.at(-1)!.value > 1);
      // No service is HTTP.
      assert.deepEqual(families.get('probe_http_duration_seconds')?.series, []);
    }),
  );
});

describe('a monitor that has no answer yet', () => {
  it(
    'is alive, and not ready',
    inScene({ names: ['web'] }, async (at) => {
      // They accept, and do not answer for a minute.
      const { service, probe } = at.services[0]!.watched(undefined, { intervalMs: 60_000 });
      assert.ok(probe.kind === 'tcp');
      at.monitor.apply(
        Array.from({ length: 5 }, (_, n) => ({
          service: { ...service, name: `late ${String(n)}`, timeoutMs: 60_000 },
          probe: { ...probe, expect: 'never said' },
        })),
      );
      assert.equal((await ask(`${at.http}/healthz`)).status, 200);
      const ready = await ask(`${at.http}/readyz`);
      assert.equal(ready.status, 503);
      assert.match(ready.body, /^5 of 5 services/);
    }),
  );
});

describe('a source that does not know how its services are', () => {
  it('is alive, and not ready', async () => {
    class Deaf extends ScriptedMonitor {
      readonly problem = 'no connection to redis.internal';
    }
    const { feed } = await served(new Deaf());
    try {
      assert.equal((await ask(`${feed.address.url}/healthz`)).status, 200);
      const ready = await ask(`${feed.address.url}/readyz`);
      // Where it is public, it names no address.
      assert.deepEqual(
        [ready.status, ready.body],
        [503, 'the state of the services is not known at present: the log says more\n'],
      );
    } finally {
      await feed.close();
    }
  });
});

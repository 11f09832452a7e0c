/** The formats of others, asked of a running feed: Statuspage, Atom, CSV, events after a number. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { pageAssets } from '../../src/page/page-assets.ts';
import { presentTable } from '../../src/server/page-html.ts';
import type { Site } from '../../src/server/page-files.ts';
import { HOSTILE_TEXTS } from '../corpus/strings.ts';
import { readXml } from '../report/xml-reader.ts';
import { snapshot } from '../support/builders.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';
import { ask, askJson } from './asking.ts';
import { inScene, scene, type Scene, served, TOKEN } from './scene.ts';

type Json = Record<string, unknown>;

const START = Date.UTC(2026, 10, 20, 12);
/** As a stranger asks: of a monitor with `public` and a token. */
const PUBLIC = { token: TOKEN, public: true };
const UUID = /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** web, api and db fell together for half a second, then web alone; then cache fell, and is down. */
function restarted(): ScriptedMonitor {
  const monitor = new ScriptedMonitor({ names: ['web', 'api', 'db', 'cache'], clock: START });
  for (const name of ['web', 'api', 'db', 'cache']) monitor.change(name, 'up');
  const fall = (name: string, at: number, lastsMs: number): void => {
    monitor.clock = at;
    monitor.change(name, 'down', { reason: 'refused' });
    monitor.clock = at + lastsMs;
    monitor.change(name, 'up');
    const reasons = [{ reason: 'refused' as const, count: 3, message: 'refused by 10.1.2.3:8080' }];
    monitor.gap(name, at, at + lastsMs, { reasons });
  };
  fall('web', START + 60_000, 500);
  fall('api', START + 60_080, 510);
  fall('db', START + 60_090, 490);
  fall('web', START + 120_000, 200);
  monitor.clock = START + 180_000;
  monitor.change('cache', 'down', { reason: 'timeout-reply' });
  monitor.clock = START + 240_000;
  return monitor;
}

/** Serves a monitor, and asks it. */
async function asking<T>(
  monitor: ScriptedMonitor,
  question: (http: string) => Promise<T>,
  rules: { readonly token: string | null; readonly public: boolean; readonly site?: Site } = PUBLIC,
): Promise<T> {
  const { feed } = await served(monitor, rules);
  try {
    return await question(feed.address.url);
  } finally {
    await feed.close();
  }
}

describe('the form of Statuspage', () => {
  it('has components, what is unresolved, and the status of all', async () => {
    await asking(restarted(), async (http) => {
      const { status, value } = await askJson(`${http}/api/v2/summary.json`);
      assert.equal(status, 200);
      const components = value['components'] as Json[];
      assert.deepEqual(
        components.map(({ name, status: one }) => [name, one]),
        [
          ['web', 'operational'],
          ['api', 'operational'],
          ['db', 'operational'],
          ['cache', 'major_outage'],
        ],
      );
      for (const { id } of components) assert.match(String(id), UUID);
      assert.deepEqual(value['status'], { indicator: 'major', description: 'Partial System Outage' });
      const [open, ...others] = value['incidents'] as Json[];
      assert.equal(others.length, 0);
      assert.equal(open?.['name'], 'cache down');
      assert.equal(open['status'], 'investigating');
      assert.equal(open['started_at'], new Date(START + 180_000).toISOString());
      assert.equal((value['page'] as Json)['url'], `${http}/`);
    });
  });

  it('has what is open, however many gaps of others came after its beginning', async () => {
    const monitor = new ScriptedMonitor({ names: ['web', 'cache'], clock: START });
    for (const name of ['web', 'cache']) monitor.change(name, 'up');
    monitor.change('cache', 'down', { reason: 'refused' });
    for (let n = 1; n <= 5001; n += 1) {
      monitor.clock = START + n * 10_000;
      monitor.gap('web', monitor.clock - 5000, monitor.clock - 4000);
    }
    await asking(monitor, async (http) => {
      for (const path of ['unresolved', '']) {
        const { value } = await askJson(`${http}/api/v2/incidents${path === '' ? '' : `/${path}`}.json`);
        const open = (value['incidents'] as Json[]).filter(({ status }) => status === 'investigating');
        assert.deepEqual(
          open.map(({ name }) => name),
          ['cache down'],
          path,
        );
      }
      assert.match((await ask(`${http}/feed.atom`)).body, />cache down</);
    });
  });

  it('has services that fell together as one incident, with what happened', async () => {
    await asking(restarted(), async (http) => {
      const { value } = await askJson(`${http}/api/v2/incidents.json`);
      const incidents = value['incidents'] as Json[];
      assert.deepEqual(
        incidents.map(({ name, status }) => [name, status]),
        [
          ['cache down', 'investigating'],
          ['web down', 'resolved'],
          ['web, api and db down', 'resolved'],
        ],
      );
      const together = incidents[2]!;
      assert.equal(together['resolved_at'], new Date(START + 60_590).toISOString());
      assert.deepEqual(
        (together['incident_updates'] as Json[]).map(({ status, body }) => [status, body]),
        [
          ['resolved', 'all 3 services up again, the longest gap 0.51 s (0.41–0.61) of api: refused ×9'],
          ['investigating', '3 services down within 90 ms, the first web'],
        ],
      );
      assert.deepEqual(
        (together['components'] as Json[]).map(({ name }) => name),
        ['web', 'api', 'db'],
      );
      for (const path of ['incidents/unresolved', 'components', 'status', 'scheduled-maintenances/upcoming'])
        assert.equal((await ask(`${http}/api/v2/${path}.json`)).status, 200, path);
      for (const path of ['nothing', 'incidents/', '../v1/status'])
        assert.equal((await ask(`${http}/api/v2/${path}.json`)).status, 404, path);
    });
  });

  it('never calls a service operational that is not seen', async () => {
    const seen = { up: 'operational', down: 'major_outage', partial: 'partial_outage' } as const;
    for (const status of ['up', 'down', 'partial', 'unobserved', 'unknown'] as const)
      for (const state of ['up', 'down', 'partial', 'unobserved', 'unknown'] as const) {
        const service = snapshot('web', { state, status, since: START, rise: 3, fall: 3 });
        await asking(new ScriptedMonitor({ services: [service], clock: START + 1000 }), async (http) => {
          const { value } = await askJson(`${http}/api/v2/summary.json`);
          const [component] = value['components'] as Json[];
          const hidden = [state, status].some((one) => one === 'unobserved' || one === 'unknown');
          const expected = hidden ? 'degraded_performance' : seen[status as keyof typeof seen];
          assert.equal(component?.['status'], expected, `${state} ${status}`);
          assert.equal((value['status'] as Json)['indicator'] === 'none', expected === 'operational');
          assert.equal(component['description'] !== null, expected === 'degraded_performance');
        });
      }
    await asking(new ScriptedMonitor({ clock: START }), async (http) => {
      const { value } = await askJson(`${http}/api/v2/status.json`);
      assert.equal((value['status'] as Json)['indicator'], 'minor');
    });
  });

  it('calls nothing operational where the source does not know', async () => {
    const monitor = restarted();
    Object.defineProperty(monitor, 'problem', { value: 'the bus is unreachable' });
    await asking(monitor, async (http) => {
      const { value } = await askJson(`${http}/api/v2/components.json`);
      for (const { status } of value['components'] as Json[]) assert.equal(status, 'degraded_performance');
      assert.equal((await askJson(`${http}/api/v1/status`)).value['overall'], 'unknown');
    });
  });

  it('has groups with the worst status of their services', async () => {
    const services = [
      snapshot('a', { group: 'back' }),
      snapshot('b', { group: 'back', state: 'down' }),
      snapshot('c', { group: 'front' }),
    ];
    await asking(new ScriptedMonitor({ services, clock: START }), async (http) => {
      const { value } = await askJson(`${http}/api/v2/components.json`);
      const components = value['components'] as Json[];
      const back = components.find(({ name }) => name === 'back');
      assert.equal(back?.['status'], 'major_outage');
      assert.deepEqual(
        back['components'],
        components.filter(({ group_id }) => group_id === back['id']).map(({ id }) => id),
      );
      assert.equal(components.filter(({ group }) => group === true).length, 2);
    });
  });

  it('keeps the id of an incident, open and ended, and the tag of what did not change', async () => {
    const monitor = restarted();
    await asking(monitor, async (http) => {
      const incidents = async (): Promise<Json[]> =>
        (await askJson(`${http}/api/v2/incidents.json?x=${String(Math.random())}`)).value['incidents'] as Json[];
      const before = await incidents();
      const { headers } = await ask(`${http}/api/v2/incidents.json`);
      assert.equal(headers['access-control-allow-origin'], '*');
      monitor.clock += 60_000;
      await new Promise((resolve) => setTimeout(resolve, 300));
      const again = await ask(`${http}/api/v2/incidents.json`, {
        headers: { 'if-none-match': headers.etag ?? '' },
      });
      assert.equal(again.status, 304);
      // Not seen, and down all the same.
      monitor.change('cache', 'unobserved', { reason: 'stalled' });
      monitor.clock += 1000;
      monitor.change('cache', 'down', { reason: 'timeout-reply' });
      monitor.clock += 1000;
      monitor.change('cache', 'up');
      monitor.gap('cache', START + 180_000, monitor.clock);
      let ended: Json[] = [];
      await waitFor(async () => (ended = await incidents())[0]?.['status'] === 'resolved');
      assert.deepEqual(
        ended.map(({ id }) => id),
        before.map(({ id }) => id),
      );
    });
  });

  it('is bounded: 50 that ended, and every open one', async () => {
    const monitor = new ScriptedMonitor({ names: ['web', 'db'], clock: START });
    monitor.change('db', 'down');
    for (let n = 1; n <= 200; n++) monitor.gap('web', START + n * 60_000, START + n * 60_000 + 500);
    monitor.clock = START + 201 * 60_000;
    await asking(monitor, async (http) => {
      const { value } = await askJson(`${http}/api/v2/incidents.json`);
      const incidents = value['incidents'] as Json[];
      assert.equal(incidents.length, 51);
      assert.equal(incidents.at(-1)?.['name'], 'db down');
    });
  });

  it('has maintenance from notes: to come, going on, and over', async () => {
    const monitor = restarted();
    const note = (id: string, from: number, to: number | null): void => {
      const about = { kind: 'maintenance', services: ['web'], text: id } as const;
      monitor.event({ type: 'note', at: START, id, from, to, ...about });
    };
    note('over', START, START + 1000);
    note('on', START, null);
    note('to come', START + 86_400_000, START + 90_000_000);
    await asking(monitor, async (http) => {
      const of = async (path: string): Promise<unknown[]> => {
        const { value } = await askJson(`${http}/api/v2/${path}.json`);
        return (value['scheduled_maintenances'] as Json[]).map(({ name, status }) => [name, status]);
      };
      const [over, on, next] = [
        ['over', 'completed'],
        ['on', 'in_progress'],
        ['to come', 'scheduled'],
      ];
      assert.deepEqual(await of('scheduled-maintenances/upcoming'), [next]);
      assert.deepEqual(await of('scheduled-maintenances/active'), [on]);
      assert.deepEqual((await of('summary')).length, 2);
      assert.ok(JSON.stringify(await of('scheduled-maintenances')).includes(JSON.stringify(over)));
    });
  });

  it('counts a gap that several vantages saw once', async () => {
    const monitor = new ScriptedMonitor({ names: ['web'], clock: START });
    monitor.change('web', 'up');
    for (const [vantage, late] of [
      ['a', 0],
      ['b', 40],
      ['c', 80],
    ] as const)
      monitor.gap('web', START + 1000 + late, START + 1500 + late, { vantage });
    monitor.gap('web', START + 9000, START + 9500, { vantage: 'b' });
    monitor.clock = START + 60_000;
    await asking(monitor, async (http) => {
      const { value } = await askJson(`${http}/api/v2/incidents.json`);
      assert.equal((value['incidents'] as Json[]).length, 2);
    });
  });
});

describe('the Atom feed', () => {
  it('has an entry for each incident, that stays the same', async () => {
    await asking(restarted(), async (http) => {
      const { body, headers } = await ask(`${http}/feed.atom`);
      assert.equal(headers['content-type'], 'application/atom+xml; charset=utf-8');
      assert.notEqual(headers.etag, undefined);
      readXml(body);
      assert.equal([...body.matchAll(/<entry>/g)].length, 3);
      assert.match(body, /<title>web, api and db down, and up again<\/title>/);
      assert.match(body, /<title>cache down<\/title>/);
      const ids = [...body.matchAll(/<id>urn:uuid:([^<]+)<\/id>/g)].map(([, id]) => id ?? '');
      for (const id of ids) assert.match(id, UUID);
      assert.equal(new Set(ids).size, 4);
      assert.equal((await ask(`${http}/feed.atom?service=api`)).body.match(/<entry>/g)?.length, 1);
      assert.equal((await ask(`${http}/feed.atom?service=nothing`)).status, 400);
    });
  });

  it('has notes and maintenance, but what was withdrawn', async () => {
    const monitor = restarted();
    const about = { services: ['web'], at: START + 200_000 };
    const write = (kind: 'maintenance' | 'incident' | 'info', from: number, to: number | null, text: string): void => {
      monitor.event({ type: 'note', id: text, kind, from, to, text, ...about });
    };
    write('maintenance', START + 86_400_000, START + 90_000_000, 'Docker & kernel');
    write('incident', START, null, 'We look into it');
    write('maintenance', START, START, 'Never mind');
    await asking(monitor, async (http) => {
      const { body } = await ask(`${http}/feed.atom?service=web`);
      readXml(body);
      const titles = [...body.matchAll(/<title>([^<]+)<\/title>/g)].map(([, title]) => title);
      assert.deepEqual(titles.slice(1, 3).sort(), ['Incident: We look into it', 'Maintenance: Docker &amp; kernel']);
      assert.match(body, /Docker &amp; kernel \(from 2026-11-21T12:00:00.000Z until 2026-11-21T13:00:00.000Z, web\)/);
      assert.doesNotMatch(body, /Never mind/);
      assert.doesNotMatch((await ask(`${http}/feed.atom?service=db`)).body, /Docker/);
    });
  });

  it('leaves out what has only just begun, whose first service is not settled', async () => {
    const monitor = restarted();
    monitor.change('web', 'down');
    monitor.clock += 1500;
    await asking(monitor, async (http) => {
      assert.doesNotMatch((await ask(`${http}/feed.atom`)).body, />web down</);
      monitor.clock += 1000;
      await waitFor(async () => (await ask(`${http}/feed.atom`)).body.includes('>web down<'));
    });
  });
});

interface Endpoint {
  readonly name: string;
  readonly key: string;
  readonly results: readonly { readonly success: boolean; readonly timestamp: string; readonly errors?: string[] }[];
}

async function gatus(http: string): Promise<Endpoint[]> {
  return JSON.parse((await ask(`${http}/api/v1/endpoints/statuses?cachebust=1`)).body) as Endpoint[];
}

describe('the forms of Uptime Kuma and Gatus', () => {
  type Beats = Record<string, { status: number; time: string }[]>;

  /** The states of the newest beats of each service, by its name. */
  async function beats(http: string): Promise<Record<string, number[]>> {
    const { value: page } = await askJson(`${http}/api/status-page/default?cachebust=1`);
    const { value } = await askJson(`${http}/api/status-page/heartbeat/default?cachebust=1`);
    const monitors = (page['publicGroupList'] as { monitorList: { id: number; name: string }[] }[]).flatMap(
      ({ monitorList }) => monitorList,
    );
    const list = value['heartbeatList'] as Beats;
    assert.equal(Object.keys(list).length, monitors.length);
    return Object.fromEntries(monitors.map(({ id, name }) => [name, list[id]!.map(({ status }) => status)]));
  }

  it('have the title and the description of the page, as the other formats do', async () => {
    const site = { title: 'Shop', description: 'What we sell', logo: null, home: null };
    await asking(
      new ScriptedMonitor({ names: ['web'], clock: START }),
      async (http) => {
        const { value } = await askJson(`${http}/api/status-page/default`);
        const { title, description } = value['config'] as { title: string; description: string };
        assert.deepEqual([title, description], ['Shop', 'What we sell']);
        assert.match((await ask(`${http}/feed.atom`)).body, /<\/id>\s*<title>Shop<\/title>/);
        const summary = (await askJson(`${http}/api/v2/summary.json`)).value;
        assert.equal((summary['page'] as Json)['name'], 'Shop');
      },
      { ...PUBLIC, site },
    );
  });

  it('have the present state last, and before it what the newest probes found', async () => {
    const monitor = new ScriptedMonitor({ names: ['web', 'api'], clock: START });
    for (const name of ['web', 'api']) monitor.change(name, 'up');
    const at = (ms: number, to: 'up' | 'down' | 'unobserved'): void => {
      monitor.clock = START + ms;
      monitor.change('web', to);
    };
    // Probed every 100 ms: 3 good ones, 2 bad ones, 4 that were not sent, 2 good ones, and now a bad one.
    at(300, 'down');
    at(500, 'unobserved');
    at(900, 'up');
    at(1100, 'down');
    monitor.clock = START + 1150;
    await asking(monitor, async (http) => {
      assert.deepEqual(await beats(http), { web: [1, 1, 1, 0, 0, 1, 1, 0], api: Array<number>(12).fill(1) });
      const [web, api] = await gatus(http);
      assert.deepEqual(
        web?.results.map(({ success, timestamp }) => [success, Date.parse(timestamp) - START]),
        [0, 100, 200, 300, 400, 900, 1000, 1100].map((ms) => [ms < 300 || ms === 900 || ms === 1000, ms]),
      );
      assert.deepEqual(web.results.at(-1)?.errors, ['refused']);
      assert.equal(api?.results.length, 12);
      const { value } = await askJson(`${http}/api/status-page/heartbeat/default`);
      const shares = Object.values(value['uptimeList'] as Record<string, number>);
      assert.deepEqual(
        shares.map((share) => Math.round(share * 1000)).sort((a, b) => a - b),
        [Math.round((500 / 750) * 1000), 1000],
      );
    });
  });

  it('never call a service up that is not seen', async () => {
    for (const status of ['up', 'down', 'partial', 'unobserved', 'unknown'] as const)
      for (const state of ['up', 'down', 'partial', 'unobserved', 'unknown'] as const) {
        const service = snapshot('web', { state, status, since: START, rise: 3, fall: 3 });
        const monitor = new ScriptedMonitor({ services: [service], clock: START + 1000 });
        const isSeen = state !== 'unobserved' && state !== 'unknown';
        for (const problem of [null, 'the bus is unreachable']) {
          Object.defineProperty(monitor, 'problem', { value: problem, configurable: true });
          await asking(monitor, async (http) => {
            const isUp = isSeen && status === 'up' && problem === null;
            assert.equal((await gatus(http))[0]?.results.at(-1)?.success, isUp, `${state} ${status}`);
            assert.equal((await beats(http))['web']?.at(-1) === 1, isUp, `${state} ${status}`);
          });
        }
        const shownTo = new ScriptedMonitor({ services: [service], clock: START + 1000 });
        const table = presentTable(shownTo, 'public');
        assert.equal(table.includes('<td>Up</td>') || table.includes('1 up'), isSeen && status === 'up');
        await asking(shownTo, async (http) => {
          const shown = { svg: /aria-label="web: up"/, json: /"message":"up"/ };
          for (const [kind, word] of Object.entries(shown))
            assert.equal(word.test((await ask(`${http}/badge/web.${kind}`)).body), isSeen && status === 'up');
        });
      }
  });

  it('have nothing to say where no service is watched', async () => {
    const monitor = new ScriptedMonitor({ names: [], clock: START });
    assert.ok(presentTable(monitor, 'private').startsWith('<h1>No service is watched</h1>'));
    await asking(monitor, async (http) => {
      assert.deepEqual(await gatus(http), []);
      assert.deepEqual(await beats(http), {});
    });
  });

  it('have what operators wrote while it lasts, groups, the title, and a page to link to', async () => {
    const services = [snapshot('a.b', { group: 'back' }), snapshot('a b', { group: 'back' }), snapshot('c')];
    const monitor = new ScriptedMonitor({ services, clock: START });
    for (const [kind, to] of [
      ['incident', null],
      ['incident', START - 1],
      ['maintenance', START + 1],
      ['info', null],
    ] as const)
      monitor.event({
        type: 'note',
        at: START,
        id: `${kind} ${String(to)}`,
        kind,
        from: START - 9,
        to,
        services: [],
        text: kind,
      });
    const site = { title: 'Example status', description: null, logo: null, home: null };
    const { feed } = await served(monitor, { ...PUBLIC, site });
    const http = feed.address.url;
    const { value } = await askJson(`${http}/api/status-page/default`);
    assert.ok(pageAssets().has((value['config'] as { icon: string }).icon), 'the icon is one that is served');
    assert.equal((value['config'] as Json)['title'], 'Example status');
    const incident = value['incident'] as Json;
    assert.deepEqual([incident['title'], incident['createdDate']], ['incident', new Date(START - 9).toISOString()]);
    assert.deepEqual(
      (value['maintenanceList'] as Json[]).map(({ title }) => title),
      ['maintenance'],
    );
    assert.deepEqual(
      (value['publicGroupList'] as Json[]).map(({ name, monitorList }) => [name, (monitorList as Json[]).length]),
      [
        ['back', 2],
        ['Services', 1],
      ],
    );
    const keys = (await gatus(http)).map(({ key }) => key);
    assert.deepEqual(keys, ['back_a-b', 'back_a-b-', '_c']);
    const { status, headers } = await ask(`${http}/status/default`);
    assert.deepEqual([status, new URL(headers.location ?? '', `${http}/status/default`).href], [302, `${http}/`]);
    assert.equal((await ask(`${http}/api/status-page/other`)).status, 404);
    const { value: summary } = await askJson(`${http}/api/v2/summary.json`);
    assert.equal((summary['page'] as Json)['name'], 'Example status');
    await feed.close();
  });

  it('are bounded: the present of thousands of services, 100 probes of few', async () => {
    for (const [count, each] of [
      [20, 100],
      [500, 10],
      [6000, 1],
    ] as const) {
      const names = Array.from({ length: count }, (_, n) => `s${String(n)}`);
      const monitor = new ScriptedMonitor({ names, clock: START });
      for (const name of names) monitor.change(name, 'up');
      monitor.clock = START + 60_000;
      await asking(monitor, async (http) => {
        for (const { results } of await gatus(http)) assert.equal(results.length, each);
      });
    }
  });
});

describe('hostile names', () => {
  for (const { kind, text, unseen } of [
    ...HOSTILE_TEXTS,
    { kind: 'markup', text: ']]></entry><script>a&b"\'', unseen: '' },
  ])
    it(kind, async () => {
      const monitor = new ScriptedMonitor({ names: [text], clock: START });
      monitor.change(text, 'up');
      monitor.gap(text, START + 1000, START + 1500);
      monitor.clock = START + 60_000;
      await asking(monitor, async (http) => {
        for (const path of [
          ...['feed.atom', 'api/v1/gaps?format=csv', 'api/v2/summary.json', 'api/v1/events?after=0', 'api/v1/status'],
          ...['api/v1/timeline', 'api/v1/days'],
          ...['api/status-page/default', 'api/status-page/heartbeat/default', 'api/v1/endpoints/statuses'],
        ]) {
          const { body, status } = await ask(`${http}/${path}`);
          assert.equal(status, 200, path);
          for (const char of unseen) assert.ok(!body.includes(char) || char === '\n' || char === '\r', path);
          assert.doesNotMatch(body, /^ *SPOOFED/m, path);
        }
        readXml((await ask(`${http}/feed.atom`)).body);
      });
    });
});

/** Reads RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/y;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    assert.ok(match !== null, `no CSV after ${String(field.lastIndex)}: ${text}`);
    const [, quoted, plain = '', end] = match;
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

describe('gaps as CSV', () => {
  it('are rows with ISO times, and what JSON has', async () => {
    await asking(restarted(), async (http) => {
      const { body, headers } = await ask(`${http}/api/v1/gaps?format=csv&service=web`);
      assert.match(headers['content-type'] ?? '', /^text\/csv; charset=utf-8/);
      const [head, ...rows] = readCsv(body);
      assert.deepEqual(head?.slice(0, 6), ['seq', 'service', 'vantage', 'from', 'to', 'durationMs']);
      assert.deepEqual(
        rows.map((row) => [row[1], row[3], row[5], row.at(-1)]),
        [
          ['web', '2026-11-20T12:01:00.000Z', '500', 'refused 3'],
          ['web', '2026-11-20T12:02:00.000Z', '200', 'refused 3'],
        ],
      );
      for (const row of rows) assert.equal(row.length, head.length);
      assert.equal((await ask(`${http}/api/v1/gaps?format=xml`)).status, 400);
    });
  });

  it('say which of them were planned', async () => {
    const monitor = new ScriptedMonitor({ names: ['web'], clock: START });
    monitor.gap('web', START + 1000, START + 1500);
    monitor.gap('web', START + 2000, START + 2500, { planned: true });
    monitor.clock = START + 60_000;
    await asking(monitor, async (http) => {
      const [head, ...rows] = readCsv((await ask(`${http}/api/v1/gaps?format=csv`)).body);
      const column = head?.indexOf('planned') ?? -1;
      assert.deepEqual(
        rows.map((row) => row[column]),
        ['false', 'true'],
      );
    });
  });

  it('are no formulas', async () => {
    const names = [
      ...['=1+1', '+1', '-1', '@SUM(A1)', '\uff1d1', ' =1', 'a;=1+1', 'a,=1+1', 'a"=1', 'a|=1', '"=1"', '\t=1'],
    ];
    const monitor = new ScriptedMonitor({ names, clock: START });
    for (const [n, name] of names.entries()) monitor.gap(name, START + n, START + n + 100);
    monitor.clock = START + 60_000;
    await asking(monitor, async (http) => {
      const { body } = await ask(`${http}/api/v1/gaps?format=csv`);
      const rows = readCsv(body).slice(1);
      assert.equal(rows.length, names.length);
      for (const [, name = ''] of rows) assert.doesNotMatch(name, /(^|[,;|"\t])\s*[=+\-@\uff1d]/);
    });
  });
});

describe('events after a number', () => {
  it('are all, in pages', async () => {
    const monitor = restarted();
    const all = await monitor.events.after(0, 1000);
    await asking(monitor, async (http) => {
      const found: number[] = [];
      let next = 0;
      for (let pages = 1; ; pages++) {
        const { value } = await askJson(`${http}/api/v1/events?after=${String(next)}&limit=5`);
        assert.equal(value['complete'], true);
        found.push(...(value['events'] as { seq: number }[]).map(({ seq }) => seq));
        next = value['next'] as number;
        if (value['more'] === false) {
          assert.ok(pages >= 3);
          break;
        }
      }
      assert.deepEqual(
        found,
        all?.map(({ seq }) => seq),
      );
      const { value: none } = await askJson(`${http}/api/v1/events?after=${String(next)}`);
      assert.deepEqual([none['events'], none['next'], none['more']], [[], next, false]);
      const { value: some } = await askJson(`${http}/api/v1/events?after=0&service=db`);
      assert.ok((some['events'] as Json[]).every(({ service }) => service === 'db'));
      monitor.event({
        type: 'note',
        at: START,
        id: 'n',
        kind: 'maintenance',
        text: 'of api',
        from: START,
        to: null,
        services: ['api'],
      });
      const { value: notes } = await askJson(`${http}/api/v1/events?after=${String(next)}&service=db`);
      assert.deepEqual(notes['events'], []);
      const { value: own } = await askJson(`${http}/api/v1/events?after=${String(next)}&service=api`);
      assert.equal((own['events'] as Json[]).length, 1);
      const { value: future } = await askJson(`${http}/api/v1/events?after=9000000000000000`);
      assert.equal(future['complete'], false);
      for (const query of [
        '?after=',
        '?after=x',
        '?after=0&limit=0',
        '?after=0&limit=1001',
        '?after=-1',
        '?after=0&after=1',
      ])
        assert.equal((await ask(`${http}/api/v1/events${query}`)).status, 400, query);
    });
  });
});

describe('the public view of all formats', () => {
  const paths = [
    ...['feed.atom', 'api/v1/gaps?format=csv', 'api/v1/events?after=0', 'api/v1/status?service=web'],
    ...['summary', 'status', 'components', 'incidents', 'scheduled-maintenances'].map((one) => `api/v2/${one}.json`),
    ...['api/status-page/default', 'api/status-page/heartbeat/default', 'api/v1/endpoints/statuses'],
  ];

  it('has no target, no message and no text of a mark; any page and cache may have it', async () => {
    const monitor = restarted();
    monitor.mark('a secret mark');
    await asking(monitor, async (http) => {
      for (const path of paths) {
        const { body, headers, status } = await ask(`${http}/${path}`);
        assert.equal(status, 200, path);
        assert.doesNotMatch(body, /10\.1\.2\.3|127\.0\.0\.1:(1|80)\b|secret|nothing listens/, path);
        assert.equal(headers['access-control-allow-origin'], '*', path);
        assert.notEqual(headers.etag, undefined, path);
      }
    });
  });

  it('is all that is shown without the token: nothing where it is not public', async () => {
    await asking(
      restarted(),
      async (http) => {
        for (const path of paths) {
          assert.equal((await ask(`${http}/${path}`)).status, 401, path);
          const { status, headers } = await ask(`${http}/${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
          assert.equal(status, 200, path);
          assert.equal(headers['access-control-allow-origin'], undefined, path);
        }
      },
      { token: TOKEN, public: false },
    );
  });
});

describe('queries', () => {
  let at: Scene;
  before(async () => {
    at = await scene();
  });
  after(async () => {
    await at.end();
  });

  it('take durations back from now', async () => {
    for (const since of ['2d', '36h', '90m', '1.5s', '250ms']) {
      const { status, value } = await askJson(`${at.http}/api/v1/gaps?since=${since}`);
      assert.equal(status, 200, since);
      assert.ok(Number(value['since']) >= Date.now() - 2 * 86_400_000 - 5000);
    }
    const { value } = await askJson(`${at.http}/api/v1/timeline?from=2h&to=1h`);
    assert.ok(Math.abs(Number(value['to']) - Number(value['from']) - 3_600_000) < 1);
    for (const since of ['2', '2w', '-2d', '2 d', '1e3s', 'd', ''])
      assert.equal((await ask(`${at.http}/api/v1/gaps?since=${since}`)).status, since === '2' ? 200 : 400, since);
  });

  it('take the times that the command line takes, with their zone', async () => {
    const at4 = Date.UTC(2026, 10, 23, 4, 5);
    const written = ['2026-11-23T04:05Z', '2026-11-23T04:05:00z', '2026-11-23 04:05Z', '2026-11-23T05:05:00.0%2B01:00'];
    // A plus that nothing encoded, too.
    for (const since of [...written, '2026-11-23T05:05+0100', '2026-11-23T02:05-02:00', String(at4)]) {
      const { status, value } = await askJson(`${at.http}/api/v1/timeline?from=${since}&to=${String(at4 + 1)}`);
      assert.deepEqual([status, value['from']], [200, at4], since);
    }
    for (const since of ['2026-11-23T04:05', '2026-11-23T04Z', '2026-13-23', '04:05', 'now'])
      assert.equal((await ask(`${at.http}/api/v1/gaps?since=${since}`)).status, 400, since);
  });

  it('narrow the status to services, and have the worst of their states', async () => {
    const { value } = await askJson(`${at.http}/api/v1/status?service=web`);
    assert.deepEqual(
      (value['services'] as Json[]).map(({ service }) => service),
      ['web'],
    );
    assert.equal(value['overall'], 'up');
    assert.equal((await ask(`${at.http}/api/v1/status?service=nothing`)).status, 400);
  });
});

describe('a real restart', () => {
  it(
    'is the same incident while it lasts and after it',
    inScene({ names: ['web', 'api'] }, async (at) => {
      const unresolved = async (): Promise<Json[]> =>
        (await askJson(`${at.http}/api/v2/incidents/unresolved.json`)).value['incidents'] as Json[];
      const until = async (length: number): Promise<Json[]> => {
        let found: Json[] = [];
        await waitFor(async () => (found = await unresolved()).length === length);
        return found;
      };
      at.services[0]!.down();
      const [open] = await until(1);
      assert.equal((await askJson(`${at.http}/api/v1/status`)).value['overall'], 'down');
      await at.services[0]!.up();
      await until(0);
      const { value } = await askJson(`${at.http}/api/v2/incidents.json`);
      assert.deepEqual(
        (value['incidents'] as Json[]).map(({ id, name }) => [id, name]),
        [[open?.['id'], 'web down']],
      );
    }),
  );
});

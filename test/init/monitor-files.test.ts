/** Configurations of other monitors: what is taken over, and what is named instead. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { Ajv } from 'ajv';
import { parse } from 'jsonc-parser';

import { jsonSchema } from '../../src/config/config-schema.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { servicesText, settled, type LeftOut } from '../../src/init/draft.ts';
import { acceptedStatuses, globPattern, goDurationMs, textPattern } from '../../src/init/migrated-service.ts';
import { readMonitorFiles } from '../../src/init/monitor-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'gapwatch-from-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const isServicesFile = new Ajv({ strict: false }).compile(jsonSchema());

type Entry = Readonly<Record<string, unknown>>;

interface Taken {
  readonly text: string;
  readonly entries: readonly Entry[];
  readonly leftOut: readonly LeftOut[];
}

/** Takes files over, and reads what would be written: by its JSON Schema, and as the program does. */
async function takeOver(files: Readonly<Record<string, string | object>>): Promise<Taken> {
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  const names = Object.keys(files).filter((name) => !name.startsWith('blackbox.'));
  const found = await settled(await readMonitorFiles(names, folder), { dir: folder, env: {} });
  const text = servicesText(found.drafts, found.leftOut, './services.schema.json');
  const value = parse(text, [], { allowTrailingComma: true }) as { services: Entry[]; defaults?: Entry };
  assert.ok(isServicesFile(value), `${JSON.stringify(isServicesFile.errors)}\n${text}`);
  writeFileSync(join(folder, 'services.json'), text);
  const request = { file: 'services.json', targets: [], options: {}, defaultIntervalMs: 100, cwd: folder, env: {} };
  // Where none is enabled there is nothing to watch.
  if (value.services.some(({ enabled }) => enabled !== false)) await loadConfig(request);
  return { text, entries: value.services.map((entry) => ({ ...value.defaults, ...entry })), leftOut: found.leftOut };
}

/** The one service of a Gatus endpoint. */
async function gatus(endpoint: object): Promise<Taken & { readonly entry: Entry }> {
  const taken = await takeOver({ 'gatus.yaml': { endpoints: [{ name: 'web', ...endpoint }] } });
  return { ...taken, entry: taken.entries[0] ?? {} };
}

describe('a configuration of Gatus', () => {
  it('is taken over', async () => {
    const { entries, leftOut } = await takeOver({
      'gatus.yaml': `
endpoints:
  - name: shop
    group: core
    url: "https://shop.example.org/health"
    interval: 30s
    client: { timeout: 5s, insecure: true }
    conditions:
      - "[STATUS] == 200"
      - "[BODY] == pat(*ready*)"
      - "[RESPONSE_TIME] < 300"
      - "[CERTIFICATE_EXPIRATION] > 48h"
  - name: db
    url: "tcp://db.internal:5432"
    conditions: ["[CONNECTED] == true"]
  - name: shop
    group: edge
    enabled: false
    url: "http://10.0.0.5:8080"
    method: head
    client: { ignore-redirect: true, network: ip4 }
    conditions: ["[STATUS] < 400"]
`,
    });
    assert.deepEqual(leftOut, []);
    assert.deepEqual(entries, [
      {
        ...{ name: 'shop', type: 'http', url: 'https://shop.example.org/health', group: 'core' },
        ...{ interval: '30s', timeout: '5s', follow: 10, tls: { verify: false, minDays: 2 }, slow: '300ms' },
        expect: { body: 'ready', status: 200 },
      },
      { name: 'db', type: 'tcp', host: 'db.internal', port: 5432, interval: '1m', timeout: '10s' },
      {
        ...{
          name: 'shop-edge',
          type: 'http',
          url: 'http://10.0.0.5:8080',
          group: 'edge',
          interval: '1m',
          timeout: '10s',
        },
        ...{ method: 'HEAD', enabled: false, family: 4, expect: { status: '100-399' } },
      },
    ]);
  });

  for (const [conditions, expected] of [
    [['[STATUS] == 200'], { status: 200 }],
    [['200 == [STATUS]'], { status: 200 }],
    [['[STATUS]==any(200, 204, 429)'], { status: [200, 204, 429] }],
    [['[STATUS] != 500'], { status: ['100-499', '501-599'] }],
    [['[STATUS] >= 200', '[STATUS] < 300'], { status: '2xx' }],
    [['300 > [STATUS]'], { status: '100-299' }],
    [['[CONNECTED] == true'], { status: '100-599' }],
    [[], { status: '100-599' }],
    [['[STATUS] == 200', '[BODY] == pat(a*c)'], { body: '/^a.*c$/s', status: 200 }],
    [['[STATUS] == 200', '[BODY] == OK (all)'], { body: '/^OK \\(all\\)$/', status: 200 }],
    [['[STATUS] == 200', '[BODY] == pat(*/up/*)'], { body: '/\\/up\\//', status: 200 }],
  ] as const) {
    it(`has its conditions taken over: ${conditions.join(', ')}`, async () => {
      const { entry, leftOut } = await gatus({ url: 'http://h/', conditions });
      assert.deepEqual(entry['expect'], expected);
      assert.deepEqual(leftOut, []);
    });
  }

  for (const condition of [
    '[BODY].status == UP',
    'len([BODY].data) < 5',
    'has([BODY].errors) == false',
    '[IP] == 127.0.0.1',
    '[DOMAIN_EXPIRATION] > 720h',
    '[STATUS] == any(a)',
    '[BODY] == any(a, b)',
    '[BODY] != down',
    'nonsense',
  ]) {
    it(`has each condition named that can't be taken over: ${condition}`, async () => {
      const { entry, leftOut } = await gatus({ url: 'http://h/', conditions: ['[STATUS] == 200', condition] });
      assert.deepEqual(entry['expect'], { status: 200 });
      assert.deepEqual(leftOut, [{ what: 'web', why: `${condition}: gapwatch has no such condition` }]);
    });
  }

  for (const [what, endpoint, reason] of [
    ['ICMP', { url: 'icmp://h' }, /icmp:\/\/ can't be watched/],
    ['UDP', { url: 'udp://h:53' }, /udp:\/\/ can't/],
    ['DNS', { url: '8.8.8.8', dns: { 'query-name': 'a' } }, /DNS can't/],
    ['WebSocket', { url: 'wss://h/' }, /wss:\/\/ can't/],
    ['no URL', {}, /no scheme/],
    ['no port', { url: 'tcp://h' }, /host and port/],
  ] as const) {
    it(`has each endpoint named that can't be watched: ${what}`, async () => {
      const { entries, leftOut } = await gatus(endpoint);
      assert.deepEqual(entries, []);
      assert.match(leftOut[0]?.why ?? '', reason);
    });
  }

  it('has other kinds taken over as far as they go', async () => {
    assert.deepEqual((await gatus({ url: 'ssh://h:2222' })).entry['expect'], 'SSH-');
    assert.deepEqual((await gatus({ url: 'ssh://h' })).entry['port'], 22);
    assert.deepEqual((await gatus({ url: 'tls://h:993' })).entry['tls'], true);
    const { entry, leftOut } = await gatus({ url: 'starttls://h:587' });
    assert.deepEqual([entry['port'], leftOut[0]?.why], [587, 'STARTTLS: only the connection is watched']);
    assert.deepEqual((await gatus({ url: 'tcp://[::1]:80' })).entry['host'], '::1');
  });

  for (const [url, more, reason] of [
    ['tcp://h:6379', { client: { insecure: true } }, null],
    ['ssh://h:22', { client: { insecure: true } }, null],
    ['starttls://h:587', { client: { insecure: true } }, 'STARTTLS: only the connection is watched'],
    ['tcp://h:6379', { client: { tls: { 'certificate-file': 'c', 'private-key-file': 'k' } } }, null],
    [
      'tcp://h:6379',
      { conditions: ['[CERTIFICATE_EXPIRATION] > 48h'] },
      '[CERTIFICATE_EXPIRATION] > 48h: gapwatch has no such condition',
    ],
  ] as const) {
    it(`speaks TLS nowhere where Gatus does not begin with it: ${url} ${JSON.stringify(more)}`, async () => {
      const { entry, leftOut } = await gatus({ url, ...more });
      assert.equal(entry['tls'], undefined);
      assert.equal(leftOut[0]?.why ?? null, reason);
    });
  }

  it('says which unit a limit of the response time has', async () => {
    const { text } = await gatus({ url: 'http://h', conditions: ['[RESPONSE_TIME] < 300'] });
    assert.match(text, /longer than 300ms counts as slow/);
  });

  it('has its sections named, and the name of old', async () => {
    const { entries, leftOut } = await takeOver({
      'gatus.yaml': { alerting: { slack: {} }, services: [{ name: 'a', url: 'http://h', conditions: [] }], suites: [] },
    });
    assert.equal(entries.length, 1);
    assert.deepEqual(
      leftOut.map(({ what }) => what),
      ['alerting', 'suites'],
    );
  });

  it('gives no secret away', async () => {
    const { text, entries } = await takeOver({
      'gatus.yaml': {
        endpoints: [
          { name: 'a', url: 'https://me:hunter2@h/', conditions: [] },
          { name: 'b', url: 'https://h/?token=hunter2', conditions: [] },
          {
            name: 'c',
            url: 'https://h/',
            headers: { Authorization: 'Bearer hunter2', Accept: 'text/html', 'X-Api-Key': 'hunter2' },
            conditions: [],
          },
          { name: 'd', url: 'https://h/', method: 'POST', body: '{"password":"hunter2"}', conditions: [] },
          { name: 'e', url: 'https://h/', headers: { Authorization: '${API_TOKEN}' }, conditions: [] },
          { name: 'f', url: 'https://${HOST}/', conditions: [] },
        ],
      },
    });
    assert.doesNotMatch(text, /hunter2/);
    assert.ok(entries.every(({ enabled }) => enabled === false));
    assert.deepEqual(entries[0]?.['url'], { env: 'A_URL' });
    assert.deepEqual(entries[2]?.['headers'], {
      Authorization: { env: 'C_AUTHORIZATION' },
      Accept: 'text/html',
      'X-Api-Key': { env: 'C_X_API_KEY' },
    });
    assert.deepEqual(entries[4]?.['headers'], { Authorization: { env: 'API_TOKEN' } });
    assert.match(text, /Not watched yet: its secrets were not copied\. Set C_AUTHORIZATION and C_X_API_KEY/);
  });

  it('has strange names and settings brought in order', async () => {
    const { entries } = await takeOver({
      'gatus.yaml': {
        endpoints: [
          { name: 'a\nb\u202ec', group: ' ', url: 'http://h', interval: '1ms', client: { timeout: '100h' } },
          { name: 'x'.repeat(300), url: 'http://h', headers: { Connection: 'close' } },
          { name: 'x'.repeat(300), url: 'http://h' },
          { name: '', url: 'http://h' },
          { name: '*/ // "', url: 'http://h' },
          null,
          'text',
        ],
      },
    });
    assert.deepEqual(
      entries.map(({ name }) => String(name).length),
      [10, 100, 100, 8, 7],
    );
    assert.equal(new Set(entries.map(({ name }) => name)).size, 5);
    assert.deepEqual([entries[0]?.['interval'], entries[0]?.['timeout']], ['10ms', '640ms']);
  });
});

/** The one service of a monitor of Uptime Kuma. */
async function kuma(monitor: object): Promise<Taken & { readonly entry: Entry }> {
  const shared = { id: 1, name: 'web', type: 'http', interval: 60, maxretries: 0, active: 1, timeout: 48 };
  const taken = await takeOver({ 'kuma.json': { version: '1.23.11', monitorList: [{ ...shared, ...monitor }] } });
  return { ...taken, entry: taken.entries[0] ?? {} };
}

describe('a backup of Uptime Kuma', () => {
  it('is taken over', async () => {
    const http = {
      url: 'https://shop.example.org/',
      method: 'GET',
      accepted_statuscodes: ['200-299'],
      maxredirects: 10,
    };
    const shared = { interval: 60, timeout: 48, maxretries: 2, active: true, parent: 9 };
    const { entries, leftOut } = await takeOver({
      'kuma.json': {
        version: '1.23.11',
        notificationList: [{ name: 'mail' }],
        monitorList: [
          { id: 9, name: 'Core', type: 'group' },
          { id: 1, name: 'Shop', type: 'http', ...http, ...shared },
          { id: 2, name: 'Text', type: 'keyword', keyword: 'ready', ...http, ...shared, ignoreTls: true },
          { id: 3, name: 'Port', type: 'port', hostname: '10.0.0.5', port: 5432, ...shared, active: 0 },
          { id: 4, name: 'Cache', type: 'redis', databaseConnectionString: 'redis://cache:6379', ...shared },
          { id: 5, name: 'Ping', type: 'ping', hostname: '10.0.0.5', ...shared },
        ],
      },
    });
    const common = { group: 'Core', interval: '1m', timeout: '48s', fall: 3 };
    const page = { type: 'http', url: 'https://shop.example.org/', follow: 10, ...common };
    assert.deepEqual(entries, [
      { name: 'Shop', ...page, expect: { status: '2xx' } },
      { name: 'Text', ...page, expect: { status: '2xx', body: 'ready' }, tls: { verify: false } },
      { name: 'Port', type: 'tcp', host: '10.0.0.5', port: 5432, ...common, enabled: false },
      { name: 'Cache', type: 'redis', host: 'cache', port: 6379, ...common },
    ]);
    assert.deepEqual(
      leftOut.map(({ what }) => what),
      ['notifications', 'Ping'],
    );
  });

  for (const [what, monitor, reason] of [
    ['ping', { type: 'ping', hostname: 'h' }, /ICMP/],
    ['dns', { type: 'dns', hostname: 'h' }, /DNS/],
    ['docker', { type: 'docker' }, /container/],
    ['push', { type: 'push' }, /reports itself/],
    ['a type of the future', { type: 'quantum' }, /quantum can't be watched/],
    ['a type that objects have', { type: 'constructor' }, /constructor can't be watched/],
    ['upside down', { url: 'http://h', upsideDown: true }, /upside down/],
    ['an inverted keyword', { type: 'keyword', url: 'http://h', keyword: 'x', invertKeyword: 1 }, /inverted/],
    ['no URL', {}, /URL can't be read/],
    ['no port', { type: 'port', hostname: 'h' }, /host and port/],
  ] as const) {
    it(`has each monitor named that can't be watched: ${what}`, async () => {
      const { entries, leftOut } = await kuma(monitor);
      assert.deepEqual(entries, []);
      assert.match(leftOut[0]?.why ?? '', reason);
    });
  }

  for (const [what, monitor, expected] of [
    ['statuses', { url: 'http://h', accepted_statuscodes: ['200-299', '404'] }, { expect: { status: ['2xx', 404] } }],
    [
      'a keyword that looks like an expression',
      { type: 'keyword', url: 'http://h', keyword: '/a.b/' },
      { expect: { body: '/\\/a\\.b\\//' } },
    ],
    ['headers', { url: 'http://h', headers: '{"Accept":"a/b"}' }, { headers: { Accept: 'a/b' } }],
    ['a body', { url: 'http://h', method: 'post', body: '{"a":1}' }, { method: 'POST', body: '{"a":1}' }],
    ['no redirects', { url: 'http://h', maxredirects: 0, ignoreTls: true }, { follow: undefined, tls: undefined }],
    ['an IPv6 address', { type: 'port', hostname: '::1', port: 80 }, { host: '::1', port: 80 }],
    [
      'PostgreSQL',
      { type: 'postgres', databaseConnectionString: 'postgres://u:hunter2@db:5433/x' },
      { type: 'tcp', host: 'db', port: 5433 },
    ],
    [
      'SQL Server',
      { type: 'sqlserver', databaseConnectionString: 'Server=db,1434;Password=hunter2' },
      { host: 'db', port: 1434 },
    ],
    ['SMTP', { type: 'smtp', hostname: 'mail', port: 25 }, { expect: '/^220/' }],
    [
      'a Redis with a password',
      { type: 'redis', databaseConnectionString: 'rediss://u:hunter2@h:6380' },
      { tls: true, password: { env: 'WEB_PASSWORD' }, enabled: false },
    ],
    [
      'a login',
      { url: 'http://h', basic_auth_user: 'me', basic_auth_pass: 'hunter2' },
      { headers: { Authorization: { env: 'WEB_AUTHORIZATION' } }, enabled: false },
    ],
    [
      'a login beside other headers',
      { url: 'http://h', basic_auth_user: 'me', basic_auth_pass: 'hunter2', headers: '{"Accept":"a/b"}' },
      { headers: { Accept: 'a/b', Authorization: { env: 'WEB_AUTHORIZATION' } } },
    ],
    ['a database of Redis', { type: 'redis', databaseConnectionString: 'redis://h:6379/2' }, { db: 2 }],
    ['an interval beyond what is allowed', { url: 'http://h', interval: 2_000_000 }, { interval: '1d' }],
  ] as const) {
    it(`has its settings taken over: ${what}`, async () => {
      const { entry, text } = await kuma(monitor);
      for (const [field, value] of Object.entries(expected)) assert.deepEqual(entry[field], value, text);
      assert.doesNotMatch(text, /hunter2/);
    });
  }
});

const MODULES = {
  modules: {
    http_2xx: {
      prober: 'http',
      timeout: '5s',
      http: {
        valid_status_codes: [200, 204],
        fail_if_body_not_matches_regexp: ['ready'],
        tls_config: { insecure_skip_verify: true },
      },
    },
    tcp_connect: { prober: 'tcp' },
    smtp: { prober: 'tcp', tcp: { query_response: [{ expect: '^220' }, { send: 'EHLO x' }] } },
    icmp: { prober: 'icmp' },
  },
};

describe('a configuration of Prometheus', () => {
  const job = (name: string, module: string | null, targets: readonly string[], more: object = {}): object => ({
    ...{ job_name: name, ...(module !== null && { metrics_path: '/probe', params: { module: [module] } }) },
    ...{ static_configs: [{ targets }], ...more },
  });

  it('is taken over with the modules of the exporter', async () => {
    const { entries, leftOut } = await takeOver({
      'prometheus.yml': {
        global: { scrape_interval: '15s' },
        scrape_configs: [
          job('web', 'http_2xx', ['https://shop.example.org', 'shop.example.org/health'], { scrape_interval: '1m30s' }),
          job('db', 'tcp_connect', ['db:5432', 'db']),
          job('mail', 'smtp', ['mail:25']),
          job('ping', 'icmp', ['10.0.0.5']),
          job('node', null, ['localhost:9100'], { file_sd_configs: [] }),
        ],
      },
      'modules.yml': MODULES,
    });
    const page = {
      group: 'web',
      interval: '90s',
      timeout: '5s',
      expect: { status: [200, 204], body: '/ready/' },
      follow: 10,
      tls: { verify: false },
    };
    assert.deepEqual(entries, [
      { name: 'shop.example.org', type: 'http', url: 'https://shop.example.org', ...page },
      { name: 'shop.example.org/health', type: 'http', url: 'http://shop.example.org/health', ...page },
      { name: 'db:5432', type: 'tcp', host: 'db', port: 5432, group: 'db', interval: '15s', timeout: '10s' },
      {
        name: 'mail:25',
        type: 'tcp',
        host: 'mail',
        port: 25,
        group: 'mail',
        interval: '15s',
        timeout: '10s',
        expect: '/^220/',
      },
    ]);
    assert.deepEqual(
      leftOut.map(({ what, why }) => `${what}: ${why}`),
      [
        "db: its host and port can't be read",
        'mail:25: query_response: only its first step is taken over',
        "10.0.0.5: ICMP can't be watched",
        'node: file_sd_configs: only the targets of static_configs are taken over',
        'node: it scrapes metrics, and is not probed by a blackbox exporter',
      ],
    );
  });

  it('finds blackbox.yml beside it, and labels that name the module and the target', async () => {
    const { entries, text } = await takeOver({
      'blackbox.yml': MODULES,
      'prometheus.yml': {
        scrape_configs: [
          job('snmp', 'if_mib', ['10.0.0.1'], { metrics_path: '/snmp' }),
          job('probes', null, [], {
            metrics_path: '/probe',
            static_configs: [{ targets: ['h:80'], labels: { __param_module: 'tcp_connect', name: 'Shop' } }],
          }),
        ],
      },
    });
    rmSync(join(folder, 'blackbox.yml'));
    assert.deepEqual([entries[0]?.['name'], entries[0]?.['type']], ['Shop', 'tcp']);
    assert.doesNotMatch(text, /was not given/);
  });

  it('has its logins explained, and speaks TLS only where the exporter begins with it', async () => {
    const starttls = { query_response: [{ expect: '^220' }], tls_config: { insecure_skip_verify: true } };
    const { entries, text } = await takeOver({
      'prometheus.yml': {
        scrape_configs: [job('a', 'basic', ['a']), job('b', 'bearer', ['b']), job('c', 'mail', ['c:25'])],
      },
      'blackbox.yml': {
        modules: {
          basic: { prober: 'http', http: { basic_auth: { username: 'me', password: 'hunter2' } } },
          bearer: { prober: 'http', http: { bearer_token: 'hunter2', headers: { Accept: 'a/b' } } },
          mail: { prober: 'tcp', tcp: starttls },
        },
      },
    });
    rmSync(join(folder, 'blackbox.yml'));
    assert.deepEqual(entries[1]?.['headers'], { Accept: 'a/b', Authorization: { env: 'B_AUTHORIZATION' } });
    assert.match(text, /Authorization is "Basic " and the Base64 of USER:PASSWORD/);
    assert.match(text, /Authorization is "Bearer " and the token/);
    assert.equal(entries[2]?.['tls'], undefined);
  });

  it('is taken over without the modules by their names, which is said', async () => {
    const { entries, text } = await takeOver({
      'prometheus.yml': { scrape_configs: [job('a', 'http_post_2xx', ['h']), job('b', 'ssh_banner', ['h:22'])] },
    });
    assert.deepEqual(
      entries.map(({ type }) => type),
      ['http', 'tcp'],
    );
    assert.match(text, /The module ssh_banner was not given/);
  });
});

describe('a file for --from', () => {
  for (const [what, content, message] of [
    ['modules without targets', MODULES, /no targets.*prometheus\.yml/],
    ['a Compose file', { services: { web: { image: 'nginx' } } }, /--compose/],
    ['a configuration of gapwatch', { services: [{ name: 'a', type: 'tcp', host: 'h', port: 1 }] }, /--config/],
    ['anything else', { a: 1 }, /none of the files that init reads/],
    ['a database', 'SQLite format 3\0', /Backup, Export/],
    ['no YAML', 'a: [', /other\.yml:1:\d+: this is not YAML/],
    ['nothing', '', /holds no object/],
  ] as const) {
    it(`is refused in words: ${what}`, async () => {
      await assert.rejects(takeOver({ 'other.yml': content }), message);
    });
  }
});

describe('the words of other configurations', () => {
  it('are durations', () => {
    for (const [text, ms] of [
      ['1m30s', 90_000],
      ['500ms', 500],
      ['1.5s', 1500],
      ['1d', 86_400_000],
      ['10us', 0.01],
    ] as const)
      assert.equal(goDurationMs(text), ms);
    for (const text of ['', '5', 's', '1x', '1m 30s x', '-1s']) assert.equal(goDurationMs(text), null, text);
  });

  it('are statuses', () => {
    assert.deepEqual(
      acceptedStatuses(() => true),
      ['100-599'],
    );
    assert.deepEqual(
      acceptedStatuses(() => false),
      [],
    );
    assert.deepEqual(
      acceptedStatuses((status) => status === 200 || status >= 598),
      [200, '598-599'],
    );
  });

  it('are patterns', () => {
    assert.deepEqual(['a/b', '/a/', '/a/i'].map(textPattern), ['a/b', '/\\/a\\//', '/\\/a\\/i/']);
    assert.deepEqual(['*a*', 'a', '*', 'a?c'].map(globPattern), ['a', '/^a$/s', '/^.*$/s', '/^a.c$/s']);
  });
});

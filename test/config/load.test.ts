import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rootCertificates } from 'node:tls';

import { ConfigFolder } from './config-folder.ts';

const folder = new ConfigFolder();
const NOT_BEHIND = { origins: [], embed: [], proxies: [] };
const tcp = { type: 'tcp', host: 'h', port: 1 };

describe('a configuration', () => {
  it('is the file and the targets together', async () => {
    const { watched, file } = await folder.load({
      json: { services: [{ name: 'api', ...tcp }] },
      targets: ['web=8080'],
    });
    assert.deepEqual([file, ...watched.map(({ service }) => service.name)], ['services.json', 'api', 'web']);
  });

  it('is services.json of the folder where nothing is named, and only then', async () => {
    folder.write('other.json', JSON.stringify({ services: [{ name: 'other', ...tcp }] }));
    await folder.load({ json: { services: [{ name: 'api', ...tcp }] } });
    const named = await folder.load({ file: 'other.json' });
    assert.deepEqual([named.file, named.watched[0]?.service.name], ['other.json', 'other']);
    const target = await folder.load({ targets: ['8080'] });
    assert.equal(target.file, null);
  });

  it('may begin with a byte order mark, and hold comments and trailing commas', async () => {
    const json =
      '\uFEFF{ // ours\n "services": [ { "name": "a", "type": "tcp", "host": "h", "port": 1, }, ], /* end */ }';
    assert.equal((await folder.load({ json })).watched.length, 1);
  });

  it('rechecks ten times in an interval, at least 10 ms apart, or as it is told', async () => {
    const services = [
      { name: 'short', ...tcp },
      { name: 'long', ...tcp, interval: '2s' },
      { name: 'told', ...tcp, recheck: '30ms' },
      { name: 'off', ...tcp, recheck: 'off' },
    ];
    const rechecks = async (asked: Parameters<typeof folder.load>[0]): Promise<unknown[]> =>
      (await folder.load(asked)).watched.map(({ recheckMs }) => recheckMs);
    assert.deepEqual(await rechecks({ json: { services } }), [10, 200, 30, null]);
    const defaults = { recheck: 'off' };
    assert.deepEqual(await rechecks({ json: { services, defaults } }), [null, null, 30, null]);
    const options = { recheck: '40ms' };
    assert.deepEqual(await rechecks({ json: { services, defaults }, options }), [40, 40, 30, null]);
    const wrong = /recheck: ("1ms"|5) is not a time between rechecks/;
    assert.match(await folder.problem({ name: 'a', ...tcp, recheck: '1ms' }), wrong);
    assert.match(await folder.problem({ name: 'a', ...tcp, recheck: 5 }), wrong);
  });

  it('says of kept connections whether anything is sent on them', async () => {
    const services = [
      { name: 'idle', ...tcp, connection: 'both' },
      { name: 'sends', ...tcp, connection: 'kept', send: 'PING' },
      { name: 'expects', ...tcp, connection: 'kept', expect: 'PONG' },
      { name: 'http', type: 'http', url: 'http://127.0.0.1/', connection: 'kept' },
    ];
    const { watched } = await folder.load({ json: { services } });
    assert.deepEqual(
      watched.filter(({ service }) => service.asks === false).map(({ service }) => service.name),
      ['idle (kept)'],
    );
  });

  it('takes a setting from the service, else the command line, else the defaults, else the program', async () => {
    const own = { interval: '3s', timeout: '4s', connection: 'kept', rise: 2, fall: 3 };
    const services = [
      { name: 'own', ...tcp, ...own },
      { name: 'plain', ...tcp },
    ];
    const defaults = { interval: '1s', timeout: '2s', connection: 'both', fall: 9 };
    const seen = async (asked: Parameters<typeof folder.load>[0]): Promise<unknown[]> =>
      (await folder.load(asked)).watched.map(({ service }) => [
        service.name,
        service.intervalMs,
        service.timeoutMs,
        service.connection,
        service.rise,
        service.fall,
      ]);
    const first = ['own', 3000, 4000, 'kept', 2, 3];
    assert.deepEqual(await seen({ json: { services } }), [first, ['plain', 100, 1000, 'new', 1, 1]]);
    assert.deepEqual(await seen({ json: { defaults, services } }), [
      first,
      ['plain', 1000, 2000, 'new', 1, 9],
      ['plain (kept)', 1000, 2000, 'kept', 1, 9],
    ]);
    const options = { interval: '20ms', timeout: '30ms', connection: 'kept', vantage: undefined };
    assert.deepEqual(await seen({ json: { defaults, services }, options, targets: ['8080'] }), [
      first,
      ['plain', 20, 30, 'kept', 1, 9],
      ['8080', 20, 30, 'kept', 1, 9],
    ]);
  });

  it('takes the vantage from the command line, else the file, else the machine', async () => {
    const json = { vantage: 'rack-2', services: [{ name: 'a', ...tcp }] };
    assert.equal((await folder.load({ json, options: { vantage: 'here' } })).vantage, 'here');
    assert.equal((await folder.load({ json })).vantage, 'rack-2');
    assert.equal((await folder.load({ targets: ['1'] })).vantage, hostname());
  });

  it('leaves out what is not enabled, whose secrets need not be there, but checks it', async () => {
    const off = { name: 'b', type: 'redis', host: 'h', password: { env: 'NOT_SET' }, enabled: false };
    const { watched } = await folder.load({ json: { services: [{ name: 'a', ...tcp }, off] } });
    assert.deepEqual(
      watched.map(({ service }) => service.name),
      ['a'],
    );
    assert.match(await folder.problem({ ...tcp, port: 0, enabled: false }), /0 is not a port/);
    const { message, code } = await folder.refusal({ json: { services: [off] } });
    assert.match(message, /In services\.json none is enabled\./);
    assert.equal(code, 'invalid');
  });

  it('has settings for the feed and the history, paths from the folder of the file', async () => {
    const services = [{ name: 'a', ...tcp }];
    const plain = await folder.load({ json: { services } });
    assert.deepEqual(plain.feed, { listen: null, token: null, public: false, ...NOT_BEHIND });
    assert.deepEqual(plain.history, { dir: null, keepMs: 90 * 86_400_000 });
    const behind = { origins: ['https://a.example'], embed: ['https://b.example'], proxies: ['10.0.0.0/8', '::1'] };
    const feed = { listen: '[::1]:0', token: { env: 'TOKEN' }, public: true, ...behind };
    const full = await folder.load({
      json: { services, feed, history: { dir: 'h', keep: '1d' } },
      env: { TOKEN: 't' },
    });
    assert.deepEqual(full.feed, { listen: { host: '::1', port: 0 }, token: 't', public: true, ...behind });
    assert.deepEqual(full.history, { dir: join(folder.path, 'h'), keepMs: 86_400_000 });
    assert.equal((await folder.load({ json: { services, feed: { listen: 'off' } } })).feed.listen, 'off');
  });
});

describe('a service', () => {
  it('of TCP becomes a probe', async () => {
    const { service, probe } = await folder.only({
      ...tcp,
      group: 'g',
      hold: '5ms',
      send: 'PING\r\n',
      expect: '/^pong/i',
      family: 4,
    });
    assert.deepEqual(service, {
      name: 'web',
      kind: 'tcp',
      target: 'tcp://h:1',
      connection: 'new',
      group: 'g',
      intervalMs: 100,
      timeoutMs: 1000,
      rise: 1,
      fall: 1,
    });
    const endpoint = { host: 'h', port: 1, family: 4, tls: null };
    assert.deepEqual(probe, { kind: 'tcp', endpoint, holdMs: 5, send: 'PING\r\n', expect: /^pong/i });
    const plain = (await folder.only({ type: 'tcp', url: 'tcp://[::1]:80' })).probe;
    assert.deepEqual(plain, {
      kind: 'tcp',
      endpoint: { host: '::1', port: 80, family: null, tls: null },
      holdMs: 25,
      send: null,
      expect: null,
    });
  });

  it('of HTTP becomes a probe', async () => {
    const tls = { verify: true, ca: null, servername: null, minDays: null, client: null };
    assert.deepEqual((await folder.only({ type: 'http', url: 'https://h:8443/a?b#c' })).probe, {
      kind: 'http',
      url: 'https://h:8443/a?b',
      zone: null,
      socketPath: null,
      family: null,
      method: 'GET',
      headers: {},
      body: null,
      expectStatus: [
        { from: 200, to: 299 },
        { from: 300, to: 399 },
      ],
      expectBody: null,
      follow: 0,
      tls,
    });
    const full = await folder.only({
      type: 'http',
      url: 'http://h',
      method: 'POST',
      headers: { 'X-A': 'b' },
      body: '{}',
      expect: { status: ['2xx', 304, '400-404'], body: '/a/b is text, since no flags follow' },
      follow: 3,
    });
    assert.ok(full.probe.kind === 'http');
    const { method, headers, body, expectStatus, expectBody, follow } = full.probe;
    assert.deepEqual([method, headers, body, follow], ['POST', { 'X-A': 'b' }, '{}', 3]);
    assert.equal(expectBody, '/a/b is text, since no flags follow');
    assert.deepEqual(expectStatus, [
      { from: 200, to: 299 },
      { from: 304, to: 304 },
      { from: 400, to: 404 },
    ]);
    const one = (await folder.only({ type: 'http', url: 'http://h', expect: { status: 204 } })).probe;
    assert.deepEqual(one.kind === 'http' && one.expectStatus, [{ from: 204, to: 204 }]);
  });

  it('of Redis becomes a probe, from a URL, from fields, or from both', async () => {
    const expected = {
      kind: 'redis',
      endpoint: { host: 'h', port: 6379, family: null, tls: null },
      username: 'me',
      password: 'pw',
      db: 2,
      role: 'replica',
    };
    const type = 'redis';
    const role = 'replica';
    const fromUrl = await folder.only({ type, url: 'redis://me:pw@h/2', role });
    const fromFields = await folder.only({ type, host: 'h', username: 'me', password: 'pw', db: 2, role });
    const fromBoth = await folder.only({ type, url: 'redis://h', username: 'me', password: 'pw', db: 2, role });
    for (const { service, probe } of [fromUrl, fromFields, fromBoth]) {
      assert.deepEqual(probe, expected);
      assert.equal(service.target, 'redis://h:6379/2');
    }
  });

  it('takes TLS as true or as settings, its certificates from a file', async () => {
    folder.write('ca.pem', rootCertificates.slice(0, 2).join('\n'));
    const tls = { verify: false, ca: 'ca.pem', servername: 'x.example', minDays: 14 };
    const full = (await folder.only({ ...tcp, tls })).probe;
    assert.deepEqual(full.kind === 'tcp' && full.endpoint.tls, {
      ...tls,
      ca: rootCertificates.slice(0, 2).join('\n'),
      client: null,
    });
    const named = await folder.only({ type: 'redis', url: 'redis+sentinel://me:pw@a,b:2/shop', write: 'k', db: 1 });
    assert.equal(named.service.target, 'redis+sentinel://a:26379,b:2/shop/1');
    assert.equal(named.sentinel, false);
    assert.deepEqual(named.probe, {
      ...{ kind: 'redis', endpoint: { host: 'a', port: 26379, family: null, tls: null }, db: 1, role: 'master' },
      ...{ username: 'me', password: 'pw', write: 'k' },
      sentinels: {
        nodes: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 2 },
        ],
        master: 'shop',
      },
    });
    const { probe, service } = await folder.only({ type: 'redis', host: 'h', tls: true });
    assert.equal(service.target, 'rediss://h:6379');
    assert.equal(probe.kind === 'redis' && probe.endpoint.tls?.verify, true);
    const url = (await folder.only({ type: 'redis', url: 'rediss://h' })).probe;
    assert.notEqual(url.kind === 'redis' && url.endpoint.tls, null);
  });

  it('reads its secrets from the environment and from files', async () => {
    folder.write('pw.txt', 'from file\n');
    const secrets = { username: { env: 'USER_NAME' }, password: { file: 'pw.txt' } };
    const { probe } = await folder.only({ type: 'redis', host: 'h', ...secrets }, { USER_NAME: 'me' });
    assert.deepEqual(probe.kind === 'redis' && [probe.username, probe.password], ['me', 'from file']);
    const web = await folder.only({ type: 'http', url: { env: 'URL' } }, { URL: 'https://u:p@h/hooks/T0KEN?k=v' });
    assert.equal(web.service.target, 'https://h/…');
    assert.equal(web.probe.kind === 'http' && web.probe.url, 'https://h/hooks/T0KEN?k=v');
  });
});

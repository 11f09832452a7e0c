/** Who may look: tokens, `public`, other sites' pages, other names. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { pino } from 'pino';

import { Access, isLoopback } from '../../src/server/access.ts';
import { FeedError, FeedServer } from '../../src/server/feed-server.ts';
import { ask, handshake, raw } from './asking.ts';
import { Listener } from './listener.ts';
import { inScene, scene, type Scene, TOKEN } from './scene.ts';

const PATHS = [
  '/',
  '/page.js',
  '/api/v1/status',
  '/api/v1/gaps',
  '/api/v1/timeline',
  '/badge/web.svg',
  '/metrics',
  '/nothing',
];
const BASIC = `Basic ${Buffer.from(`anybody:${TOKEN}`).toString('base64')}`;

const OTHER_BASIC = `Basic ${Buffer.from('admin:of-the-proxy').toString('base64')}`;
const PROXY_HEADERS = ['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Real-IP'];

const statusOf = async (at: Scene, headers: Record<string, string>, path = '/api/v1/status'): Promise<number> =>
  (await ask(at.http + path, { headers })).status;
const upgradeOf = async (at: Scene, headers: string[]): Promise<number> => {
  const client = raw(at.http, handshake('/feed?after=x', headers), true);
  return Number((await client).split(' ')[1]);
};

describe('on a loopback address, without a token', () => {
  let at: Scene;
  before(async () => {
    at = await scene();
  });
  after(async () => {
    await at.end();
  });

  it('lets every user of the machine look, under its own names', async () => {
    for (const host of [
      '127.0.0.1',
      'localhost',
      'LOCALHOST:9',
      '127.0.0.1:9720',
      '[::1]:9720',
      'gapwatch.localhost:80',
    ]) {
      assert.equal(await statusOf(at, { host }), 200, host);
      assert.equal(await upgradeOf(at, [`Host: ${host}`]), 101, host);
    }
  });

  it('refuses a name that an attacker made to point here', async () => {
    for (const host of [
      'evil.example',
      'evil.example:9720',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      '',
    ]) {
      if (host !== '') assert.equal(await statusOf(at, { host }), 403, host);
      assert.equal(await upgradeOf(at, [`Host: ${host}`]), 403, host);
    }
  });

  it("refuses another site's page, and serves its own", async () => {
    const host = new URL(at.http).host;
    for (const origin of [`http://${host}`, `https://${host}`]) {
      assert.equal(await statusOf(at, { host, origin }), 200, origin);
      assert.equal(await upgradeOf(at, [`Host: ${host}`, `Origin: ${origin}`]), 101, origin);
    }
    for (const origin of [
      'http://evil.example',
      'null',
      'http://localhost:3000',
      'http://127.0.0.1',
      `http://${host}.evil.example`,
      '',
    ]) {
      assert.equal(await statusOf(at, { host, origin }), 403, origin);
      assert.equal(await upgradeOf(at, [`Host: ${host}`, `Origin: ${origin}`]), 403, origin);
    }
  });

  it('refuses to be embedded by another site, but may be linked to', async () => {
    const embedded = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    assert.equal(await statusOf(at, embedded, '/badge/web.svg'), 403);
    assert.equal(await statusOf(at, { ...embedded, 'sec-fetch-mode': 'navigate' }, '/'), 200);
    assert.equal(await statusOf(at, { ...embedded, 'sec-fetch-site': 'same-origin' }, '/page.js'), 200);
  });

  it('refuses what came through a proxy, and names the way out; it is alive and ready for it', async () => {
    for (const name of PROXY_HEADERS) {
      const { status, body } = await ask(`${at.http}/api/v1/status`, { headers: { [name]: 'x' } });
      assert.equal(status, 403, name);
      assert.match(body, /set feed\.token, or feed\.public/);
      assert.equal(await upgradeOf(at, [`${name}: x`]), 403, name);
      for (const path of PATHS) assert.equal(await statusOf(at, { [name]: 'x' }, path), 403, path);
      assert.equal(await statusOf(at, { [name]: 'x' }, '/healthz'), 200);
    }
    assert.equal(await statusOf(at, { 'x-request-id': '1', 'x-forward': 'y' }), 200);
  });

  it('cares for no password', async () => {
    for (const authorization of [BASIC, 'Bearer x', 'Digest x'])
      assert.equal(await statusOf(at, { authorization }), 200);
  });
});

describe('on a loopback address, with a token', () => {
  let at: Scene;
  before(async () => {
    at = await scene({ feed: { token: TOKEN } });
  });
  after(async () => {
    await at.end();
  });

  it('shows nothing without it: who asks may have come through a proxy that says nothing of it', async () => {
    for (const path of PATHS) {
      const { status, headers, body } = await ask(at.http + path);
      assert.equal(status, 401, path);
      assert.match(String(headers['www-authenticate']), /Bearer.*Basic/);
      assert.deepEqual(Object.keys(JSON.parse(body) as object), ['error']);
    }
    for (const name of PROXY_HEADERS) assert.equal(await statusOf(at, { [name]: 'x' }), 401, name);
    assert.equal(await statusOf(at, { host: 'evil.example' }), 401);
    const client = new Listener(at.ws);
    assert.equal((await client.closed).code, 1008);
    assert.deepEqual(client.received, []);
  });

  it('takes the token for what it is, and refuses a wrong one', async () => {
    const host = 'monitor.example';
    assert.equal(await statusOf(at, { host, authorization: `Bearer ${TOKEN}` }), 200);
    assert.equal(await statusOf(at, { host, authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '1.2.3.4' }), 200);
    assert.equal(await statusOf(at, { authorization: `Bearer ${TOKEN}x` }), 401);
    assert.equal(await statusOf(at, { authorization: BASIC }), 200);
    assert.equal(await statusOf(at, { authorization: BASIC, origin: 'http://evil.example' }), 403);
    assert.equal(await statusOf(at, { authorization: OTHER_BASIC }), 401);
    assert.equal(await statusOf(at, { authorization: 'Digest x' }), 401);
  });
});

describe('behind a proxy with a password of its own', () => {
  it(
    "shows the public view: that password is none of the monitor's",
    inScene({ names: ['web'], feed: { token: TOKEN, public: true } }, async (at) => {
      const { status, body } = await ask(`${at.http}/api/v1/status`, { headers: { authorization: OTHER_BASIC } });
      assert.equal(status, 200);
      assert.doesNotMatch(body, /target/);
      assert.equal(await upgradeOf(at, [`Authorization: ${OTHER_BASIC}`]), 101);
    }),
  );
});

describe('on an address that others reach', () => {
  let at: Scene;
  before(async () => {
    at = await scene({ feed: { token: TOKEN, listen: { host: '0.0.0.0', port: 0 } } });
  });
  after(async () => {
    await at.end();
  });

  it('shows nothing without the token, from this machine either', async () => {
    for (const path of PATHS) {
      const { status, headers, body } = await ask(at.http + path);
      assert.equal(status, 401, path);
      assert.match(String(headers['www-authenticate']), /Bearer.*Basic/);
      assert.deepEqual(Object.keys(JSON.parse(body) as object), ['error']);
      assert.equal(await statusOf(at, { authorization: 'Bearer wrong' }, path), 401);
    }
    for (const query of ['', '?token=wrong', `?token=${TOKEN}x`, '?token=']) {
      const client = new Listener(at.ws + query);
      const end = await client.closed;
      assert.equal(end.code, 1008);
      assert.match(end.reason, /token/);
      assert.deepEqual(client.received, []);
    }
  });

  it('shows all with it, in the header, in the query of the websocket, or as a password', async () => {
    for (const path of PATHS.slice(0, -1)) {
      assert.equal(await statusOf(at, { authorization: `Bearer ${TOKEN}` }, path), 200, path);
      assert.equal(await statusOf(at, { authorization: BASIC }, path), 200, path);
    }
    assert.equal((await ask(`${at.http}/api/v1/status?token=${TOKEN}`)).status, 401);
    const clients = [
      await Listener.open(`${at.ws}?token=${TOKEN}`, { origin: 'http://elsewhere.example' }),
      await Listener.open(at.ws, { headers: { authorization: `Bearer ${TOKEN}` } }),
      await Listener.open(at.ws, { headers: { authorization: BASIC } }),
    ];
    for (const client of clients) {
      assert.match(JSON.stringify(client.received[0]), /"target":"tcp:/);
      await client.close();
    }
    assert.equal(await upgradeOf(at, [`Authorization: ${BASIC}`, 'Origin: http://evil.example']), 403);
  });

  it('lets a supervisor ask whether it is alive and ready', async () => {
    assert.equal(await statusOf(at, {}, '/healthz'), 200);
    assert.equal(await statusOf(at, {}, '/readyz'), 200);
  });

  it('never logs a token, right or wrong', () => {
    assert.doesNotMatch(at.logged(), /token-for-tests|wrong/);
  });
});

describe('an address that others reach, without a token and without public', () => {
  it(
    'is not listened on, and both ways out are named',
    inScene({ names: [] }, async (at) => {
      for (const [host, token] of [
        ['0.0.0.0', null],
        ['::', null],
        ['10.1.2.3', ''],
        ['example.com', null],
      ] as const) {
        const options = {
          token,
          public: false,
          monitor: at.monitor,
          page: new Map<never, never>(),
          log: pino({ enabled: false }),
        };
        await assert.rejects(FeedServer.start({ ...options, listen: { host, port: 9720 } }), (error) => {
          assert.ok(error instanceof FeedError);
          assert.equal(error.code, 'not-protected');
          assert.match(error.message, /"token".*\n.*"public": true/);
          return true;
        });
      }
    }),
  );
});

describe('an address that cannot be listened on', () => {
  it(
    'is distinguished: in use, or not there',
    inScene({ names: [] }, async (at) => {
      const options = {
        token: null,
        public: true,
        monitor: at.monitor,
        page: new Map<never, never>(),
        log: pino({ enabled: false }),
      };
      const fails = async (host: string, port: number): Promise<string> => {
        const error: unknown = await FeedServer.start({ ...options, listen: { host, port } }).catch(
          (fault: unknown) => fault,
        );
        assert.ok(error instanceof FeedError, String(error));
        assert.match(error.message, new RegExp(`${host.replaceAll('.', '\\.')}:${String(port)}`));
        return error.code;
      };
      assert.equal(await fails('127.0.0.1', at.feed.address.port), 'address-in-use');
      assert.equal(await fails('192.0.2.1', 9720), 'address-unusable');
    }),
  );
});

describe('access', () => {
  it('knows a loopback address', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) assert.equal(isLoopback(host), true, host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', ''])
      assert.equal(isLoopback(host), false, host);
  });

  it('shows the public view to those without a token, wherever it listens', () => {
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const access = new Access({ host, token: TOKEN, public: true });
      const anybody = { host: 'status.example', origin: 'http://elsewhere.example' };
      assert.deepEqual(access.judge(anybody, null), { view: 'public', trusted: false });
      assert.deepEqual(access.judge({ authorization: `Bearer ${TOKEN}` }, null), { view: 'private', trusted: true });
      assert.deepEqual(access.judge({}, TOKEN), { view: 'private', trusted: true });
      assert.equal('status' in access.judge({}, 'wrong'), true);
    }
  });
});

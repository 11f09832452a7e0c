/** Who may look: tokens, `public`, other sites' pages, other names. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { pino } from 'pino';

import { Access, isLoopback } from '../../src/server/access.ts';
import { FeedError } from '../../src/server/feed-error.ts';
import { FeedServer } from '../../src/server/feed-server.ts';
import { TrustedProxies } from '../../src/server/proxies.ts';
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

describe('a login', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };
  const enter = (at: Scene, token: string, more: Record<string, string> = {}): ReturnType<typeof ask> =>
    ask(`${at.http}/login`, {
      method: 'POST',
      headers: { ...form, ...more },
      body: `token=${encodeURIComponent(token)}`,
    });
  const cookieOf = ({ headers }: Awaited<ReturnType<typeof ask>>): string =>
    String(headers['set-cookie']).split(';')[0]!;

  it('is a form for a browser, under any prefix, and a cookie of which scripts know nothing', async () => {
    await inScene({ names: ['web'], feed: { token: TOKEN } }, async (at) => {
      const page = await ask(`${at.http}/`, { headers: { accept: 'text/html,*/*' } });
      assert.equal(page.status, 401);
      assert.match(page.body, /<form method="post" action="login">/);
      // No dialog of the browser's own.
      assert.doesNotMatch(String(page.headers['www-authenticate']), /Basic/);
      const entered = await enter(at, TOKEN);
      assert.equal(entered.status, 303);
      assert.equal(entered.headers.location, './');
      assert.match(String(entered.headers['set-cookie']), /; HttpOnly; SameSite=Strict$/);
      assert.doesNotMatch(String(entered.headers['set-cookie']), new RegExp(`${TOKEN}|Path=`));
      const cookie = cookieOf(entered);
      assert.equal(await statusOf(at, { cookie }), 200);
      assert.equal(await statusOf(at, { cookie: `a=b; ${cookie}; c=d` }, '/'), 200);
      assert.equal(await upgradeOf(at, [`Cookie: ${cookie}`]), 101);
      const host = new URL(at.http).host;
      const mark = { method: 'POST', headers: { cookie, 'content-type': 'application/json' }, body: '{"text":"x"}' };
      assert.equal((await ask(`${at.http}/api/v1/marks`, mark)).status, 201);
      const secure = await enter(at, TOKEN, { host, origin: `https://${host}` });
      assert.match(String(secure.headers['set-cookie']), /; Secure$/);
    })();
  });

  it('takes no wrong token, no cookie of another token, and nothing from a page of another site', async () => {
    await inScene({ names: ['web'], feed: { token: TOKEN } }, async (at) => {
      for (const wrong of ['', 'x', `${TOKEN}x`, 'x'.repeat(10_000)]) {
        const { status, headers } = await enter(at, wrong);
        assert.equal(status, 401);
        assert.equal(headers['set-cookie'], undefined);
      }
      const foreign = await enter(at, TOKEN, { origin: 'http://evil.example' });
      assert.equal(foreign.status, 403);
      assert.equal(foreign.headers['set-cookie'], undefined);
      const asJson = { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"token":"${TOKEN}"}` };
      assert.equal((await ask(`${at.http}/login`, asJson)).status, 401);
      assert.equal((await ask(`${at.http}/login`, { method: 'PUT' })).status, 405);
      const cookie = cookieOf(await enter(at, TOKEN));
      for (const origin of ['http://evil.example', 'null'])
        assert.equal(await statusOf(at, { cookie, origin }), 403, origin);
      assert.equal(await statusOf(at, { cookie, 'sec-fetch-site': 'cross-site' }), 403);
      assert.equal(await upgradeOf(at, [`Cookie: ${cookie}`, 'Origin: http://evil.example']), 403);
      for (const other of ['gapwatch=', 'gapwatch=x', cookie.slice(0, -1), `gapwatch=${TOKEN}`])
        assert.equal(await statusOf(at, { cookie: other }), 401, other);
      await at.feed.change({ host: '127.0.0.1', port: 0 }, { token: 'another-token', public: false });
      assert.equal(await statusOf(at, { cookie }), 401);
    })();
  });

  it('shows a public page the whole, and is none without a token', async () => {
    await inScene({ names: ['web'], feed: { token: TOKEN, public: true } }, async (at) => {
      const cookie = cookieOf(await enter(at, TOKEN));
      assert.match((await ask(`${at.http}/api/v1/status`, { headers: { cookie } })).body, /"target"/);
      assert.doesNotMatch((await ask(`${at.http}/api/v1/status`)).body, /"target"/);
    })();
    await inScene({ names: ['web'] }, async (at) => {
      assert.equal((await ask(`${at.http}/login`)).status, 404);
    })();
  });
});

describe('behind a proxy', () => {
  it('takes the page from the sites of feed.origins', async () => {
    const feed = { token: TOKEN, origins: ['https://status.example.org'] };
    await inScene({ names: ['web'], feed }, async (at) => {
      const authorization = BASIC;
      assert.equal(await statusOf(at, { authorization, origin: 'https://status.example.org' }), 200);
      for (const origin of [
        'http://status.example.org',
        'https://status.example.org.evil.example',
        'https://example.org',
      ])
        assert.equal(await statusOf(at, { authorization, origin }), 403, origin);
    })();
  });

  it('lets the sites of feed.embed frame the page, and no other', async () => {
    const policyOf = async (at: Scene): Promise<string> =>
      String((await ask(`${at.http}/`)).headers['content-security-policy']);
    await inScene({ names: ['web'], feed: { embed: ['https://example.org'] } }, async (at) => {
      assert.match(await policyOf(at), /frame-ancestors https:\/\/example\.org$/);
      await at.feed.change({ host: '127.0.0.1', port: 0 }, { token: null, public: false });
      assert.match(await policyOf(at), /frame-ancestors 'none'$/);
    })();
  });

  it('keeps the title of the page too where a change is refused', async () => {
    await inScene({ names: ['web'] }, async (at) => {
      const nothing = { description: null, logo: null, home: null };
      const listen = { host: '0.0.0.0', port: 0 };
      const rules = { token: null, public: false, site: { title: 'another title', ...nothing } };
      await assert.rejects(at.feed.change(listen, rules), { code: 'not-protected' });
      assert.doesNotMatch((await ask(`${at.http}/api/status-page/default`)).body, /another title/);
      await at.feed.change({ host: '127.0.0.1', port: 0 }, rules);
      assert.match((await ask(`${at.http}/api/v2/summary.json`)).body, /another title/);
    })();
  });

  it('gives the public what every page and cache may have, and nobody what is private', async () => {
    await inScene({ names: ['web'], feed: { token: TOKEN, public: true } }, async (at) => {
      for (const path of ['/api/v1/gaps', '/badge/web.svg', '/badge/web.json', '/api/v1/status']) {
        const { headers } = await ask(at.http + path);
        assert.equal(headers['access-control-allow-origin'], '*', path);
        assert.match(String(headers.etag), /^"[\w-]+"$/, path);
      }
      const { headers } = await ask(`${at.http}/badge/web.svg`);
      const again = await ask(`${at.http}/badge/web.svg`, { headers: { 'if-none-match': String(headers.etag) } });
      assert.equal(again.status, 304);
      assert.equal(again.body, '');
      const all = await ask(`${at.http}/api/v1/gaps`, { headers: { authorization: `Bearer ${TOKEN}` } });
      assert.equal(all.headers['access-control-allow-origin'], undefined);
      assert.equal(all.headers['cache-control'], 'no-store');
    })();
    await inScene({ names: ['web'] }, async (at) => {
      assert.equal((await ask(`${at.http}/api/v1/gaps`)).headers['access-control-allow-origin'], undefined);
    })();
  });

  it('counts the client that a trusted proxy names, and no other', () => {
    const proxies = new TrustedProxies(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    const clientOf = (remoteAddress: string, forwarded?: string): string =>
      proxies.clientOf({
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
        socket: { remoteAddress },
      });
    assert.equal(clientOf('127.0.0.1', '192.0.2.1'), '192.0.2.1');
    assert.equal(clientOf('::ffff:127.0.0.1', '192.0.2.1'), '192.0.2.1');
    assert.equal(clientOf('127.0.0.1', '6.6.6.6, 192.0.2.1, 10.1.2.3'), '192.0.2.1');
    assert.equal(clientOf('fd00::1', '[2001:db8::1]:4711'), '2001:db8::1');
    assert.equal(clientOf('10.0.0.9', '192.0.2.1:80'), '192.0.2.1');
    // Written by whoever likes to.
    assert.equal(clientOf('192.0.2.7', '192.0.2.1'), '192.0.2.7');
    assert.equal(clientOf('127.0.0.1'), '127.0.0.1');
    for (const odd of ['', 'unknown', '_hidden', ',,', 'x'.repeat(10_000)])
      assert.equal(clientOf('127.0.0.1', odd), '127.0.0.1');
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
      const access = new Access(host, { token: TOKEN, public: true });
      const anybody = { host: 'status.example', origin: 'http://elsewhere.example' };
      assert.deepEqual(access.judge(anybody, null), { view: 'public', trusted: false });
      assert.deepEqual(access.judge({ authorization: `Bearer ${TOKEN}` }, null), { view: 'private', trusted: true });
      assert.deepEqual(access.judge({}, TOKEN), { view: 'private', trusted: true });
      assert.equal('status' in access.judge({}, 'wrong'), true);
    }
  });
});

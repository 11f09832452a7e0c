/** HTTP: what is asked, what a reply must be, and servers that mean no good. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';

import type { Sample } from '../../src/core/model.ts';
import type { HttpSpec } from '../../src/probe/spec.ts';
import { VERSION } from '../../src/core/version.ts';
import { certificate } from '../support/certificates.ts';
import { AMPLE_MS, httpSpec, Probing, tlsOf, verdict } from '../support/probing.ts';
import { held, released } from '../support/resources.ts';
import { pouring, saying, sayingLast, serve, silent, type Behaviour } from '../support/servers.ts';
import { reply, website } from '../support/website.ts';

const MIB = 1_048_576;

/** Sends one probe to a server that behaves so. */
async function found(behave: Behaviour, over: Partial<HttpSpec> = {}, timeoutMs = AMPLE_MS): Promise<Sample> {
  const before = held();
  const server = await serve(behave);
  const probing = await Probing.of(httpSpec(`http://127.0.0.1:${String(server.port)}/`, over));
  try {
    return await probing.probe(timeoutMs);
  } finally {
    probing.close();
    await server.idle();
    await server.close();
    await released(before);
  }
}

describe('the reply of an HTTP service', () => {
  const STATUSES = [{ from: 200, to: 299 }];
  const REPLIES: readonly [
    name: string,
    behave: Behaviour,
    over: Partial<HttpSpec>,
    reason: string,
    message: RegExp | null,
  ][] = [
    [
      'a status that is not accepted',
      saying(reply('503 Service Unavailable', 'no')),
      {},
      'status',
      /^503 Service Unavailable$/,
    ],
    ['a status without words', saying(reply('599', '')), {}, 'status', /^599$/],
    ['a status with control characters', saying(reply('500 \u0007\u009b', '')), {}, 'status', /^500 \\u0007/],
    ['a redirect where it is not followed', saying(reply('302 Found', '', 'Location: /else')), {}, 'up', null],
    [
      'a redirect where only 2xx is accepted',
      saying(reply('302 Found', '', 'Location: /else')),
      { expectStatus: STATUSES },
      'status',
      /^302 Found$/,
    ],
    ['the body that is expected', saying(reply('200 OK', 'all is well')), { expectBody: 'is well' }, 'up', null],
    [
      'another body',
      saying(reply('200 OK', 'all is lost')),
      { expectBody: 'is well' },
      'body',
      /^"is well" is not in the 11 bytes of the body$/,
    ],
    ['a body that an expression matches', saying(reply('200 OK', 'load: 7')), { expectBody: /load: \d$/g }, 'up', null],
    ['no body', saying(reply('204 No Content', '')), { expectBody: 'x' }, 'body', /0 bytes/],
    [
      'a body that is no UTF-8',
      saying(reply('200 OK', Buffer.from('ff6f6bfe', 'hex'))),
      { expectBody: 'ok' },
      'up',
      null,
    ],
    ['a body until the close', sayingLast('HTTP/1.1 200 OK\r\n\r\nwell'), { expectBody: 'well' }, 'up', null],
    [
      'a body that ends short',
      sayingLast('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwell'),
      {},
      'protocol',
      /closed in the middle/,
    ],
    [
      'a body that ends short before an announced close',
      sayingLast('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nwell'),
      {},
      'protocol',
      /closed in the middle/,
    ],
    [
      'chunks without the last one',
      sayingLast('HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n'),
      {},
      'protocol',
      /closed in the middle/,
    ],
    [
      'a chunk that is malformed',
      saying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
      {},
      'protocol',
      /not an HTTP reply/,
    ],
    ['noise before the status line', saying('SSH-2.0-OpenSSH_9.2\r\n'), {}, 'protocol', /not an HTTP reply/],
    [
      'a change of protocol',
      saying('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      {},
      'protocol',
      /not an HTTP reply/,
    ],
    [
      'an interim reply before the real one',
      saying('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      {},
      'up',
      null,
    ],
    ['a reply before the request', (socket) => socket.resume().end(reply('200 OK', '')), {}, 'up', null],
  ];
  for (const [name, behave, over, reason, message] of REPLIES) {
    it(`finds ${name}`, async () => {
      const sample = await found(behave, over);
      assert.equal(verdict(sample), reason, String(sample.message));
      if (message !== null) assert.match(String(sample.message), message);
    });
  }

  it('reports the status at the deadline where the body hangs', async () => {
    const sample = await found(saying('HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n'), {}, 150);
    assert.equal(sample.message, '503 Busy');
  });

  const ENDLESS: readonly [name: string, first: string, then: string, over: Partial<HttpSpec>, reason: string][] = [
    ['headers', 'HTTP/1.1 200 OK\r\n', 'X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n', {}, 'protocol'],
    ['one header', 'HTTP/1.1 200 OK\r\nX-Filler: ', 'aaaaaaaaaaaaaaaaa', {}, 'protocol'],
    ['interim replies', '', 'HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n', {}, 'protocol'],
    [
      'a body, which is judged by its first MiB',
      'HTTP/1.1 200 OK\r\n\r\nwell',
      'and so on ',
      { expectBody: /^well/ },
      'up',
    ],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '5\r\nagain\r\n', {}, 'up'],
    [
      'a body without what is expected',
      `HTTP/1.1 200 OK\r\nContent-Length: ${String(2 ** 40)}\r\n\r\n`,
      'no',
      { expectBody: 'yes' },
      'body',
    ],
    ['a body with a bad status', 'HTTP/1.1 500 No\r\n\r\n', 'no', {}, 'status'],
  ];
  for (const [name, first, then, over, reason] of ENDLESS) {
    it(`reads no more than it must of endless ${name}`, async () => {
      let taken = 0;
      const sample = await found(
        pouring(first, then, (bytes) => {
          taken = bytes;
        }),
        over,
      );
      assert.equal(verdict(sample), reason, String(sample.message));
      // What the kernel and Node's streams hold at both ends comes on top.
      assert.ok(taken < 32 * MIB, `${String(taken)} bytes`);
    });
  }
});

describe('the request of an HTTP probe', () => {
  it('is what the service asks for, by whom', async () => {
    const bodies: Promise<string>[] = [];
    const site = await website((request, response) => {
      bodies.push(text(request));
      response.end();
    });
    const over = { method: 'POST', headers: { 'X-Probe': 'yes', Host: 'shop.example' }, body: '{"é":1}' };
    const probing = await Probing.of(httpSpec(`${site.url}/health?deep=1`, over));
    assert.equal(verdict(await probing.probe()), 'up');
    const [request] = site.asked;
    assert.equal(request?.method, 'POST');
    assert.equal(request.url, '/health?deep=1');
    assert.deepEqual(
      [request.headers.host, request.headers['x-probe'], request.headers['user-agent'], request.headers.connection],
      ['shop.example', 'yes', `gapwatch/${VERSION}`, 'close'],
    );
    assert.equal(await bodies[0], '{"é":1}');
    probing.close();
    site.close();
  });

  it('leaves the name of the client to the service', async () => {
    const site = await website((_, response) => response.end());
    const probing = await Probing.of(httpSpec(site.url, { headers: { 'User-Agent': 'me' } }));
    await probing.probe();
    assert.equal(site.asked[0]?.headers['user-agent'], 'me');
    probing.close();
    site.close();
  });

  it('fails where it can’t be sent, and leaves nothing', async () => {
    const sample = await found(silent, { headers: { 'Transfer-Encoding': 'chunked' } });
    assert.equal(verdict(sample), 'error');
    assert.match(String(sample.message), /request can't be sent/);
  });

  it('goes to a name with a dot at its end, and to an address with a zone', async () => {
    const site = createServer((request, response) => response.end(request.headers.host));
    site.listen(0, '::');
    await once(site, 'listening');
    const port = String((site.address() as AddressInfo).port);
    const asked: [url: string, zone: string | null, host: string][] = [
      [`http://localhost.:${port}/`, null, `localhost.:${port}`],
      [`http://[::1]:${port}/`, 'lo', `[::1]:${port}`],
      [`http://[::1]:${port}/`, null, `[::1]:${port}`],
    ];
    for (const [url, zone, host] of asked) {
      const probing = await Probing.of(httpSpec(url, { zone, expectBody: host }));
      const sample = await probing.probe();
      assert.equal(verdict(sample), 'up', String(sample.message));
      probing.close();
    }
    site.close();
    site.closeAllConnections();
  });

  it('shows a client certificate to the service, and to no other origin', async () => {
    const { cert, key } = await certificate('IP:127.0.0.1');
    const shown: boolean[] = [];
    const servers = [0, 1].map((index) =>
      createTlsServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (_, response) => {
        if (index === 1) response.end();
        else response.writeHead(302, { location: urlOf(1) }).end();
      }),
    );
    const urlOf = (index: number): string =>
      `https://127.0.0.1:${String((servers[index]?.address() as AddressInfo).port)}/`;
    for (const server of servers) {
      server.on('secureConnection', (socket) => shown.push(socket.getPeerX509Certificate() !== undefined));
      await once(server.listen(0, '127.0.0.1'), 'listening');
    }
    const tls = tlsOf({ ca: cert, client: { cert, key } });
    const probing = await Probing.of(httpSpec(urlOf(0), { tls, follow: 1 }));
    const sample = await probing.probe();
    assert.equal(verdict(sample), 'up', String(sample.message));
    assert.deepEqual(shown, [true, false]);
    probing.close();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });

  it('goes through a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-unix-'));
    const socketPath = join(folder, 'http.sock');
    const server = await serve(saying(reply('200 OK', 'well')), undefined, socketPath);
    const probing = await Probing.of(httpSpec('http://localhost/', { socketPath, expectBody: 'well' }));
    assert.equal(verdict(await probing.probe()), 'up');
    await server.close();
    const sample = await probing.probe();
    assert.equal(verdict(sample), 'refused');
    assert.match(String(sample.message), /http\.sock/);
    await rm(folder, { recursive: true });
  });

  it('is given up on a silent unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-unix-'));
    const socketPath = join(folder, 'http.sock');
    const server = await serve(silent, undefined, socketPath);
    const probing = await Probing.of(httpSpec('http://localhost/', { socketPath }));
    assert.equal(verdict(await probing.probe(100)), 'timeout-reply');
    await server.idle();
    await server.close();
    await rm(folder, { recursive: true });
  });
});

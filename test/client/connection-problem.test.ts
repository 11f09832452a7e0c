/** What is said where a feed can't be reached: in words, with what to try. Real servers, each of one kind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { after, describe, it } from 'node:test';

import { FeedClient } from '../../src/client/feed-client.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import { certificate } from '../support/certificates.ts';
import { freePort } from '../support/servers.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function answering(status: number, headers: Record<string, string> = {}): Promise<number> {
  const answer: RequestListener = (_, response) => response.writeHead(status, headers).end('\x1b[31mno');
  const server = createServer(answer);
  server.on('upgrade', (_, socket) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${String(status)} Words\r\n${lines.join('')}content-length: 2\r\n\r\nno`);
  });
  return portOf(server);
}

/** The first problem of a client. */
async function problemAt(address: string): Promise<string> {
  const url = parseFeedUrl(address);
  assert.ok(url !== null, address);
  const client = new FeedClient(url, false);
  try {
    return await new Promise((resolve) => {
      client.subscribe({
        samples: false,
        take: () => undefined,
        disconnected: ({ problem }) => {
          resolve(problem);
        },
      });
    });
  } finally {
    client.close();
  }
}

describe('a feed that is none', { concurrency: true }, () => {
  const ANSWERS: [status: number, headers: Record<string, string>, address: string, words: RegExp][] = [
    [404, {}, '', /a web server answers there, but no gapwatch at \/feed \(404\); gapwatch is usually on port 9720/],
    [404, {}, '/gw', /no gapwatch at \/gw\/feed/],
    [200, {}, '', /no gapwatch at \/feed \(200\)/],
    [
      302,
      { location: 'https://other/login?secret=1' },
      '',
      /redirects to "https:\/\/other\/login" \(302\): attach to that/,
    ],
    [301, { location: 'https://oth\u00e9r/' }, '', /redirects to/],
    [401, {}, '', /a token is needed there: --token/],
    [401, {}, '/?token=x', /the token is not accepted \(401\)/],
    [403, {}, '', /not allowed there \(403\)/],
    [400, {}, '', /is TLS needed, as wss:\/\/\?/],
    [426, {}, '', /does not open the feed \(426\)/],
    [502, {}, '', /in front of it can't reach it, or fails \(502\)/],
  ];
  for (const [status, headers, path, words] of ANSWERS) {
    it(`answers with ${String(status)}${path}`, async () => {
      const problem = await problemAt(`http://127.0.0.1:${String(await answering(status, headers))}${path}`);
      assert.match(problem, words);
      assert.doesNotMatch(problem, /secret|Unexpected|\p{Cc}/u);
    });
  }

  it('is not there', async () => {
    const port = await freePort();
    assert.match(await problemAt(String(port)), new RegExp(`nothing listens at 127\\.0\\.0\\.1:${String(port)}`));
    assert.match(await problemAt(`localhost:${String(port)}`), /nothing listens at localhost/);
    assert.match(await problemAt('nowhere.invalid'), /nowhere\.invalid/);
  });

  it('speaks TLS, or does not', async () => {
    const tls = createTlsServer(await certificate('IP:127.0.0.1'), (_, response) => response.end());
    const port = String(await portOf(tls));
    assert.match(await problemAt(`http://127.0.0.1:${port}`), /is TLS needed, as wss:\/\//);
    assert.match(await problemAt(`https://127.0.0.1:${port}`), /its certificate is not accepted: /);
    const plain = String(await answering(404));
    assert.match(await problemAt(`https://127.0.0.1:${plain}`), /no TLS is spoken at 127\.0\.0\.1:\d+: try ws:\/\//);
  });

  it('is another service', async () => {
    const redis = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write('-ERR unknown command\r\n'));
    });
    assert.match(await problemAt(String(await portOf(redis))), /no HTTP is spoken at/);
    const closing = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.destroy());
    });
    assert.match(await problemAt(String(await portOf(closing))), /closed without an answer/);
    const strange = createServer();
    strange.on('upgrade', (_, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: x\r\n\r\n',
      );
    });
    assert.match(await problemAt(String(await portOf(strange))), /a web server answers there, but no gapwatch/);
  });
});

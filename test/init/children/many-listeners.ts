/**
 * Listens on many ports, each with another protocol or address, runs `gapwatch init` and `gapwatch check` beside them, and prints what came
 * of it as JSON. Meant for a network namespace of its own, where nothing else listens.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';

import { certificate } from '../../support/certificates.ts';
import { run } from '../../cli/program.ts';

const [, , folder = '', ...more] = process.argv;
const { cert, key } = await certificate('DNS:shop.example.org');

const page =
  (status: number): RequestListener =>
  (_, response) => {
    response.writeHead(status, { location: '/x' }).end('hello');
  };
const tcp = (behave: (socket: Socket) => void): Server =>
  createServer((socket) => {
    socket.on('error', () => undefined).resume();
    behave(socket);
  });
const silent = (): Server => tcp(() => undefined);
const says = (text: string | Buffer): Server => tcp((socket) => socket.write(text));

const servers: readonly (readonly [Server, number, string])[] = [
  [says('SSH-2.0-OpenSSH_9.2\r\n'), 2222, '127.0.0.1'],
  [says('220 mail.example.org ESMTP Postfix\r\n'), 2525, '0.0.0.0'],
  [says(Buffer.from('4a0000000a382e302e333600616161', 'hex')), 3306, '127.0.0.1'],
  [tcp((socket) => socket.on('data', () => socket.write('S'))), 5432, '127.0.0.1'],
  [silent(), 7000, '127.0.0.1'],
  [silent(), 7001, '::1'],
  [tcp((socket) => socket.end()), 7002, '127.0.0.1'],
  [tcp((socket) => socket.once('data', () => socket.end())), 7003, '127.0.0.1'],
  [createHttp(page(200)), 8080, '0.0.0.0'],
  [createHttp(page(404)), 8081, '::'],
  [createHttp(page(401)), 8082, '127.0.0.1'],
  [createHttp(page(302)), 8083, '::1'],
  [createHttp(page(200)), 40_000, '127.0.0.1'],
  [
    tcp((socket) =>
      socket.on('data', (data) => data.includes('HTTP/1.1\r\n') && socket.end('HTTP/1.1 426 Upgrade\r\n\r\n')),
    ),
    8085,
    '127.0.0.1',
  ],
  [createHttps({ cert, key }, page(200)), 8443, '127.0.0.1'],
  [createHttps({ cert, key }, page(200)), 8444, '::1'],
  [createTls({ cert, key }, (socket) => socket.resume()), 9993, '127.0.0.1'],
  [
    createTls({ cert, key, requestCert: true, rejectUnauthorized: true, ca: cert }, (socket) => socket.resume()),
    9994,
    '127.0.0.1',
  ],
  [says('-DENIED Redis is running in protected mode.\r\n'), 6390, '127.0.0.1'],
  [tcp((socket) => socket.on('data', () => socket.write('ERROR\r\n'))), 11_211, '127.0.0.1'],
];
const connections = new Map<number, number>();
for (const [server, port, host] of servers) {
  server.on('connection', () => connections.set(port, (connections.get(port) ?? 0) + 1));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
}
const redis = [
  ['6379', '--bind', '127.0.0.1', '::1'],
  ['6380', '--requirepass', 'secret'],
].map((args) =>
  spawn('redis-server', ['--save', '', '--dir', folder, '--port', ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
);
await Promise.all(
  redis.map(
    (child) =>
      new Promise<void>((resolve) =>
        child.stdout.on('data', (text) => {
          if (String(text).includes('Ready to accept')) resolve();
        }),
      ),
  ),
);

const began = performance.now();
const init = await run(['init', ...more], { cwd: folder });
const tookMs = performance.now() - began;
const asked = Object.fromEntries(connections);
const check = await run(['check'], { cwd: folder });
for (const child of redis) child.kill('SIGKILL');
console.log(
  JSON.stringify({
    init,
    check,
    tookMs,
    asked,
    text: init.code === 0 ? readFileSync(`${folder}/services.json`, 'utf8') : '',
  }),
);
process.exit(0);

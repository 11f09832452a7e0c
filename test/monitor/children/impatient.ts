/**
 * A healthy HTTP server, and a TCP one beside it, that lose patience with clients which are silent for a second: as nginx and others
 * do, with shorter times. Runs at a high priority where it may: it is well, whatever else runs. Prints the
 * two ports as JSON; ends with its standard input.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

import { takeHighestPriority } from '../../support/highest-priority.ts';

const PATIENCE_MS = 1000;

takeHighestPriority();

const http = createHttpServer(
  { keepAliveTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS, connectionsCheckingInterval: 50 },
  (_, response) => response.end('well'),
);
const tcp = createTcpServer((socket) => {
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
});
for (const server of [http, tcp]) {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  await once(server, 'listening');
}
process.stdout.write(`${JSON.stringify([http, tcp].map((server) => (server.address() as AddressInfo).port))}\n`);
process.stdin.on('end', () => process.exit(0)).resume();

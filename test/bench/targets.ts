/**
 * What the benchmarks probe, in a process of its own: a TCP (echo), an HTTP and a Redis service on one port each, on every
 * loopback address, and one that accepts and stays silent. Sends `{ tcp, http, redis, silent }`, the ports.
 */
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { answerRedis } from './fake-redis.ts';
import { takeHighestPriority } from '../support/highest-priority.ts';

export interface TargetPorts {
  readonly tcp: number;
  readonly http: number;
  readonly redis: number;
  readonly silent: number;
}

takeHighestPriority();

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, resolve));
  return (server.address() as AddressInfo).port;
}

function quiet(socket: Socket): void {
  socket.on('error', () => socket.destroy());
}

const tcp = createServer((socket) => {
  quiet(socket);
  socket.pipe(socket);
});
const http = createHttpServer({ keepAliveTimeout: 0 }, (request, response) => {
  request.resume();
  response.end('ok');
});
http.on('connection', quiet);
const redis = createServer((socket) => {
  quiet(socket);
  socket.on('data', (data) => {
    answerRedis(socket, data.toString('latin1'), false);
  });
});
const silent = createServer((socket) => {
  quiet(socket);
  socket.resume();
});

const ports: TargetPorts = {
  tcp: await listen(tcp),
  http: await listen(http),
  redis: await listen(redis),
  silent: await listen(silent),
};
process.on('disconnect', () => process.exit(0));
process.send?.(ports);

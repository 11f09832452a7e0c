/**
 * A TCP and an HTTP service on every loopback address, in a process of their own, that remember when they were connected
 * to. Sends `ArrivalPorts`; tells what arrived, as `Arrivals`, at a message `tell`, and
 * forgets it then and at a message `forget`.
 */
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { takeHighestPriority } from '../../support/highest-priority.ts';

export interface ArrivalPorts {
  readonly tcp: number;
  readonly http: number;
}

export interface Arrivals {
  /** By the address that was connected to, of both services: the times, in milliseconds of one clock. */
  readonly connections: Readonly<Record<string, readonly number[]>>;
  /** How many HTTP requests came over them, and over those that were there before. */
  readonly requests: number;
}

export type Request = 'forget' | 'tell';

takeHighestPriority();
let connections: Record<string, number[]> = {};
let requests = 0;

async function listen(server: Server): Promise<number> {
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    if (socket.localAddress !== undefined) (connections[socket.localAddress] ??= []).push(performance.now());
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, resolve));
  return (server.address() as AddressInfo).port;
}

const tcp = createServer((socket) => socket.resume());
const http = createHttpServer({ keepAliveTimeout: 0 }, (request, response) => {
  requests += 1;
  request.resume();
  response.end('ok');
});
const ports: ArrivalPorts = { tcp: await listen(tcp), http: await listen(http) };
process.on('disconnect', () => process.exit(0));
process.on('message', ({ request }: { request: Request }) => {
  if (request === 'tell') process.send?.({ connections, requests } satisfies Arrivals);
  connections = {};
  requests = 0;
});
process.send?.(ports);

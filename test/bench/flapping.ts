/**
 * TCP services in a process of their own, for the history's benchmark: one that is well, and `node flapping.js N` that are
 * down at every other connection. Sends their ports: the steady one first.
 */
import { type AddressInfo, createServer } from 'node:net';

import { alternating, type Behaviour, silent } from '../support/servers.ts';

async function listen(behave: Behaviour): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, resolve));
  return (server.address() as AddressInfo).port;
}

const ports = [await listen(silent)];
for (let n = 0; n < Number(process.argv[2]); n++) ports.push(await listen(alternating()));
process.on('disconnect', () => process.exit(0));
process.send?.(ports);

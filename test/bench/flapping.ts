/**
 * TCP services in a process of their own, for the history's benchmark: one that is well, and `node flapping.js N` that are
 * down at every other connection. Sends their ports: the steady one first.
 */
import { type AddressInfo, createServer } from 'node:net';

async function listen(flaps: boolean): Promise<number> {
  let isUp = false;
  const server = createServer((socket) => {
    isUp = !isUp;
    socket.on('error', () => socket.destroy());
    socket.resume();
    if (flaps && !isUp) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, resolve));
  return (server.address() as AddressInfo).port;
}

const ports = [await listen(false)];
for (let n = 0; n < Number(process.argv[2]); n++) ports.push(await listen(true));
process.on('disconnect', () => process.exit(0));
process.send?.(ports);

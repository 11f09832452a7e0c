/**
 * A server whose queue of connections is filled by the one who started it: it listens, prints its port, and does not
 * look at its queue until the number of milliseconds in its first argument has passed after it is asked to by a byte
 * on its standard input.
 */
import { readSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.resume();
  socket.write('pong\n');
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  process.stdout.write(`${String((server.address() as AddressInfo).port)}\n`, () => {
    // Blocks the whole process.
    readSync(0, Buffer.alloc(1));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.argv[2]));
  });
});

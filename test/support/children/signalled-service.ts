/** A TCP server that says its port, and at every SIGUSR2 is away for so many milliseconds: the first argument. */
import { createServer, type Server, type Socket } from 'node:net';

const awayMs = Number(process.argv[2] ?? '300');
const sockets = new Set<Socket>();
let port = 0;

function open(): Server {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1', () => {
    const address = server.address();
    if (port === 0 && typeof address === 'object' && address !== null) {
      port = address.port;
      process.stdout.write(`${String(port)}\n`);
    }
  });
  return server;
}

let server = open();
process.on('SIGUSR2', () => {
  server.close();
  for (const socket of sockets) socket.destroy();
  setTimeout(() => (server = open()), awayMs);
});

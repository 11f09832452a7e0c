/**
 * A service in a process of its own, so that a stall of the test is not one of the service: answers `wait 50` by `pong`
 * after 50 ms, and closes after 50 ms where it receives `drop 50`. It prints its port, and ends with its standard input.
 */
import { createServer, type AddressInfo } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    const [, order, ms] = /(wait|drop) (\d+)/.exec(data.toString()) ?? [];
    setTimeout(() => {
      if (order === 'drop') socket.end();
      else socket.write('pong\n');
    }, Number(ms)).unref();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${String((server.address() as AddressInfo).port)}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));

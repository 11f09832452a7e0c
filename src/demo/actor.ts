/**
 * One service of the demo, in a process of its own: `node actor.js web|api|cache PORT`. It obeys messages of its parent
 * and ends with it.
 */
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';

/** How it behaves: `well`; `busy`: HTTP 503; `hollow`: accepts, and closes at once. */
export type Manner = 'well' | 'busy' | 'hollow';

let manner: Manner = 'well';

function web(request: unknown, response: ServerResponse): void {
  response.writeHead(manner === 'busy' ? 503 : 200, { 'content-type': 'text/plain' });
  response.end(manner === 'busy' ? 'starting\n' : 'hello\n');
}

function api(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  if (manner === 'hollow') socket.end();
  else socket.pipe(socket);
}

const runId = randomBytes(20).toString('hex');

/** As much of a Redis as a probe asks for. */
function cache(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    for (const word of data.toString('latin1').matchAll(/PING|INFO/gi)) {
      const info = `# Server\r\nrun_id:${runId}\r\n`;
      socket.write(word[0].toUpperCase() === 'PING' ? '+PONG\r\n' : `$${String(info.length)}\r\n${info}\r\n`);
    }
  });
}

const [role, port] = process.argv.slice(2);
const server = role === 'web' ? createHttpServer(web) : createServer(role === 'api' ? api : cache);
server.listen(Number(port), '127.0.0.1', () => process.send?.('listening'));

process.on('message', (message: Manner) => {
  manner = message;
});
process.on('disconnect', () => process.exit(0));
// The parent alone decides how this ends: Ctrl-C reaches the whole group.
process.on('SIGINT', () => undefined);

/**
 * One service of the demo, in a process of its own: `node demo-service.js web|api|cache|redis PORT`. It says `listening` to its
 * parent, follows the parent's messages, and ends with it, however that ends.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** How it behaves: `well`; `busy`: HTTP 503; `hung`: no answer for now; `hollow`: accepts, and closes at once. */
export type Behaviour = 'well' | 'busy' | 'hung' | 'hollow';

let behaviour: Behaviour = 'well';
let hanging: ServerResponse[] = [];
let end = (): void => {
  process.exit(0);
};

function web(_: unknown, response: ServerResponse): void {
  if (behaviour === 'hung') {
    hanging.push(response);
    return;
  }
  response.writeHead(behaviour === 'busy' ? 503 : 200, { 'content-type': 'text/plain' });
  response.end(behaviour === 'busy' ? 'starting\n' : 'hello\n');
}

function api(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  if (behaviour === 'hollow') socket.end();
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

function listening(): void {
  if (process.connected) process.send?.('listening');
}

/** A real redis-server: it does not end with its parent, so this process stands between and ends it. */
function redis(port: string): void {
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  // Its own process group: Ctrl-C, which reaches the whole group, is not for it.
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  server.once('exit', () => process.exit(0));
  process.once('exit', () => server.kill('SIGKILL'));
  end = () => server.kill('SIGKILL');
  createInterface({ input: server.stdout }).on('line', (line) => {
    if (line.includes('Ready to accept connections')) listening();
  });
}

function serverOf(role: string | undefined): Server {
  if (role === 'web') return createHttpServer(web);
  return createServer(role === 'api' ? api : cache);
}

process.on('message', (message: Behaviour) => {
  behaviour = message;
  const late = hanging;
  hanging = [];
  for (const response of late) web(null, response);
});
process.on('disconnect', () => {
  end();
});
// The parent alone decides how this ends: what the terminal or a supervisor sends reaches the parent too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const [role, port = '0'] = process.argv.slice(2);
if (role === 'redis') redis(port);
else serverOf(role).listen(Number(port), '127.0.0.1', listening);
// The parent may have ended while this was loaded.
if (!process.connected) end();

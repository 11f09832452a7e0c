/**
 * A monitor with a history, at work until it is killed: `node victim.js DIR SERVICES FLAPPING INTERVAL_MS`. Watches TCP
 * services of its own; those that flap are down at every other probe. Writes a line of JSON for what it begins with, and
 * for every event that is published.
 */
import { type AddressInfo, createServer } from 'node:net';

import { Monitor } from '../../../src/monitor/monitor.ts';
import type { Watched } from '../../../src/probe/spec.ts';
import { openHistory } from '../open.ts';

const [dir = '', services = '1', flapping = '1', intervalMs = '100'] = process.argv.slice(2);

async function listen(flaps: boolean): Promise<number> {
  let isUp = false;
  const server = createServer((socket) => {
    isUp = !isUp;
    socket.on('error', () => socket.destroy());
    socket.resume();
    if (flaps && !isUp) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  return (server.address() as AddressInfo).port;
}

const steady = await listen(false);
const watched: Watched[] = [];
for (let index = 0; index < Number(services); index++) {
  const port = index < Number(flapping) ? await listen(true) : steady;
  watched.push({
    service: {
      name: `service ${String(index)}`,
      kind: 'tcp',
      target: `tcp://127.0.0.1:${String(port)}`,
      connection: 'new',
      group: null,
      intervalMs: Number(intervalMs),
      timeoutMs: 1000,
      rise: 1,
      fall: 1,
    },
    probe: {
      kind: 'tcp',
      endpoint: { host: '127.0.0.1', port, family: null, tls: null },
      holdMs: 5,
      send: null,
      expect: null,
    },
  });
}

const history = await openHistory(dir);
const restored = { id: history.restored.id, newest: history.restored.events.newest };
const monitor = new Monitor({ restored: history.restored, vantage: 'victim', version: '0', watched: [], workers: 1 });
history.record(monitor);
process.stdout.write(`${JSON.stringify({ restored })}\n`);
monitor.subscribe({
  samples: false,
  take(messages) {
    for (const message of messages) {
      if ('seq' in message && message.type !== 'hello' && message.type !== 'heartbeat') {
        process.stdout.write(`${JSON.stringify(message)}\n`);
      }
    }
  },
});
monitor.apply(watched);

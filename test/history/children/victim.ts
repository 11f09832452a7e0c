/**
 * A monitor with a history, at work until it is killed: `node victim.js DIR SERVICES FLAPPING INTERVAL_MS`. Watches TCP
 * services of its own; those that flap are down at every other probe. Writes a line of JSON for what it begins with, and
 * for every event that is published.
 */
import { Monitor } from '../../../src/monitor/monitor.ts';
import type { Watched } from '../../../src/probe/spec.ts';
import { tcpSpec } from '../../support/probing.ts';
import { alternating } from '../../support/servers.ts';
import { TestService } from '../../support/test-service.ts';
import { openHistory } from '../open.ts';

const [dir = '', services = '1', flapping = '1', intervalMs = '100'] = process.argv.slice(2);

const over = { intervalMs: Number(intervalMs) };
const steady = await TestService.start();
const watched: Watched[] = [];
for (let index = 0; index < Number(services); index++) {
  const service = index < Number(flapping) ? await TestService.start(alternating()) : steady;
  watched.push(service.watched(`service ${String(index)}`, over, tcpSpec(service.port, { holdMs: 5 })));
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

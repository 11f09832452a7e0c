/** A monitor of many services in a process of its own: `node memory-run.js COUNT INTERVAL_MS SECONDS EVERY PORTS`. Sends its size now and then. */
import { Monitor } from '../../src/monitor/monitor.ts';
import { loopback, watchedOf } from './services.ts';
import type { TargetPorts } from './targets.ts';

const [count = 0, intervalMs = 0, seconds = 0, every = 0] = process.argv.slice(2, 6).map(Number);
const { tcp } = JSON.parse(process.argv[6] ?? '{}') as TargetPorts;

const monitor = new Monitor({
  vantage: 'bench',
  version: '0',
  workers: 1,
  watched: Array.from({ length: count }, (_, index) =>
    watchedOf(
      String(index),
      { kind: 'tcp', host: loopback(index), port: tcp },
      { connection: 'new', intervalMs, timeoutMs: 1000 },
    ),
  ),
});
const timer = setInterval(() => process.send?.(process.memoryUsage.rss()), every * 1000);
setTimeout(() => {
  clearInterval(timer);
  void monitor.stop().then(() => process.send?.('end', () => process.exit(0)));
}, seconds * 1000);

/**
 * The dashboard over a real monitor, as a program of its own for the tests: what `gapwatch watch` does on a terminal,
 * without the command line. Arguments: the interval in milliseconds, then `NAME=PORT` for each service; `GROUP/NAME=PORT`
 * puts it into a group. SIGUSR2 raises an error that is not caught. How it ended is written when it has.
 */
import { Monitor } from '../../src/monitor/monitor.ts';
import { Dashboard } from '../../src/terminal/dashboard.ts';
import { whyNoDashboard } from '../../src/terminal/terminal-traits.ts';
import { summary } from '../../src/terminal/lines-format.ts';
import type { Watched } from '../../src/probe/spec.ts';

const [interval = '100', ...targets] = process.argv.slice(2);

const watched = targets.map((target): Watched => {
  const [, group, name = '', port = ''] = /^(?:([^/]+)\/)?(.*)=(\d+)$/.exec(target) ?? [];
  return {
    service: {
      name,
      kind: 'tcp',
      target: `tcp://127.0.0.1:${port}`,
      connection: 'new',
      group: group ?? null,
      intervalMs: Number(interval),
      timeoutMs: 1000,
      rise: 1,
      fall: 1,
    },
    probe: {
      kind: 'tcp',
      endpoint: { host: '127.0.0.1', port: Number(port), family: 4, tls: null },
      holdMs: 5,
      send: null,
      expect: null,
    },
  };
});

const why = whyNoDashboard(process.env, process.stdin, process.stdout);
if (why !== null) {
  console.log(why);
} else {
  const monitor = new Monitor({ vantage: 'here', version: '0', watched, workers: 1 });
  const dashboard = new Dashboard([monitor]);
  const signals: NodeJS.Signals[] = [];
  for (const each of ['SIGINT', 'SIGTERM'] as const) {
    process.on(each, () => {
      signals.push(each);
      dashboard.close();
    });
  }
  process.on('SIGUSR2', () => {
    throw new Error('a fault for the test');
  });
  const { reason } = await dashboard.ended;
  await monitor.stop();
  process.stdout.write(`${summary(monitor.board, monitor.now())}ended: ${signals[0] ?? reason}\n`);
}

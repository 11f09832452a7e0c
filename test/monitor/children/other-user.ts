/**
 * Watches the port in its first argument, on which nothing listens, and which the kernel may give to the probe itself.
 * Prints the results of its probes, as JSON.
 */
import { tcpSpec } from '../../support/probing.ts';
import { watched } from '../../support/test-service.ts';
import { withEngine } from '../watch.ts';

const port = Number(process.argv[2]);
if (port > 0) {
  await withEngine([watched('api', tcpSpec(port), { intervalMs: 5 })], async (recording) => {
    await recording.nth(50, 'sample');
    const results = [...new Set(recording.of('sample').map(({ result, reason }) => reason ?? result))].filter(
      (result) => result !== 'stalled',
    );
    process.stdout.write(`${JSON.stringify({ results })}\n`);
  });
}

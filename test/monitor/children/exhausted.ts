/**
 * Watches the service at the port in its first argument, uses up its own descriptors, and frees them again. Prints the
 * states that it reported of the service, and the results of its probes, as JSON.
 */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

import { tcpSpec } from '../../support/probing.ts';
import { watched } from '../../support/test-service.ts';
import { withEngine } from '../watch.ts';

/** Opens files until there are no more descriptors. */
function exhaust(): number[] {
  const files: number[] = [];
  try {
    for (;;) files.push(openSync(devNull, 'r'));
  } catch {
    return files;
  }
}

const port = Number(process.argv[2]);
if (port > 0) {
  await withEngine([watched('api', tcpSpec(port))], async (recording) => {
    await recording.nth(5, 'sample');
    const files: number[] = [];
    await recording.waitFor(() => {
      // Again and again: a probe that ends gives one back.
      files.push(...exhaust());
      return recording.of('transition').length > 1 && recording.of('sample').at(-10)?.result === 'unobserved';
    });
    for (const file of files) closeSync(file);
    await recording.waitFor(() => recording.of('transition').at(-1)?.to === 'up');
    const results = [...new Set(recording.of('sample').map(({ result, reason }) => reason ?? result))].filter(
      (result) => result !== 'stalled',
    );
    process.stdout.write(`${JSON.stringify({ states: [...new Set(recording.story('api'))], results })}\n`);
  });
}

/**
 * Probes while this process has no descriptor left. Its arguments are ports: of a TCP, an HTTP and a Redis service that
 * are well. Prints what it found as JSON.
 */
import { closeSync, openSync } from 'node:fs';

import { httpSpec, Probing, redisSpec, tcpSpec, endpoint, verdict } from '../probing.ts';

const [tcp = 0, http = 0, redis = 0] = process.argv.slice(2).map(Number);
const specs = [
  tcpSpec(tcp),
  httpSpec(`http://127.0.0.1:${String(http)}/`),
  redisSpec(redis),
  // Without a descriptor, names do not resolve either.
  tcpSpec(tcp, { endpoint: endpoint(tcp, { host: 'nope.invalid' }) }),
];
const probings = await Promise.all(specs.flatMap((spec) => [Probing.of(spec), Probing.of(spec, 'kept')]));

const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  // None is left.
}
const exhausted = await Promise.all(probings.map((probing) => probing.probe()));
for (const descriptor of taken) closeSync(descriptor);
const after = await Promise.all(probings.map((probing) => probing.probe()));
for (const probing of probings) probing.close();
process.stdout.write(`${JSON.stringify({ exhausted: exhausted.map(verdict), after: after.map(verdict) })}\n`);

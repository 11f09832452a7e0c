/** Probes on a machine that has four local ports and no way out. Prints what it found as JSON. */
import { good, DIALECTS } from '../dialects.ts';
import { endpoint, Probing, tcpSpec, verdict } from '../probing.ts';
import { serve } from '../servers.ts';

// Takes one of the four itself.
const server = await serve(good(DIALECTS[0]!));
const kept = await Promise.all([1, 2, 3, 4, 5].map(() => Probing.of(tcpSpec(server.port, { holdMs: 0 }), 'kept')));
const ports: string[] = [];
for (const probing of kept) ports.push(verdict(await probing.probe()));
const away = await Probing.of(tcpSpec(9, { endpoint: endpoint(9, { host: '192.0.2.1' }) }));
const network = verdict(await away.probe());
for (const probing of kept) probing.close();
await server.close();
process.stdout.write(`${JSON.stringify({ ports, network })}\n`);

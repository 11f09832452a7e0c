/**
 * Probes to where nothing answers, in a network of its own that the arguments made: `PROTOCOL=ADDRESS:PORT` each. Prints the
 * verdicts as JSON, in their order.
 */
import { endpoint, Probing, tcpSpec } from '../probing.ts';

const found = await Promise.all(
  process.argv.slice(2).map(async (way) => {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(way) ?? [];
    const probing = await Probing.of(tcpSpec(Number(port), { endpoint: endpoint(Number(port), { host }) }));
    const { reason, message } = await probing.probe(8000);
    return [way, reason, message];
  }),
);
process.stdout.write(`${JSON.stringify(found)}\n`);

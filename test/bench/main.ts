/** `npm run bench [-- NAME...] [-- --json]`: measures what the README and the issues state. Traffic goes to loopback only. */
import { parseArgs } from 'node:util';
import { cpus } from 'node:os';

import { type Bench, printRows, type Row } from './table.ts';
import { cost } from './cost.ts';
import { dashboard } from './dashboard.ts';
import { feed } from './feed.ts';
import { grid, overload } from './grid.ts';
import { memory } from './memory.ts';
import { start } from './start.ts';
import { truth } from './truth.ts';

const BENCHES: readonly Bench[] = [truth, cost, grid, overload, start, memory, dashboard, feed];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  const names = BENCHES.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n');
  process.stderr.write(`No benchmark is called ${unknown.join(', ')}. There are:\n${names}\n`);
  process.exit(2);
}

const chosen = positionals.length === 0 ? BENCHES : BENCHES.filter(({ name }) => positionals.includes(name));
const results: Record<string, Row[]> = {};
const machine = `${String(cpus().length)} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
if (!values.json) process.stdout.write(`${machine}, ${new Date().toISOString()}\n`);
for (const bench of chosen) {
  if (!values.json) process.stdout.write(`\n${bench.name}: ${bench.about}\n`);
  const rows = await bench.run((progress) => process.stderr.write(`  … ${progress}\n`));
  results[bench.name] = rows;
  if (!values.json) process.stdout.write(printRows(rows));
}
if (values.json) process.stdout.write(`${JSON.stringify({ machine, at: Date.now(), results }, null, 2)}\n`);
process.exitCode = Object.values(results)
  .flat()
  .some(({ reached }) => reached === false)
  ? 1
  : 0;

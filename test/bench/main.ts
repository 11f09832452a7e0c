/** `npm run bench [-- NAME...] [-- --json]`: measures what the README and the issues state. Traffic goes to loopback only. */
import { parseArgs } from 'node:util';
import { cpus } from 'node:os';

import { BENCHES, benchesOf } from './benches.ts';
import { printRows, type Row } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => benchesOf(name).length === 0);
if (unknown.length > 0) {
  const names = BENCHES.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n');
  process.stderr.write(`No benchmark is called ${unknown.join(', ')}. There are:\n${names}\n`);
  process.exit(2);
}

const chosen = positionals.length === 0 ? BENCHES : [...new Set(positionals.flatMap(benchesOf))];
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

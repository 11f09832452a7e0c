/** `npm run bench [-- NAME...] [-- --quick] [-- --json]`: measures what the docs and the issues state. Traffic goes to loopback only. */
import { parseArgs } from 'node:util';
import { cpus } from 'node:os';

import { BENCHES, benchesOf } from './benches.ts';
import { amidNoise, type Noise, noiseProblem } from './machine.ts';
import { printRows, type Row } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => benchesOf(name).length === 0);
if (unknown.length > 0) {
  const names = BENCHES.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n');
  process.stderr.write(`No benchmark is called ${unknown.join(', ')}. There are:\n${names}\n`);
  process.exit(2);
}

/** What gives a first impression in less than three minutes. */
const QUICK = ['truth', 'cost', 'grid', 'start'];

interface Result {
  /** Why the machine was too noisy to judge; null where it was not. */
  readonly noisy: string | null;
  readonly noise: Noise;
  readonly tookS: number;
  readonly rows: readonly Row[];
}

const usual = BENCHES.filter(({ onlyByName = false }) => !onlyByName).map(({ name }) => name);
const named = positionals.length > 0 ? positionals : values.quick ? QUICK : usual;
const chosen = [...new Set(named.flatMap(benchesOf))];
const results: Record<string, Result> = {};
const machine = `${String(cpus().length)} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
if (!values.json) process.stdout.write(`${machine}, ${new Date().toISOString()}\n`);
for (const bench of chosen) {
  if (!values.json) process.stdout.write(`\n${bench.name}: ${bench.about}\n`);
  const began = performance.now();
  const { result: rows, noise } = await amidNoise(() =>
    bench.run((progress) => process.stderr.write(`  … ${progress}\n`), values.quick),
  );
  const noisy = noiseProblem(noise);
  const tookS = Math.round((performance.now() - began) / 1000);
  results[bench.name] = { noisy, noise, tookS, rows };
  if (values.json) continue;
  process.stdout.write(printRows(rows, noisy !== null));
  if (noisy !== null) process.stdout.write(`  Too noisy to judge: ${noisy}.\n`);
  process.stdout.write(`  It took ${String(tookS)} s.\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify({ machine, at: Date.now(), results }, null, 2)}\n`);
// What could not be judged is no success either.
process.exitCode = Object.values(results).some(
  ({ noisy, rows }) => noisy !== null || rows.some(({ reached }) => reached === false),
)
  ? 1
  : 0;

/** `npm run bench [-- NAME...] [-- --quick] [-- --json]`: measures what the docs and the issues state. Traffic goes to loopback only. */
import { parseArgs } from 'node:util';
import { cpus } from 'node:os';

import { BENCHES, benchesOf } from './benches.ts';
import { amidNoise, type Noise, noiseProblem } from './machine.ts';
import { printRows, type Row } from './table.ts';

const options = {
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;
// Not strict, so that a slip of the pen is answered by what there is, and not by a stack.
const { values, positionals } = parseArgs({ allowPositionals: true, strict: false, options });
const mistyped = Object.entries(values).filter(
  ([name, value]) => !Object.hasOwn(options, name) || typeof value !== 'boolean',
);
const unknown = [
  ...positionals.filter((name) => benchesOf(name).length === 0),
  ...mistyped.map(([name]) => (name.length > 1 ? `--${name}` : `-${name}`)),
];
const [isQuick, isJson] = [values.quick === true, values.json === true];
if (values.help === true || unknown.length > 0) {
  const names = BENCHES.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n');
  const usage = `npm run bench [-- NAME...] [-- --quick] [-- --json]; without a name, all but the longest. There are:\n${names}\n`;
  if (unknown.length === 0) process.stdout.write(usage);
  else process.stderr.write(`Nothing here is called ${unknown.join(', ')}.\n${usage}`);
  process.exit(unknown.length === 0 ? 0 : 2);
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
const named = positionals.length > 0 ? positionals : isQuick ? QUICK : usual;
const chosen = [...new Set(named.flatMap(benchesOf))];
const results: Record<string, Result> = {};
const machine = `${String(cpus().length)} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
if (!isJson) process.stdout.write(`${machine}, ${new Date().toISOString()}\n`);
for (const bench of chosen) {
  if (!isJson) process.stdout.write(`\n${bench.name}: ${bench.about}\n`);
  const began = performance.now();
  const { result: rows, noise } = await amidNoise(() =>
    bench.run((progress) => process.stderr.write(`  … ${progress}\n`), isQuick),
  );
  const noisy = noiseProblem(noise);
  const tookS = Math.round((performance.now() - began) / 1000);
  results[bench.name] = { noisy, noise, tookS, rows };
  if (isJson) continue;
  process.stdout.write(printRows(rows, noisy !== null));
  if (noisy !== null) process.stdout.write(`  Too noisy to judge: ${noisy}.\n`);
  process.stdout.write(`  It took ${String(tookS)} s.\n`);
}
if (isJson) process.stdout.write(`${JSON.stringify({ machine, at: Date.now(), results }, null, 2)}\n`);
// What could not be judged is no success either.
process.exitCode = Object.values(results).some(
  ({ noisy, rows }) => noisy !== null || rows.some(({ reached }) => reached === false),
)
  ? 1
  : 0;

/** Makes a prober of the kind in its first argument, and prints as JSON which of the libraries were loaded. */
import { createRequire } from 'node:module';

import { DIALECTS } from '../dialects.ts';
import { Probing } from '../probing.ts';

const dialect = DIALECTS.find(({ kind }) => kind === process.argv[2]);
if (dialect === undefined) throw new Error('no such kind');
await Probing.of(dialect.spec(1));
await Probing.of(dialect.spec(1), 'kept');
const files = Object.keys(createRequire(import.meta.url).cache);
const loaded = ['undici', 'ioredis'].filter((name) => files.some((file) => file.includes(`/node_modules/${name}/`)));
process.stdout.write(`${JSON.stringify(loaded)}\n`);

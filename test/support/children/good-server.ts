/** A good server of the kind in its first argument, in a process of its own. Prints its port. */
import { DIALECTS, good } from '../dialects.ts';
import { serve } from '../servers.ts';

const dialect = DIALECTS.find(({ kind }) => kind === process.argv[2]);
if (dialect === undefined) throw new Error('no such kind');
const server = await serve(good(dialect));
process.stdout.write(`${String(server.port)}\n`);

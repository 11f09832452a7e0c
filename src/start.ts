/** What `npm start` runs: the program, and its demo where no service is named. */
import { run } from './cli/command-line.ts';

process.exitCode = await run(process.argv.slice(2), 'demo');

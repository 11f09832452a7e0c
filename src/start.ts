/** What `npm start` runs: the program, and its demo where no service is named. */
import './cli/hangups.ts';

const { runOrExplain } = await import('./cli/fault.ts');

await runOrExplain('demo');

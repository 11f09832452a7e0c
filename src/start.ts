/** What `npm start` runs: the program, and its demo where no service is named. */
import { runOrExplain } from './cli/fault.ts';
import './cli/hangups.ts';

await runOrExplain('demo');

import { greets, web } from '../hostile-feed.ts';

export default greets(/services\.0\.intervalMs: below 1 ms$/, () => [web({ intervalMs: -5 })]);

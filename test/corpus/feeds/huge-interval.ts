import { greets, web } from '../hostile-feed.ts';

export default greets(/services\.0\.intervalMs: longer than a day$/, () => [web({ intervalMs: 1e308 })]);

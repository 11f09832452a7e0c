import { greets, web } from '../hostile-feed.ts';

export default greets(/services\.0\.timeoutMs: longer than a day$/, () => [web({ timeoutMs: 2 ** 33 })]);

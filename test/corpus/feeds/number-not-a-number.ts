import { greets, web } from '../hostile-feed.ts';

// JSON has no NaN: a program that has one writes null.
export default greets(/services\.0\.timeoutMs/, () => [web({ timeoutMs: NaN })]);

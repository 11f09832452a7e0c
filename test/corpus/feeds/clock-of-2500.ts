import { greets, web } from '../hostile-feed.ts';

export default greets(/hello: now: a time after 2255$/, () => [web()], { now: Date.UTC(2500) });

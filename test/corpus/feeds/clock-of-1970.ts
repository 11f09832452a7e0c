import { greets, web } from '../hostile-feed.ts';

export default greets(/hello: now: a time before 2000$/, () => [web()], { now: 5000 });

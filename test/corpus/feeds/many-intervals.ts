import { greets, web } from '../hostile-feed.ts';

const MANY = Array.from({ length: 9000 }, (_, n) => ({ state: 'down', from: Date.now() - 9000 + n, to: null }));

export default greets(null, () => [web({ timeline: MANY })]);

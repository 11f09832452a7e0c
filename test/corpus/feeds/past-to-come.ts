import { gap, greets, web } from '../hostile-feed.ts';

const LATER = Date.UTC(2200);

export default greets(null, () => [
  web({
    since: LATER,
    timeline: [{ state: 'up', from: LATER, to: null }],
    gaps: [gap({ from: LATER, to: LATER + 1 })],
  }),
]);

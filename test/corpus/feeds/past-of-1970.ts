import { gap, greets, web } from '../hostile-feed.ts';

export default greets(null, () => [
  web({ since: 0, timeline: [{ state: 'up', from: 0, to: null }], gaps: [gap({ from: 0, to: 1000 })] }),
]);

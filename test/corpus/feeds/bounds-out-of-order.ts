import { gap, greets, web } from '../hostile-feed.ts';

export default greets(null, () => [
  web({
    gaps: [
      gap({ minMs: 2000, maxMs: 500 }),
      gap({ maxMs: -53_338 }),
      gap({ minMs: -1, maxMs: null }),
      gap({ durationMs: -7 }),
      gap({ durationMs: 1e308, maxMs: 1e308 }),
      gap({ minMs: null }),
    ],
  }),
]);

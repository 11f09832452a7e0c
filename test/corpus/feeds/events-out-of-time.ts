import { sends } from '../hostile-feed.ts';

const change = { type: 'transition', service: 'web', from: 'up', to: 'down', reason: 'refused', message: null };

export default sends(() =>
  [0, -1e300, Date.UTC(2500), 1e308].map((at, n) => ({ ...change, seq: 2 + n, at, notBefore: at, notAfter: at })),
);

import { greets, web } from '../hostile-feed.ts';

export default greets(/hello: 30000 services, more than 10000$/, () =>
  Array.from({ length: 30_000 }, (_, n) => web({ service: `s${String(n)}`, timeline: [] })),
);

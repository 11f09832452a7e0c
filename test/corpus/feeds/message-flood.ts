import { sends } from '../hostile-feed.ts';

export default sends(() =>
  Array.from({ length: 50_000 }, (_, n) => ({ type: 'mark', seq: 2 + n, at: Date.now(), text: 'x'.repeat(100) })),
);

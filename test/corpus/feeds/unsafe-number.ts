import { sends } from '../hostile-feed.ts';

export default sends(() => [
  { type: 'mark', seq: 2 ** 53, at: Date.now(), text: 'x' },
  { type: 'mark', seq: -1, at: Date.now(), text: 'x' },
  { type: 'mark', seq: 1.5, at: Date.now(), text: 'x' },
]);

import { sends } from '../hostile-feed.ts';

export default sends(() => [Buffer.from([0, 1, 2]), Buffer.alloc(100_000, 0xff)]);

import { hello, type HostileFeed, web } from '../hostile-feed.ts';

export default {
  problem: null,
  speak: (ws) => {
    ws.send(hello([web()]).replace(/\}$/, `,"deep":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`));
  },
} satisfies HostileFeed;

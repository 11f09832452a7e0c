import { hello, type HostileFeed, web } from '../hostile-feed.ts';

export default {
  problem: null,
  speak: (ws) => {
    ws.send(hello([web()]));
    for (let n = 0; n < 20_000; n++) ws.ping('x'.repeat(100));
  },
} satisfies HostileFeed;

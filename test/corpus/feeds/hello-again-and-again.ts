import { hello, type HostileFeed, web } from '../hostile-feed.ts';

export default {
  problem: /^it says hello again and again$/,
  speak: (ws) => {
    for (let n = 0; n < 500; n++) ws.send(hello([web()]));
  },
} satisfies HostileFeed;

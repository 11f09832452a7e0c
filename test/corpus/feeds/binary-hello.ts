import { hello, type HostileFeed, web } from '../hostile-feed.ts';

export default {
  problem: /not text$/,
  speak: (ws) => {
    ws.send(Buffer.from(hello([web()])), { binary: true });
  },
} satisfies HostileFeed;

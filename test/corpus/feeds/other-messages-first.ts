import type { HostileFeed } from '../hostile-feed.ts';

export default {
  problem: /its first message is no hello$/,
  speak: (ws) => {
    ws.send('{"type":"weather"}');
  },
} satisfies HostileFeed;

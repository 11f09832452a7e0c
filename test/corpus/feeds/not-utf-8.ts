import { hello, type HostileFeed, web } from '../hostile-feed.ts';

export default {
  problem: /does not speak websocket as a feed does: Invalid WebSocket frame: invalid UTF-8/,
  speak: (ws) => {
    ws.send(Buffer.from(hello([web({ service: '\u0000' })]).replace('\\u0000', '\u00ff'), 'latin1'), { binary: false });
  },
} satisfies HostileFeed;

import type { HostileFeed } from '../hostile-feed.ts';

export default {
  problem: /Invalid Sec-WebSocket-Accept header/,
  answer: (socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
    );
  },
} satisfies HostileFeed;

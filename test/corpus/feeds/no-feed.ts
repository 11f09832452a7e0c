import type { HostileFeed } from '../hostile-feed.ts';

export default {
  problem: /^no feed is there \(HTTP 404\)$/,
  answer: (socket) => {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  },
} satisfies HostileFeed;

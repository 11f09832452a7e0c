import type { HostileFeed } from '../hostile-feed.ts';

export default {
  problem: /^it redirects to "ws:\/\/127\.0\.0\.1:1\/feed" \(302\): attach to that address instead$/,
  answer: (socket) => {
    socket.end('HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/feed\r\nContent-Length: 0\r\n\r\n');
  },
} satisfies HostileFeed;

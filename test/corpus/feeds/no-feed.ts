import type { HostileFeed } from '../hostile-feed.ts';

export default {
  problem: /^a web server answers there, but no gapwatch at \/feed \(404\); gapwatch is usually on port 9720$/,
  answer: (socket) => {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  },
} satisfies HostileFeed;

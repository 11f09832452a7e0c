/** Servers that answer a large request before they have read it. */
import { type Behaviour } from '../../support/servers.ts';
import { type MisbehavingServer, OK, TWO } from '../misbehaving-server.ts';

const over = { method: 'POST', body: 'x'.repeat(4_000_000) };

/** Says this at once, and closes: the rest of the request is answered by a reset. */
function closingEarly(text: string): Behaviour {
  return (socket) => {
    socket.once('data', () => {
      socket.pause();
      socket.end(text, () => {
        const timer = setTimeout(() => {
          socket.destroy();
        }, 50);
        socket.once('close', () => {
          clearTimeout(timer);
        });
      });
    });
  };
}

const server: MisbehavingServer = {
  'answers, and reads on': {
    behave: (socket) => {
      socket.once('data', () => socket.write(OK.replace(TWO, `${TWO}Connection: close\r\n`)));
      socket.resume();
    },
    over,
    found: 'up',
  },
  'answers, and reads no more': {
    behave: closingEarly(`HTTP/1.1 413 Too Large\r\nConnection: close\r\n${TWO}\r\nno`),
    over,
    found: 'status',
    message: /^413 Too Large$/,
  },
};

export default server;

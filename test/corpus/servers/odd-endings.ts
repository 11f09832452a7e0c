/** Connections that end early, late or rudely. */
import { type Behaviour, reset, sayingLast } from '../../support/servers.ts';
import { type MisbehavingServer, OK, TWO } from '../misbehaving-server.ts';

function resetAfter(text: string): Behaviour {
  return (socket) => {
    socket.once('data', () => {
      if (text === '') reset(socket);
      else
        socket.write(text, () => {
          // The bytes are to be read before the reset.
          const timer = setTimeout(reset, 20, socket);
          socket.once('close', () => {
            clearTimeout(timer);
          });
        });
    });
  };
}

function dripping(text: string): Behaviour {
  return (socket) => {
    socket.setNoDelay(true);
    socket.on('data', () => {
      let at = 0;
      const drip = (): void => {
        if (!socket.destroyed && at < text.length) socket.write(text.charAt(at++), () => setImmediate(drip));
      };
      drip();
    });
  };
}

const server: MisbehavingServer = {
  'before the request was read': {
    behave: (socket) => socket.resume().end('HTTP/1.1 200 OK\r\nConnection: close\r\n' + TWO + '\r\nok'),
    found: 'up',
  },
  'a reset right after the reply': {
    behave: resetAfter('HTTP/1.1 200 OK\r\nConnection: close\r\n' + TWO + '\r\nok'),
    found: 'up',
  },
  'a reset in a body without a length': {
    behave: resetAfter('HTTP/1.1 200 OK\r\n\r\nok'),
    found: 'reset',
    message: /^the peer reset the connection \(127[\d.:]+\), after 21 bytes of a reply that has not ended$/,
  },
  'a reset in a body with a length': {
    behave: resetAfter('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'),
    found: 'reset',
    message: /after \d+ bytes of a reply that has not ended$/,
  },
  'a reset in the headers': {
    behave: resetAfter('HTTP/1.1 200 OK\r\nX: y'),
    found: 'reset',
    message: /after 21 bytes of a reply/,
  },
  'a reset before the reply': {
    behave: resetAfter(''),
    found: 'reset',
    message: /^the peer reset the connection \(127[\d.:]+\)$/,
  },
  'a close in the headers': {
    behave: sayingLast('HTTP/1.1 200 OK\r\nX: y'),
    found: 'protocol',
    message: /closed in the middle/,
  },
  'a close after the headers of a reply without a length': {
    behave: sayingLast('HTTP/1.1 200 OK\r\n\r\n'),
    over: { expectBody: null },
    found: 'up',
  },
  'byte by byte': { behave: dripping(OK), found: 'up' },
};

export default server;

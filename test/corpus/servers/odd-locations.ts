/** Where redirects lead, written as servers write it. Anything but the first request is answered by ok. */
import type { Behaviour } from '../../support/servers.ts';
import { type MisbehavingServer, OK } from '../misbehaving-server.ts';

/** Redirects once, and answers what is then asked only where it is this path. */
function redirecting(location: string | Buffer, path: string): Behaviour {
  return (socket) => {
    socket.on('data', (data) => {
      const asked = data.toString('latin1').split(' ')[1] ?? '';
      if (asked === '/') {
        socket.write('HTTP/1.1 302 Found\r\nContent-Length: 0\r\n');
        socket.write(location);
        socket.write('\r\n');
      } else socket.write(asked === path ? OK : 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    });
  };
}

const server: MisbehavingServer = {
  'raw UTF-8': {
    behave: redirecting(Buffer.from('Location: /é\u4e2d?q=ü\r\n'), '/%C3%A9%E4%B8%AD?q=%C3%BC'),
    over: { follow: 2 },
    found: 'up',
  },
  'raw Latin-1': {
    behave: redirecting(Buffer.from('Location: /\u00e9\r\n', 'latin1'), '/%e9'),
    over: { follow: 2 },
    found: 'up',
  },
  'blanks in it': { behave: redirecting('Location:   /a b  \r\n', '/a%20b'), over: { follow: 2 }, found: 'up' },
  'twice the same': { behave: redirecting('Location: /a\r\nLocation: /a\r\n', '/a'), over: { follow: 2 }, found: 'up' },
  folded: { behave: redirecting('Location:\r\n /a\r\n', '/a'), over: { follow: 2 }, found: 'up' },
  'with a fragment': { behave: redirecting('Location: /a#there\r\n', '/a'), over: { follow: 2 }, found: 'up' },
  'two places': {
    behave: redirecting('Location: /a\r\nLocation: /b\r\n', '/a'),
    over: { follow: 2 },
    found: 'status',
    message: /^302: redirected to two places at once$/,
  },
  'two places, not followed': {
    behave: redirecting('Location: /a\r\nLocation: /b\r\n', '/a'),
    over: { expectBody: null },
    found: 'up',
  },
  'empty, which is none': {
    behave: redirecting('Location:\r\n', '/'),
    over: { follow: 2, expectBody: null },
    found: 'up',
  },
  'no address': {
    behave: redirecting('Location: http://[\u202e\r\n', '/'),
    over: { follow: 2 },
    found: 'status',
    message: /^redirected to .*, which is no address$/,
  },
  'another scheme': {
    behave: redirecting('Location: javascript:alert(1)\r\n', '/'),
    over: { follow: 2 },
    found: 'status',
    message: /which HTTP can’t ask$/,
  },
};

export default server;

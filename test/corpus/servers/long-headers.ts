/** Headers that are longer than usual: browsers take 256 KiB. */
import { answering } from '../../support/servers.ts';
import { type MisbehavingServer, TWO } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  '18 kB': { behave: answering(`HTTP/1.1 200 OK\r\nSet-Cookie: ${'a'.repeat(18_000)}\r\n${TWO}\r\nok`), found: 'up' },
  '60 kB in many': {
    behave: answering(`HTTP/1.1 200 OK\r\n${'X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(1500)}${TWO}\r\nok`),
    found: 'up',
  },
  '200 kB': { behave: answering(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(200_000)}\r\n${TWO}\r\nok`), found: 'up' },
  '300 kB': {
    behave: answering(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(300_000)}\r\n${TWO}\r\nok`),
    found: 'protocol',
    message: /its headers are too long/,
  },
  'endless trailers': {
    behave: answering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'X: y\r\n'.repeat(60_000)}`),
    found: 'protocol',
    message: /its headers are too long/,
  },
  'an endless chunk extension': {
    behave: answering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(60_000)}`),
    found: 'protocol',
    message: /the line before a chunk is too long/,
  },
};

export default server;

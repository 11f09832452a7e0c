/** Status lines that are not quite as they should be. */
import { answering, sayingLast } from '../../support/servers.ts';
import { type MisbehavingServer, OK, TWO } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  'lower case': { behave: answering(`http/1.1 200 ok\r\n${TWO}\r\nok`), found: 'up' },
  'mere line feeds': { behave: answering(`HTTP/1.1 200 OK\nContent-Length: 2\n\nok`), found: 'up' },
  'line feeds and both': { behave: answering(`HTTP/1.1 200 OK\r\nX: y\nContent-Length: 2\r\n\nok`), found: 'up' },
  'blank lines before it': { behave: answering(`\r\n\n\r\n${OK}`), found: 'up' },
  'HTTP/1.0': { behave: sayingLast('HTTP/1.0 200 OK\r\n\r\nok'), found: 'up' },
  'HTTP/1.0 that is kept': {
    behave: answering(`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${TWO}\r\nok`),
    found: 'up',
  },
  'HTTP/2.0': { behave: answering(`HTTP/2.0 200 OK\r\n${TWO}\r\nok`), found: 'up' },
  'HTTP/2 without a minor version': { behave: answering(`HTTP/2 200\r\n${TWO}\r\nok`), found: 'up' },
  'no HTTP': {
    behave: answering(`SSH-2.0-OpenSSH_9.2\r\n`),
    found: 'protocol',
    message: /^not an HTTP reply: it begins with "SSH-2\.0/,
  },
  'no HTTP, and no end of the line': {
    behave: answering(`J\0\0\0mysql`),
    found: 'protocol',
    message: /^not an HTTP reply: it begins with/,
  },
  'an alert of TLS': {
    behave: answering(`\u0015\u0003\u0001\0\u0002\u0002F`),
    found: 'protocol',
    message: /TLS is spoken there/,
  },
  'frames of HTTP/2': {
    behave: answering(`\0\0\u0012\u0004\0\0\0\0\0`),
    found: 'protocol',
    message: /^not an HTTP reply/,
  },
  'a page without a head': {
    behave: sayingLast('<html>ok</html>'),
    found: 'protocol',
    message: /it begins with "<html>/,
  },
};

export default server;

/** Lengths that are given oddly. */
import { answering, sayingLast } from '../../support/servers.ts';
import { type MisbehavingServer, TWO } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  'twice the same': { behave: answering(`HTTP/1.1 200 OK\r\n${TWO}${TWO}\r\nok`), found: 'up' },
  'twice in one line': { behave: answering(`HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok`), found: 'up' },
  'twice, and not the same': {
    behave: answering(`HTTP/1.1 200 OK\r\n${TWO}Content-Length: 3\r\n\r\nok`),
    found: 'protocol',
    message: /its length is given as 2 and 3/,
  },
  'a length, and chunks': {
    behave: answering(
      `HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ),
    found: 'up',
  },
  'with zeros': { behave: answering(`HTTP/1.1 200 OK\r\nContent-Length: 0002\r\n\r\nok`), found: 'up' },
  negative: { behave: sayingLast('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok'), found: 'up' },
  empty: { behave: sayingLast('HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok'), found: 'up' },
  none: { behave: sayingLast('HTTP/1.1 200 OK\r\n\r\nok'), found: 'up' },
  'longer than the body': {
    behave: sayingLast('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok'),
    found: 'protocol',
    message: /closed in the middle of its reply/,
  },
  'shorter than the body': { behave: answering(`HTTP/1.1 200 OK\r\n${TWO}\r\nok and more`), found: 'up' },
};

export default server;

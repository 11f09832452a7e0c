/** Chunked bodies at the edge of what is allowed (RFC 9112, 7.1). */
import { answering, sayingLast } from '../../support/servers.ts';
import { type MisbehavingServer } from '../misbehaving-server.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

const server: MisbehavingServer = {
  trailers: { behave: answering(`${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`), found: 'up' },
  extensions: { behave: answering(`${CHUNKED}2;name=value;x="a;b"\r\nok\r\n0;last\r\n\r\n`), found: 'up' },
  'blanks behind the size': { behave: answering(`${CHUNKED}2  \r\nok\r\n0 \r\n\r\n`), found: 'up' },
  'zeros before the size': { behave: answering(`${CHUNKED}0002\r\nok\r\n000\r\n\r\n`), found: 'up' },
  'mere line feeds': { behave: answering(`${CHUNKED}2\nok\n0\n\n`), found: 'up' },
  'in capitals': {
    behave: answering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    found: 'up',
  },
  'announced twice': {
    behave: answering(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ),
    found: 'up',
  },
  'from HTTP/1.0': {
    behave: sayingLast('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
    found: 'up',
  },
  identity: { behave: sayingLast('HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok'), found: 'up' },
  'a size that is none': {
    behave: answering(`${CHUNKED}two\r\nok\r\n`),
    found: 'protocol',
    message: /the size of a chunk is "two"/,
  },
  'a chunk that is too long': {
    behave: answering(`${CHUNKED}2\r\nokay\r\n0\r\n\r\n`),
    found: 'protocol',
    message: /longer than was announced/,
  },
  'no end': { behave: sayingLast(`${CHUNKED}2\r\nok\r\n`), found: 'protocol', message: /closed in the middle/ },
};

export default server;

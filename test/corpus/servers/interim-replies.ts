/** Interim replies that the probe did not ask for (RFC 9110, 15.2). */
import { answering, sayingLast } from '../../support/servers.ts';
import { type MisbehavingServer, OK } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  'a 100 before the reply': { behave: answering(`HTTP/1.1 100 Continue\r\n\r\n${OK}`), found: 'up' },
  'a 103 with headers': { behave: answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`), found: 'up' },
  several: {
    behave: answering(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 199 Own\r\n\r\n${OK}`),
    found: 'up',
  },
  'nothing after it': {
    behave: sayingLast('HTTP/1.1 100 Continue\r\n\r\n'),
    found: 'protocol',
    message: /^closed in the middle of its reply \(127[\d.:]+\)$/,
  },
  'more than a hundred': {
    behave: answering('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(101)),
    found: 'protocol',
    message: /interim replies without end/,
  },
  'a change of protocol': {
    behave: answering(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n`),
    found: 'protocol',
    message: /^not an HTTP reply: it changes to another protocol/,
  },
};

export default server;

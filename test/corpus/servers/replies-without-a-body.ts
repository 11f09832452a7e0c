/** Statuses whose replies have no body, whatever their headers say (RFC 9112, 6.3). */
import { answering, sayingLast } from '../../support/servers.ts';
import { type MisbehavingServer, OK } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  'a 304 with a length': {
    behave: answering(`HTTP/1.1 304 Not Modified\r\nContent-Length: 120\r\n\r\n`),
    over: { expectBody: null },
    found: 'up',
  },
  'a 204 with a length': {
    behave: answering(`HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n`),
    over: { expectBody: null },
    found: 'up',
  },
  'a 204 with a body': {
    behave: answering(`HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello`),
    over: { expectBody: null },
    found: 'up',
  },
  'a 204 that is chunked': {
    behave: answering(`HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n`),
    over: { expectBody: null },
    found: 'up',
  },
  'a 304 that is chunked': {
    behave: answering(`HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n`),
    over: { expectBody: null },
    found: 'up',
  },
  'HEAD with a length': {
    behave: answering(`HTTP/1.1 200 OK\r\nContent-Length: 120\r\n\r\n`),
    over: { expectBody: null, method: 'HEAD' },
    found: 'up',
  },
  'HEAD with a body': { behave: answering(OK), over: { expectBody: null, method: 'HEAD' }, found: 'up' },
  'a 205 without a length': {
    behave: sayingLast('HTTP/1.1 205 Reset Content\r\n\r\n'),
    over: { expectBody: null },
    found: 'up',
  },
};

export default server;

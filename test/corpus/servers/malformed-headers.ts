/** Header lines that no specification knows. */
import { answering } from '../../support/servers.ts';
import { type MisbehavingServer, TWO } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  folded: { behave: answering(`HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\n\tthree\r\n${TWO}\r\nok`), found: 'up' },
  'folded before the first': { behave: answering(`HTTP/1.1 200 OK\r\n folded\r\n${TWO}\r\nok`), found: 'up' },
  'a folded length': { behave: answering(`HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok`), found: 'up' },
  'a line without a colon': { behave: answering(`HTTP/1.1 200 OK\r\nnonsense\r\n${TWO}\r\nok`), found: 'up' },
  'a line with nothing before the colon': {
    behave: answering(`HTTP/1.1 200 OK\r\n: nonsense\r\n${TWO}\r\nok`),
    found: 'up',
  },
  'a blank before the colon': { behave: answering(`HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok`), found: 'up' },
  'a blank in a name': { behave: answering(`HTTP/1.1 200 OK\r\nMy Header: x\r\n${TWO}\r\nok`), found: 'up' },
  'no blank after the colon': { behave: answering(`HTTP/1.1 200 OK\r\nContent-Length:2\r\n\r\nok`), found: 'up' },
  'no value': { behave: answering(`HTTP/1.1 200 OK\r\nX-Empty:\r\n${TWO}\r\nok`), found: 'up' },
  'names in capitals': { behave: answering(`HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 2\r\n\r\nok`), found: 'up' },
  'UTF-8 and Latin-1': { behave: answering(`HTTP/1.1 200 OK\r\nX-Name: Zoë \u00ff\r\n${TWO}\r\nok`), found: 'up' },
  'control characters': {
    behave: answering(`HTTP/1.1 200 OK\r\nX-Name: \u0007\u001b[2J\r\n${TWO}\r\nok`),
    found: 'up',
  },
  'a carriage return in a value': { behave: answering(`HTTP/1.1 200 OK\r\nX-Name: a\rb\r\n${TWO}\r\nok`), found: 'up' },
  'a null character': {
    behave: answering(`HTTP/1.1 200 OK\r\nX-Name: a\0b\r\n${TWO}\r\nok`),
    found: 'protocol',
    message: /null character/,
  },
  'an upgrade that is offered': {
    behave: answering(`HTTP/1.1 200 OK\r\nUpgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\n${TWO}\r\nok`),
    found: 'up',
  },
};

export default server;

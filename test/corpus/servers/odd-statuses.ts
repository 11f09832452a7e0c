/** Statuses that are none, or are written oddly. The default accepts 2xx and 3xx. */
import { answering } from '../../support/servers.ts';
import { type MisbehavingServer, TWO } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  '099': { behave: answering(`HTTP/1.1 099 Odd\r\n${TWO}\r\nok`), found: 'status', message: /^099 Odd$/ },
  '000': { behave: answering(`HTTP/1.1 000\r\n${TWO}\r\nok`), found: 'status', message: /^000$/ },
  '1000': { behave: answering(`HTTP/1.1 1000 Many\r\n${TWO}\r\nok`), found: 'status', message: /^1000 Many$/ },
  '600': { behave: answering(`HTTP/1.1 600 More\r\n${TWO}\r\nok`), found: 'status', message: /^600 More$/ },
  'of two digits': { behave: answering(`HTTP/1.1 20 OK\r\n${TWO}\r\nok`), found: 'status', message: /^20 OK$/ },
  'no words': { behave: answering(`HTTP/1.1 200\r\n${TWO}\r\nok`), found: 'up' },
  'a blank instead of words': { behave: answering(`HTTP/1.1 200 \r\n${TWO}\r\nok`), found: 'up' },
  'words in UTF-8': { behave: answering(`HTTP/1.1 200 Très bien\r\n${TWO}\r\nok`), found: 'up' },
  'several blanks': { behave: answering(`HTTP/1.1   200   OK\r\n${TWO}\r\nok`), found: 'up' },
  tabs: { behave: answering(`HTTP/1.1\t200\tOK\r\n${TWO}\r\nok`), found: 'up' },
  'words that address the terminal': {
    behave: answering(`HTTP/1.1 500 \u001b]0;title\u0007\u009b\r\n${TWO}\r\nok`),
    found: 'status',
    message: /^500 \\u001b\]0;title\\u0007/,
  },
  'no status': {
    behave: answering(`HTTP/1.1 OK\r\n${TWO}\r\nok`),
    found: 'protocol',
    message: /^not an HTTP reply: its status line is "HTTP\/1\.1 OK"/,
  },
};

export default server;

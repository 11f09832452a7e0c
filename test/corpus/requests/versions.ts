import { type OddRequest } from '../odd-request.ts';

export default [
  {
    bytes:
      'GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\nGET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n',
    statuses: [200, 200],
    has: [/\r\nconnection: keep-alive\r\n/i],
  },
  {
    bytes: 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n',
    statuses: [200],
    has: [/\r\nconnection: close\r\n/i],
  },
  { bytes: 'GET /healthz\r\n\r\n', statuses: [200] },
  { bytes: 'GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n', statuses: [505] },
  { bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', statuses: [400] },
  { bytes: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n', statuses: [400] },
  { bytes: 'GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n', statuses: [400] },
  { bytes: 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\nConnection: close\r\n\r\n', statuses: [400] },
  { bytes: 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX : a\r\nConnection: close\r\n\r\n', statuses: [400] },
] satisfies readonly OddRequest[];

import { odd, type OddRequest } from '../odd-request.ts';

export default [
  { bytes: 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', statuses: [400] },
  {
    bytes: 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    statuses: [400],
  },
  { bytes: 'GET / HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\nConnection: close\r\n\r\n', statuses: [400] },
  { bytes: 'GET / HTTP/1.0\r\n\r\n', statuses: [403] },
  { bytes: 'GET /healthz HTTP/1.0\r\n\r\n', statuses: [200] },
  ...[
    '',
    'evil.example',
    'localhost.',
    'user@localhost',
    'localhost/',
    'localhost:80:80',
    '127.1',
    '[::1',
    '127.0.0.1.evil.example',
  ].map((host) => odd('GET /', [`Host: ${host}`], 403)),
  ...['localhost', 'LOCALHOST:1', '127.0.0.1', '127.9.9.9:9720', '[::1]:9720', 'a.localhost'].map((host) =>
    odd('GET /', [`Host: ${host}`], 200),
  ),
] satisfies readonly OddRequest[];

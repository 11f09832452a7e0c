import { bytesOf, odd, type OddRequest, PATHS } from '../odd-request.ts';

// Java's client sends this with its first request to any server.
const H2C = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
];
const MARK = '{"text":"x"}';

export default [
  ...PATHS.map((path) => odd(`GET ${path}`, H2C, 200, [/\r\nConnection: close\r\n/i])),
  odd('HEAD /healthz', H2C, 200),
  odd('GET /nothing', H2C, 404),
  odd('GET /feed', H2C, 426),
  odd('GET /healthz', ['Connection: Upgrade', 'Upgrade: TLS/1.0, HTTP/2.0'], 200),
  odd('GET /healthz', ['Connection: Upgrade', 'Upgrade: '], 200),
  odd('GET /feed', ['Connection: Upgrade', 'Upgrade: websocket'], 400),
  odd('GET /healthz', ['Connection: Upgrade', 'Upgrade: websocket'], 404),
  // The body is still to be read, and what follows it to be answered or not.
  {
    bytes: bytesOf(
      'POST /api/v1/marks',
      [...H2C, 'Content-Type: application/json', `Content-Length: ${String(MARK.length)}`],
      MARK,
    ),
    statuses: [403],
  },
  { bytes: bytesOf('GET /healthz', H2C) + bytesOf('GET /healthz'), statuses: [200] },
  { bytes: bytesOf('GET /healthz', ['Connection: keep-alive']) + bytesOf('GET /readyz', H2C), statuses: [200, 200] },
] satisfies readonly OddRequest[];

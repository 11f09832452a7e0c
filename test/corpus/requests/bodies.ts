import { bytesOf, odd, type OddRequest } from '../odd-request.ts';

const CHUNKED = ['Transfer-Encoding: chunked'];

export default [
  {
    bytes: bytesOf('GET /healthz', ['Content-Length: 5', 'Connection: keep-alive'], 'hello') + bytesOf('GET /readyz'),
    statuses: [200, 200],
  },
  {
    bytes:
      bytesOf('GET /healthz', [...CHUNKED, 'Connection: keep-alive'], '5\r\nhello\r\n0\r\n\r\n') +
      bytesOf('GET /readyz'),
    statuses: [200, 200],
  },
  { bytes: bytesOf('GET /healthz', [...CHUNKED, 'Content-Length: 5'], '0\r\n\r\n'), statuses: [400] },
  { bytes: bytesOf('GET /healthz', ['Content-Length: 5', 'Content-Length: 6'], 'hello'), statuses: [400] },
  { bytes: bytesOf('GET /healthz', ['Content-Length: -1']), statuses: [400] },
  { bytes: bytesOf('GET /healthz', ['Content-Length: 1e3']), statuses: [400] },
  { bytes: bytesOf('POST /api/v1/marks', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'), statuses: [400] },
  { bytes: bytesOf('POST /nothing', ['Content-Length: 100000', 'Expect: 100-continue']), statuses: [100, 404] },
  odd('GET /healthz', ['Expect: the-unexpected'], 417),
  odd('GET /page.js', ['Range: bytes=0-3'], 200),
  odd('GET /page.js', ['Range: bytes=999999-', 'If-Range: "js-1"'], 200),
] satisfies readonly OddRequest[];

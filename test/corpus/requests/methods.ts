import { odd, type OddRequest, PATHS } from '../odd-request.ts';

const GET = [/\r\nallow: GET, HEAD\r\n/i];
const POST = [/\r\nallow: POST\r\n/i];
const BARE = [/\r\ncontent-length:/i, /\r\ncontent-type:/i];

export default [
  ...PATHS.flatMap((path) => [
    odd(`HEAD ${path}`, [], 200, [/\r\ncontent-length: [1-9]/i, /\r\n\r\n$/]),
    odd(`OPTIONS ${path}`, [], 204, GET, BARE),
    ...['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'PURGE'].map((method) =>
      odd(`${method} ${path}`, [], 405, GET),
    ),
  ]),
  odd('HEAD /api/v1/marks', [], 405, POST),
  odd('GET /api/v1/marks', [], 405, POST),
  odd('OPTIONS /api/v1/marks', [], 204, POST, BARE),
  odd('OPTIONS /feed', [], 204, GET, BARE),
  odd('HEAD /feed', [], 426),
  odd('OPTIONS *', [], 204, [/\r\nallow: GET, HEAD, POST\r\n/i], BARE),
  odd('OPTIONS /nothing', [], 404),
  odd('HEAD /nothing', [], 404, [/\r\n\r\n$/]),
  odd('CONNECT localhost:80', [], 405),
  odd('BREW /', [], 501),
  odd('get /', [], 501),
] satisfies readonly OddRequest[];

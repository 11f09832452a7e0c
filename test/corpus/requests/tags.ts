import { odd, type OddRequest } from '../odd-request.ts';

const NO_LENGTH = [/\r\ncontent-length:/i, /\r\ncontent-type:/i, /void 0/];
const knows = (tags: string, status: number, more: readonly string[] = []): OddRequest =>
  odd(
    'GET /page.js',
    [`If-None-Match: ${tags}`, ...more],
    status,
    [/\r\netag: "js-1/i, /\r\nvary: /i, /\r\ncache-control: /i],
    status === 304 ? NO_LENGTH : [],
  );
const GZIP = ['Accept-Encoding: gzip'];

export default [
  ...['*', ' * ', '"js-1"', 'W/"js-1"', '"a", "js-1"', 'W/"a,b", W/"js-1"', '"a","js-1","b"'].map((tags) =>
    knows(tags, 304),
  ),
  ...['', 'js-1', '"js-1x"', '"js-2"', '"a,"js-1', '"js-1-gzip"'].map((tags) => knows(tags, 200)),
  knows('"js-1-gzip"', 304, GZIP),
  knows('"js-1"', 200, GZIP),
  odd('HEAD /page.js', ['If-None-Match: "js-1"'], 304, [], NO_LENGTH),
  odd('GET /nothing', ['If-None-Match: *'], 404),
] satisfies readonly OddRequest[];

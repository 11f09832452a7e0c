import { odd, type OddRequest } from '../odd-request.ts';

const PACKED = [/\r\ncontent-encoding: gzip\r\n/i, /\r\netag: "js-1-gzip"\r\n/i, /\r\nvary: accept-encoding\r\n/i];
const PLAIN = [/\r\netag: "js-1"\r\n/i, /\r\nvary: accept-encoding\r\n/i];
const none = [/content-encoding/i];
const accepts = (value: string, isPacked: boolean): OddRequest =>
  odd('GET /page.js', [`Accept-Encoding: ${value}`], 200, isPacked ? PACKED : PLAIN, isPacked ? [] : none);

export default [
  odd('GET /page.js', [], 200, PLAIN, none),
  ...['gzip', 'GZIP', 'x-gzip', 'br, gzip', '*', 'deflate,gzip;q=0.5', 'gzip;q=0.001', 'br;q=1, *;q=0.5'].map((one) =>
    accepts(one, true),
  ),
  ...[
    '',
    'br',
    'gzip;q=0',
    'gzip; q=0.000',
    '*;q=0',
    '*, gzip;q=0',
    'identity',
    'identity, gzip;q=0.5',
    'ungzip',
    'gzip;q=x',
  ].map((one) => accepts(one, false)),
] satisfies readonly OddRequest[];

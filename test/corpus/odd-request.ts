/** What the files of `requests` are made of: each holds requests of one kind, as bytes, and what is the right answer. */
export interface OddRequest {
  /** What is sent on one connection. */
  readonly bytes: string;
  /** Of the answers, in their order. Of each, another one is a fault; `null` where there is none, as the connection is cut. */
  readonly statuses: readonly (number | null)[];
  /** What the first answer has, and what it has not: its head and its body. */
  readonly has?: readonly RegExp[];
  readonly hasNot?: readonly RegExp[];
}

/** A request that closes the connection, unless a header in it says otherwise. */
export function bytesOf(start: string, headers: readonly string[] = [], body = ''): string {
  const names = new Set(headers.map((line) => line.split(':')[0]?.toLowerCase()));
  const usual = ['Host: localhost', 'Connection: close'].filter(
    (line) => !names.has(line.split(':')[0]?.toLowerCase()),
  );
  return `${[`${start} HTTP/1.1`, ...usual, ...headers].join('\r\n')}\r\n\r\n${body}`;
}

/** A request and the status of its answer. */
export function odd(
  start: string,
  headers: readonly string[],
  status: number,
  has: readonly RegExp[] = [],
  hasNot: readonly RegExp[] = [],
): OddRequest {
  return { bytes: bytesOf(start, headers), statuses: [status], has, hasNot };
}

/** Paths of every kind that takes GET. */
export const PATHS = [
  '/',
  '/page.js',
  '/api/v1/status',
  '/api/v1/events',
  '/api/v2/summary.json',
  '/feed.atom',
  '/badge/web.svg',
  '/badge/web.json',
  '/metrics',
  '/healthz',
  '/readyz',
];

/** How many connections the feed holds, so that neither it nor the probes run out of descriptors. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { Logger } from 'pino';

import { isLoopback } from './access.ts';

export interface Limits {
  /** Connections in all. */
  readonly total: number;
  /** Connections from one address of another machine. On this machine a proxy may stand for many: there `total` holds. */
  readonly perAddress: number;
}

/** What the contract's users need, or half of this process's descriptors: the other half is for probes. */
export function defaultLimits(): Limits {
  return { total: Math.min(10_000, Math.floor(descriptors() / 2)), perAddress: 100 };
}

/** How many descriptors this process may have open. */
function descriptors(): number {
  // Not in the types of Node 20 yet. Without it the report would look up the name of every peer.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Infinity;
}

/** Requests of one connection that may wait for their answers: browsers and scrapers send the next after the answer. */
const WAITING = 32;

/** How many requests of each connection wait for their answers. */
const waiting = new WeakMap<Socket, number>();

/**
 * Counts a request until it is answered, and breaks a connection that has too many.
 * @returns false for a request of a connection that is broken
 */
export function admit({ socket }: IncomingMessage, response: ServerResponse): boolean {
  // The parser goes on to the end of what was read, which may be thousands of requests.
  if (socket.destroyed) return false;
  const count = (waiting.get(socket) ?? 0) + 1;
  if (count > WAITING) {
    socket.destroy();
    return false;
  }
  waiting.set(socket, count);
  response.once('close', () => {
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
  });
  return true;
}

/** Too many connections are logged once in this time. */
const WARN_EVERY_MS = 10_000;

/** Closes connections beyond the limits as they come. */
export function limitConnections(server: Server, { total, perAddress }: Limits, log: Pick<Logger, 'warn'>): void {
  const counts = new Map<string, number>();
  let lastWarning = -Infinity;
  const warn = (details: object): void => {
    const now = performance.now();
    if (now - lastWarning < WARN_EVERY_MS) return;
    lastWarning = now;
    log.warn(details, 'connections to the feed are refused: there are too many');
  };
  server.on('drop', () => {
    warn({ total });
  });
  server.maxConnections = total;
  server.on('connection', (socket) => {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    if (count <= perAddress || isLoopback(address)) return;
    socket.destroy();
    warn({ address, perAddress });
  });
}

/** How many connections and requests the feed takes, so that neither it nor the probes run out of descriptors or time. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Logger } from 'pino';

import { RateLimit } from '../core/rate-limit.ts';
import { isLoopback } from './access.ts';
import { plainAddress } from './proxies.ts';
import { nextSlice } from './slices.ts';

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

/** Asked for once: the report names every socket that is open, and takes longer each time. */
let openFiles: number | null = null;

/** How many descriptors this process may have open. */
function descriptors(): number {
  if (openFiles !== null) return openFiles;
  // Not in the types of Node 20 yet. Without it the report would look up the name of every peer.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } };
  const soft = userLimits?.open_files?.soft;
  openFiles = typeof soft === 'number' ? soft : Infinity;
  return openFiles;
}

/** Requests of one connection that may wait for their answers: browsers and scrapers send the next after the answer. */
const WAITING = 32;

/** The answers that each connection waits for. */
const waiting = new WeakMap<Duplex, Set<ServerResponse>>();

/**
 * Counts a request until it is answered, and breaks a connection that has too many.
 * @returns what to wait for before it is answered: a connection has one answer in each turn of the loop; null for a request of
 *   a connection that is broken
 */
export function admit({ socket }: IncomingMessage, response: ServerResponse): Promise<void> | null {
  // The parser goes on to the end of what was read, which may be thousands of requests.
  if (socket.destroyed) return null;
  const answers = waiting.get(socket) ?? new Set();
  waiting.set(socket, answers);
  const before = [...answers].at(-1);
  answers.add(response);
  response.once('close', () => {
    answers.delete(response);
  });
  if (answers.size > WAITING) {
    socket.destroy();
    return null;
  }
  return before === undefined ? Promise.resolve() : once(before, 'close').then(nextSlice);
}

/** Resolves when a connection waits for no answer. */
export async function answered(socket: Duplex): Promise<void> {
  await Promise.all([...(waiting.get(socket) ?? [])].map((response) => once(response, 'close')));
}

/** Too many connections are logged once in this time. */
const WARN_EVERY_MS = 10_000;

/**
 * Closes connections beyond the limits as they come.
 * @param isProxy whether an address stands for many clients
 */
export function limitConnections(
  server: Server,
  { total, perAddress }: Limits,
  isProxy: (address: string) => boolean,
  log: Pick<Logger, 'warn'>,
): void {
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
  const known = new WeakSet<Socket>();
  server.on('connection', (socket) => {
    // One whose request asked for another protocol comes again.
    if (known.has(socket)) return;
    known.add(socket);
    const address = plainAddress(socket.remoteAddress);
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    if (count <= perAddress || isLoopback(address) || isProxy(address)) return;
    socket.destroy();
    warn({ address, perAddress });
  });
}

/** Connections and requests of one address: so many at once, and in a second. */
export interface Rate {
  readonly most: number;
  readonly perSecond: number;
}

const FROM_ELSEWHERE: Rate = { most: 1000, perSecond: 100 };
/** On this machine a proxy may stand for many. */
const FROM_HERE: Rate = { most: 20_000, perSecond: 2000 };
/** Addresses that are remembered. */
const ADDRESSES = 10_000;

/** How much each address asks for. */
export class AddressRates {
  readonly #here: Rate;
  readonly #elsewhere: Rate;
  readonly #rates = new Map<string, RateLimit>();

  /** @param here of this machine's own addresses */
  constructor(here: Rate = FROM_HERE, elsewhere: Rate = FROM_ELSEWHERE) {
    this.#here = here;
    this.#elsewhere = elsewhere;
  }

  /**
   * Counts a connection or a request.
   * @returns in how many seconds, at least 1, the address may come again; null where it may ask now
   */
  take(remoteAddress: string): number | null {
    const address = plainAddress(remoteAddress);
    const { most, perSecond } = isLoopback(address) ? this.#here : this.#elsewhere;
    const rate = this.#rates.get(address) ?? new RateLimit(most, perSecond);
    // Behind all others, of which the first was not seen for longest.
    this.#rates.delete(address);
    this.#rates.set(address, rate);
    const [oldest] = this.#rates.keys();
    if (this.#rates.size > ADDRESSES && oldest !== undefined) this.#rates.delete(oldest);
    return rate.take() ? null : Math.ceil(rate.waitMs / 1000);
  }
}

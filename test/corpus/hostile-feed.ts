/** What the files of `feeds` are made of: each holds one kind of feed that no monitor has, and what is to be said of it. */
import type { Socket } from 'node:net';

import type { WebSocket } from 'ws';

export interface HostileFeed {
  /** Why a client is not connected; null where it is, and only passes over what is wrong. Then a service `web` is known. */
  readonly problem: RegExp | null;
  /** Speaks to a client that has just connected. */
  speak?(ws: WebSocket): void;
  /** Instead of `speak`: answers the request for a websocket. */
  answer?(socket: Socket): void;
}

const MONITOR = { id: 'm', vantage: 'there', version: '9', startedAt: Date.now() };

/** A hello as it should be, but for `more`. */
export function hello(services: readonly object[], more: object = {}): string {
  const usual = { type: 'hello', protocol: 1, monitor: MONITOR, now: Date.now(), seq: 1, resumed: false };
  return JSON.stringify({ ...usual, services, ...more });
}

/** A service of a hello as it should be, but for `more`. */
export function web(more: object = {}): object {
  const since = Date.now() - 1000;
  return {
    service: 'web',
    ...{ kind: 'tcp', target: 'tcp://127.0.0.1:80', connection: 'new', group: null, intervalMs: 100, timeoutMs: 1000 },
    ...{ rise: 1, fall: 1, state: 'up', status: 'up', since, reason: null },
    uptime: { '1h': 1, '24h': 1, '90d': 1 },
    observed: { '1h': 1000, '24h': 1000, '90d': 1000 },
    timeline: [{ state: 'up', from: since, to: null }],
    gaps: [],
    ...more,
  };
}

/** A gap of a hello as it should be, but for `more`. */
export function gap(more: object = {}): object {
  const to = Date.now() - 5000;
  const facts = { from: to - 1000, to, durationMs: 1000, minMs: 900, maxMs: 1100, failed: 10 };
  return { ...facts, reasons: [{ reason: 'refused', count: 10 }], ...more };
}

/** A feed whose hello has these services. */
export function greets(problem: RegExp | null, services: () => readonly object[], more: object = {}): HostileFeed {
  // Made once: some take a second, and a client that was not served in time comes again and again.
  let made: string | null = null;
  return {
    problem,
    speak: (ws) => {
      made ??= hello(services(), more);
      ws.send(made);
    },
  };
}

/** A feed that begins well, and sends these messages then. */
export function sends(messages: () => readonly (object | string | Buffer)[]): HostileFeed {
  return {
    problem: null,
    speak: (ws) => {
      ws.send(hello([web()]));
      for (const one of messages())
        ws.send(typeof one === 'string' || Buffer.isBuffer(one) ? one : JSON.stringify(one));
    },
  };
}

/** Services to watch, made for the benchmarks. */
import type { Connection, Service } from '../../src/core/model.ts';
import type { ProbeSpec, Watched } from '../../src/probe/spec.ts';
import { endpoint, httpSpec, redisSpec, tcpSpec } from '../support/probing.ts';

export interface Target {
  readonly kind: 'tcp' | 'http' | 'redis';
  readonly host: string;
  readonly port: number;
}

export interface Manner {
  readonly connection: Connection;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** How long a new TCP connection is held, where it is not as long as usual. */
  readonly holdMs?: number;
}

/** A kept TCP connection proves something only where something is said over it. */
const ECHO = { send: 'x', expect: 'x' };

export function watchedOf(name: string, { kind, host, port }: Target, { holdMs, ...manner }: Manner): Watched {
  const service: Service = {
    name,
    kind,
    target: `${kind}://${host}:${String(port)}`,
    group: null,
    rise: 1,
    fall: 1,
    ...manner,
  };
  const at = { endpoint: endpoint(port, { host }) };
  const probe: ProbeSpec =
    kind === 'tcp'
      ? tcpSpec(port, { ...at, ...(manner.connection === 'kept' && ECHO), ...(holdMs !== undefined && { holdMs }) })
      : kind === 'redis'
        ? redisSpec(port, at)
        : httpSpec(`http://${host}:${String(port)}/`);
  return { service, probe };
}

/** The `index`th of many loopback addresses: each has local ports of its own, so that they last. */
export function loopback(index: number): string {
  return `127.0.${String(Math.floor(index / 250))}.${String(1 + (index % 250))}`;
}

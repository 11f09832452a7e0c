/** Services to watch, made for the benchmarks. */
import type { Connection, Service } from '../../src/model.ts';
import type { ProbeSpec, Watched } from '../../src/probe/spec.ts';

export interface Target {
  readonly kind: 'tcp' | 'http' | 'redis';
  readonly host: string;
  readonly port: number;
}

export interface Manner {
  readonly connection: Connection;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** A kept TCP connection proves something only where something is said over it. */
const ECHO = { send: 'x', expect: 'x' };
const SILENCE = { send: null, expect: null };

export function watchedOf(name: string, { kind, host, port }: Target, manner: Manner): Watched {
  const service: Service = {
    name,
    kind,
    target: `${kind}://${host}:${String(port)}`,
    group: null,
    rise: 1,
    fall: 1,
    ...manner,
  };
  const endpoint = { host, port, family: null, tls: null };
  const probe: ProbeSpec =
    kind === 'tcp'
      ? { kind, endpoint, holdMs: 25, ...(manner.connection === 'kept' ? ECHO : SILENCE) }
      : kind === 'redis'
        ? { kind, endpoint, username: null, password: null, db: 0, role: null }
        : {
            kind,
            url: `http://${host}:${String(port)}/`,
            socketPath: null,
            family: null,
            method: 'GET',
            headers: {},
            body: null,
            expectStatus: [{ from: 200, to: 399 }],
            expectBody: null,
            follow: 0,
            tls: { verify: true, ca: null, servername: null, minDays: null },
          };
  return { service, probe };
}

/** The `index`th of many loopback addresses: each has local ports of its own, so that they last. */
export function loopback(index: number): string {
  return `127.0.${String(Math.floor(index / 250))}.${String(1 + (index % 250))}`;
}

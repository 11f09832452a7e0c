/** Sends probes as the engine does, and records what they report. */
import { once, EventEmitter } from 'node:events';

import type { Identity } from '../../src/core/messages.ts';
import type { Connection, Kind, Sample } from '../../src/core/model.ts';
import { Attempt, type AttemptHost } from '../../src/probe/attempt.ts';
import type { Failure } from '../../src/probe/failure.ts';
import type { ProberEvents } from '../../src/probe/connector.ts';
import { makeProber, type Prober } from '../../src/probe/prober.ts';
import type { Endpoint, HttpSpec, ProbeSpec, RedisSpec, TcpSpec, TlsSpec } from '../../src/probe/spec.ts';

/** An engine that never stalls. */
export const HOST: AttemptHost = {
  now: () => performance.now(),
  stalledMs: () => 0,
  lastFreeAt: () => performance.now(),
};

/** Longer than any probe of a test takes, unless it is to time out. */
export const AMPLE_MS = 20_000;

const PLAIN_TLS: TlsSpec = { verify: true, ca: null, servername: null, minDays: null, client: null };

export function endpoint(port: number, over: Partial<Endpoint> = {}): Endpoint {
  return { host: '127.0.0.1', port, family: null, tls: null, ...over };
}

export function tlsOf(over: Partial<TlsSpec>): TlsSpec {
  return { ...PLAIN_TLS, ...over };
}

export function tcpSpec(port: number, over: Partial<TcpSpec> = {}): TcpSpec {
  return { kind: 'tcp', endpoint: endpoint(port), holdMs: 25, send: null, expect: null, ...over };
}

export function httpSpec(url: string, over: Partial<HttpSpec> = {}): HttpSpec {
  return {
    kind: 'http',
    url,
    zone: null,
    socketPath: null,
    family: null,
    method: 'GET',
    headers: {},
    body: null,
    expectStatus: [{ from: 200, to: 399 }],
    expectBody: null,
    follow: 0,
    tls: PLAIN_TLS,
    ...over,
  };
}

export function redisSpec(port: number, over: Partial<RedisSpec> = {}): RedisSpec {
  return { kind: 'redis', endpoint: endpoint(port), username: null, password: null, db: 0, role: null, ...over };
}

/** One service, and all that its prober reports. Emits `lost` and `identity`. */
export class Probing extends EventEmitter implements ProberEvents {
  readonly lost: Failure[] = [];
  readonly identities: string[] = [];
  /** Where the master was, by the sentinels. */
  readonly masters: string[] = [];
  /** How many writes were found to be gone, each time. */
  readonly lostCounts: number[] = [];
  readonly #prober: Prober;
  readonly #underWay = new Set<Attempt>();

  private constructor(make: (events: ProberEvents) => Prober) {
    super();
    this.#prober = make(this);
  }

  static async of(probe: ProbeSpec, connection: Connection = 'new'): Promise<Probing> {
    const service = {
      name: 'service',
      kind: probe.kind satisfies Kind,
      target: 'test',
      connection,
      group: null,
      intervalMs: 100,
      timeoutMs: 1000,
      rise: 1,
      fall: 1,
    };
    let late: Probing | null = null;
    const prober = await makeProber(
      { service, probe },
      {
        connectionLost: (failure) => late?.connectionLost(failure),
        identity: (id, sentAt, what) => late?.identity(id, sentAt, what),
        lostWrites: (count) => late?.lostWrites(count),
      },
    );
    late = new Probing(() => prober);
    return late;
  }

  /** Sends one probe, and waits for its end. Where this thread was away by what the probe says, another one is sent. */
  async probe(timeoutMs = AMPLE_MS, host: AttemptHost = HOST): Promise<Sample> {
    const sample = await this.#probeOnce(timeoutMs, host);
    return host === HOST && sample.reason === 'stalled' ? this.probe(timeoutMs) : sample;
  }

  #probeOnce(timeoutMs: number, host: AttemptHost): Promise<Sample> {
    return new Promise((resolve) => {
      const attempt: Attempt = new Attempt(host, timeoutMs, (sample) => {
        this.#underWay.delete(attempt);
        resolve(sample);
      });
      this.#underWay.add(attempt);
      this.#prober.start(attempt);
    });
  }

  /** Resolves when a kept connection breaks, from now on. */
  async nextLoss(): Promise<Failure> {
    const [failure] = (await once(this, 'lost')) as [Failure];
    return failure;
  }

  /** Ends the watch, as the engine does. */
  close(): void {
    for (const attempt of [...this.#underWay]) attempt.abort();
    this.#prober.close();
  }

  connectionLost(failure: Failure): void {
    this.lost.push(failure);
    this.emit('lost', failure);
  }

  lostWrites(count: number): void {
    this.lostCounts.push(count);
  }

  identity(id: string, _sentAt: number, what?: Identity['what']): void {
    if (what === 'master') this.masters.push(id);
    if (what !== undefined) return;
    this.identities.push(id);
    this.emit('identity', id);
  }
}

/** What of a sample is compared: the rest are times. */
export function verdict({ result, reason }: Sample): string {
  return reason ?? result;
}

/**
 * What the engine asks of a service's probes. Each protocol has a `Connector` (`tcp-connector.ts`, `http-connector.ts`,
 * `redis-connector.ts`); the probers here decide how long its connections live.
 */
import { resultOf } from '../core/model.ts';
import type { Attempt } from './attempt.ts';
import type { Connection, Connector, ProberEvents } from './connector.ts';
import { Dialler } from './dialler.ts';
import type { Failure } from './failure.ts';
import type { Watched } from './spec.ts';

/** Sends probes to one service. */
export interface Prober {
  /** Starts one attempt at one address; ends it by `attempt.succeed()` or `attempt.fail()`, unless its deadline does. */
  start(attempt: Attempt): void;
  /** Closes what is kept open. Attempts that still run are ended by the engine. */
  close(): void;
}

/** Makes the prober of a service. undici and ioredis are loaded where a service needs them, and not before. */
export async function makeProber({ service, probe }: Watched, events: ProberEvents): Promise<Prober> {
  const connector = await connectorFor(probe, events);
  return service.connection === 'kept' ? new KeptProber(connector, events) : new NewProber(connector);
}

async function connectorFor(probe: Watched['probe'], events: ProberEvents): Promise<Connector> {
  switch (probe.kind) {
    case 'tcp': {
      const { TcpConnector } = await import('./tcp-connector.ts');
      return new TcpConnector(probe);
    }
    case 'http': {
      const { HttpConnector } = await import('./http-connector.ts');
      return new HttpConnector(probe);
    }
    case 'redis': {
      const { RedisConnector } = await import('./redis-connector.ts');
      return new RedisConnector(probe, events);
    }
  }
}

/** What opens connections to a service, and asks nothing. */
export async function makeDialler(probe: Watched['probe']): Promise<Dialler> {
  if (probe.kind !== 'http') return new Dialler(probe.endpoint);
  const { diallerFor, firstTarget } = await import('./http-target.ts');
  return diallerFor(firstTarget(probe), probe);
}

/** `connection: new`: a connection for each probe. */
class NewProber implements Prober {
  readonly #connector: Connector;

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  start(attempt: Attempt): void {
    this.#connector.open(attempt, null);
  }

  close(): void {
    // Nothing outlives its probe.
  }
}

/**
 * `connection: kept`: every probe goes over one connection. When it breaks, that is reported at once, and the probes that
 * were on it are sent once more, each over a connection of its own; the first of those that opens is kept from then on.
 */
class KeptProber implements Prober {
  readonly #connector: Connector;
  readonly #events: ProberEvents;
  readonly #carried = new Set<Attempt>();
  #connection: Connection | null = null;
  #closed = false;

  constructor(connector: Connector, events: ProberEvents) {
    this.#connector = connector;
    this.#events = events;
  }

  start(attempt: Attempt): void {
    if (this.#connection === null) this.#open(attempt);
    else this.#carry(attempt, this.#connection);
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = null;
  }

  #open(attempt: Attempt): void {
    let mine: Connection | null = null;
    this.#connector.open(attempt, {
      onOpen: (connection) => {
        attempt.release = null;
        if (this.#connection !== null || this.#closed) {
          connection.close(); // another attempt's connection opened first
          return;
        }
        mine = connection;
        this.#connection = connection;
      },
      onClose: (failure) => {
        if (mine !== null) this.#lose(mine, failure);
      },
    });
  }

  #carry(attempt: Attempt, connection: Connection): void {
    this.#carried.add(attempt);
    attempt.release = (failure) => {
      this.#carried.delete(attempt);
      if (failure === null || failure.reason === 'stopped' || attempt.answered) return;
      // A reply that may still come would be taken for the next one's, or hold it up.
      this.#lose(connection, resultOf(failure.reason) === 'down' ? failure : null);
    };
    attempt.begin('reply');
    connection.send(attempt);
  }

  #lose(connection: Connection, failure: Failure | null): void {
    if (connection !== this.#connection) return;
    this.#connection = null;
    connection.close();
    const carried = [...this.#carried];
    this.#carried.clear();
    if (failure !== null) this.#events.connectionLost(failure);
    for (const attempt of carried) {
      attempt.release = null;
      attempt.begin('connect');
      this.#open(attempt);
    }
  }
}

/**
 * What the engine asks of a service's probes. Each protocol has a `Connector` (`tcp-connector.ts`, `http-connector.ts`,
 * `redis-connector.ts`); the probers here decide how long its connections live.
 */
import { resultOf } from '../core/model.ts';
import { printable } from '../core/printable.ts';
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

/** Makes the prober of a service. What only HTTP or Redis needs is loaded where a service needs it, and not before. */
export async function makeProber({ service, probe }: Watched, events: ProberEvents): Promise<Prober> {
  const connector = await connectorFor(probe, events);
  return service.connection === 'kept' ? new KeptProber(connector, events) : new NewProber(connector);
}

async function connectorFor(probe: Watched['probe'], events: ProberEvents): Promise<Connector> {
  switch (probe.kind) {
    case 'tcp': {
      const { TcpConnector } = await import('./tcp-connector.ts');
      return new TcpConnector(probe, events);
    }
    case 'http': {
      const { HttpConnector } = await import('./http-connector.ts');
      return new HttpConnector(probe, events);
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

/** A good answer that is older counts for less: each newer one takes this share of its time away. */
const FADING = 0.1;
/** The share of the deadline that probes at once may take of a service that answers one at a time. */
const PATIENCE = 0.5;
/** Probes at once before anything has been answered. */
const FIRST_AT_ONCE = 2;

/**
 * `connection: kept`: every probe goes over one connection, one at a time: what waits in a queue of ours would make the
 * service look slow. When the connection breaks, that is reported at once, and the probe that was on it is sent once more
 * over a new one; the first of those that opens is kept from then on.
 *
 * A probe that finds the kept connection busy goes over one of its own, for this once: so a connection that hangs is
 * distinguished from a service that does. But not beyond what the service bears: one that answers one probe at a time in 150 ms
 * is not to be asked by ten at once. As many may be under way as it could answer one after the other in half of the
 * deadline, by its slowest good answer of late. Other slots are left out: they say nothing, neither up, down nor
 * unobserved.
 */
class KeptProber implements Prober {
  readonly #connector: Connector;
  readonly #events: ProberEvents;
  #underWay: Attempt[] = [];
  #connection: Connection | null = null;
  /** Until when the certificate that it was opened with is good enough, in milliseconds since the epoch. */
  #certGoodUntil = Infinity;
  /** The attempt on the kept connection. */
  #carried: Attempt | null = null;
  /** How long good answers take, in milliseconds: the slowest of late; null before the first one. */
  #answerMs: number | null = null;
  #closed = false;

  constructor(connector: Connector, events: ProberEvents) {
    this.#connector = connector;
    this.#events = events;
  }

  start(attempt: Attempt): void {
    // What has no connection yet is no work for the service: the kept connection does not wait for it.
    const isFree = this.#connection !== null && this.#carried === null;
    const known = this.#underWay;
    this.#underWay = [];
    let others = 0;
    for (const other of known) {
      if (other.ended) this.#remember(other);
      else this.#underWay.push(other);
      if (!other.ended && !(isFree && other.isConnecting)) others += 1;
    }
    const bearable = this.#answerMs === null ? FIRST_AT_ONCE : (attempt.timeoutMs * PATIENCE) / this.#answerMs;
    if (others > 0 && others + 1 > bearable) {
      attempt.abort();
      return;
    }
    this.#underWay.push(attempt);
    // A server shows its certificate only where a connection opens: there may be a new one by now.
    if (this.#carried === null && Date.now() > this.#certGoodUntil) this.#closeKept();
    if (this.#connection === null) this.#open(attempt);
    else if (this.#carried === null) this.#carry(attempt, this.#connection);
    else this.#openBeside(attempt, this.#carried);
  }

  /** The kept connection decides: while it is there, and answers, it does not matter that a new one can't be had. */
  #openBeside(attempt: Attempt, carried: Attempt): void {
    attempt.isMoot = () => !carried.ended || carried.goodAfterMs !== null;
    this.#connector.open(attempt, null);
  }

  close(): void {
    this.#closed = true;
    this.#closeKept();
  }

  #closeKept(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  #remember({ goodAfterMs }: Attempt): void {
    if (goodAfterMs !== null) this.#answerMs = Math.max((this.#answerMs ?? 0) * (1 - FADING), goodAfterMs);
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
        this.#certGoodUntil = attempt.certGoodUntil;
      },
      onClose: (failure) => {
        if (mine !== null) this.#lose(mine, failure);
      },
    });
  }

  #carry(attempt: Attempt, connection: Connection): void {
    this.#carried = attempt;
    attempt.release = (failure) => {
      this.#carried = null;
      if (failure === null || failure.reason === 'stopped' || attempt.answered) return;
      // A reply that may still come would be taken for the next one's, or hold it up.
      this.#lose(connection, resultOf(failure.reason) === 'down' ? failure : null);
    };
    attempt.begin('reply');
    connection.send(attempt);
    attempt.asked();
  }

  #lose(connection: Connection, failure: Failure | null): void {
    if (connection !== this.#connection) return;
    this.#connection = null;
    connection.close();
    const carried = this.#carried;
    this.#carried = null;
    if (failure !== null) this.#events.connectionLost({ reason: failure.reason, message: printable(failure.message) });
    if (carried === null) return;
    carried.release = null;
    // What had come of a reply is no part of the next one.
    carried.unaccepted = null;
    carried.missing = null;
    carried.status = null;
    carried.begin('connect');
    this.#open(carried);
  }
}

/** A monitor that publishes what a test wants, behind a real feed: for states that a real one does not easily enter. */
import { pino } from 'pino';

import type { Reader } from '../../src/core/source.ts';
import { MemoryEventLog } from '../../src/core/event-log.ts';
import type { Event, Heartbeat, Hello, Mark, Message, ServiceSnapshot, Unnumbered } from '../../src/core/messages.ts';
import { FeedServer } from '../../src/server/feed-server.ts';
import type { FeedSource } from '../../src/core/source.ts';
import type { Reason, State } from '../../src/core/model.ts';
import { pageAssets } from '../../src/page/page-assets.ts';
import { Board } from '../../src/core/board.ts';
import { hello, snapshot, transition } from '../support/builders.ts';

export class Scripted implements FeedSource {
  readonly identity = { id: 'scripted', vantage: 'here', version: '0.0.0', startedAt: Date.now() - 3_600_000 };
  readonly board = new Board();
  readonly events = new MemoryEventLog(0);
  readonly #readers = new Set<Reader>();

  /** Services that are up since an hour. */
  constructor(names: readonly string[], more: Partial<ServiceSnapshot> = {}) {
    const since = this.identity.startedAt;
    const usual: Partial<ServiceSnapshot> = {
      ...{ kind: 'http', target: 'http://127.0.0.1:8080/secret-path', since },
      uptime: { '1h': 1, '24h': 1, '90d': 1 },
      observed: { '1h': 3_600_000, '24h': 3_600_000, '90d': 3_600_000 },
    };
    const services = names.map((name) => snapshot(name, { ...usual, ...more }));
    this.board.apply({ ...this.#hello(), services });
  }

  now(): number {
    return Date.now();
  }

  counters(): null {
    return null;
  }

  subscribe(reader: Reader): () => void {
    reader.take([this.#hello()]);
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  mark(text: string): Mark {
    return this.event({ type: 'mark', at: this.now(), text }) as Mark;
  }

  /** Publishes an event. */
  event(event: Unnumbered): Event {
    const numbered = { ...event, seq: this.events.newest + 1 };
    this.events.append(numbered);
    this.publish(numbered);
    return numbered;
  }

  publish(message: Message): void {
    this.board.apply(message);
    for (const reader of this.#readers) reader.take([message]);
  }

  heartbeat(more: Partial<Heartbeat> = {}): void {
    this.publish({
      type: 'heartbeat',
      now: this.now(),
      seq: this.events.newest,
      probes: 1,
      missed: 0,
      lateMs: 1,
      overloaded: false,
      ...more,
    });
  }

  /** A service enters a state. */
  enter(service: string, to: State, reason: Reason | null = null): void {
    const from = this.board.services.get(service)?.state ?? 'unknown';
    const message = reason === null ? null : `${reason}, from 127.0.0.1:8080`;
    this.event(transition(service, from, to, this.now(), { reason, message }));
  }

  /** Serves its feed and its page. */
  serve(isPublic = false): Promise<FeedServer> {
    return FeedServer.start({
      listen: { host: '127.0.0.1', port: 0 },
      token: null,
      public: isPublic,
      monitor: this,
      page: pageAssets(),
      log: pino({ level: 'silent' }),
    });
  }

  #hello(): Hello {
    const now = this.now();
    return hello(this.board.snapshot(now), { now, seq: this.events.newest }, this.identity);
  }
}

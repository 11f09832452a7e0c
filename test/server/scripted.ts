/** A source of messages that does what a test says: for floods, and for what takes a real monitor minutes. */
import { pino } from 'pino';

import type { Reader } from '../../src/core/source.ts';
import { MemoryEventLog } from '../../src/core/event-log.ts';
import type { Event, Heartbeat, Hello, Mark, Message, SampleMessage, Unnumbered } from '../../src/core/messages.ts';
import { PROTOCOL } from '../../src/core/messages.ts';
import { FeedServer } from '../../src/server/feed-server.ts';
import type { FeedSource } from '../../src/core/source.ts';
import { Board, BoardService } from '../../src/core/board.ts';

const INFO = {
  kind: 'tcp',
  target: 'tcp://127.0.0.1:1',
  connection: 'new',
  group: null,
  intervalMs: 100,
  timeoutMs: 1000,
  rise: 1,
  fall: 2,
} as const;

export class Scripted implements FeedSource {
  readonly identity = { id: 'scripted', vantage: 'here', version: '0.0.0', startedAt: Date.now() };
  readonly board = new Board();
  readonly events = new MemoryEventLog(0);
  readonly #readers = new Set<Reader>();

  get seq(): number {
    return this.events.newest;
  }

  constructor(names: readonly string[] = ['web']) {
    for (const name of names) this.board.services.set(name, new BoardService(name, INFO, this.now()));
  }

  /** Whether somebody wants samples. */
  samplesWanted(): boolean {
    return [...this.#readers].some(({ samples }) => samples);
  }

  now(): number {
    return Date.now();
  }

  counters(): null {
    return null;
  }

  mark(text: string): Mark {
    return this.event({ type: 'mark', at: this.now(), text }) as Mark;
  }

  event(event: Unnumbered): Event {
    const numbered = { ...event, seq: this.seq + 1 };
    this.events.append(numbered);
    this.publish([numbered]);
    return numbered;
  }

  transition(service: string, to: 'up' | 'down'): void {
    const at = this.now();
    const from = to === 'up' ? 'down' : 'up';
    const reason = to === 'up' ? null : 'refused';
    this.event({ type: 'transition', service, from, to, at, notBefore: at, notAfter: at, reason, message: reason });
  }

  heartbeat(): void {
    const heartbeat: Heartbeat = {
      type: 'heartbeat',
      now: this.now(),
      seq: this.seq,
      probes: 1,
      missed: 1,
      lateMs: 1,
      overloaded: false,
    };
    this.publish([heartbeat]);
  }

  samples(count: number): void {
    const sample: SampleMessage = {
      type: 'sample',
      service: 'web',
      at: this.now(),
      durationMs: 1,
      result: 'up',
      reason: null,
      message: null,
      phases: { dnsMs: null, connectMs: 1, tlsMs: null, replyMs: null },
    };
    this.publish(Array.from({ length: count }, () => sample));
  }

  publish(messages: readonly Message[]): void {
    for (const message of messages) this.board.apply(message);
    const others = messages.filter(({ type }) => type !== 'sample');
    for (const reader of this.#readers) {
      const due = reader.samples ? messages : others;
      if (due.length > 0) reader.take(due);
    }
  }

  /** Watches one more service. */
  add(name: string): void {
    this.board.services.set(name, new BoardService(name, INFO, this.now()));
    this.publish([this.#hello()]);
  }

  subscribe(reader: Reader): () => void {
    reader.take([this.#hello()]);
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  #hello(): Hello {
    const now = this.now();
    const services = this.board.snapshot(now);
    return {
      type: 'hello',
      protocol: PROTOCOL,
      monitor: this.identity,
      now,
      seq: this.seq,
      resumed: false,
      services,
    };
  }
}

/** Serves a scripted source. */
export async function served(source: FeedSource, port = 0): Promise<{ feed: FeedServer; ws: string }> {
  const listen = { host: '127.0.0.1', port };
  const log = pino({ enabled: false });
  const feed = await FeedServer.start({ listen, token: null, public: false, monitor: source, page: new Map(), log });
  return { feed, ws: `ws://127.0.0.1:${String(feed.address.port)}/feed` };
}

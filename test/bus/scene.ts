/** Monitors that do what a test says, their publishers, hubs and viewers, around a real Redis. */
import { pino } from 'pino';

import type { BusAddress } from '../../src/bus/bus-connection.ts';
import { busUrl } from '../../src/config/bus-url.ts';
import { BusLink } from '../../src/bus/bus-connection.ts';
import { Publisher } from '../../src/bus/publisher.ts';
import type { Reader } from '../../src/core/source.ts';
import { MemoryEventLog } from '../../src/core/event-log.ts';
import type { Event, Message, MonitorIdentity, Unnumbered } from '../../src/core/messages.ts';
import { PROTOCOL } from '../../src/core/messages.ts';
import { FeedServer } from '../../src/server/feed-server.ts';
import { Hub } from '../../src/bus/hub.ts';
import { Board, BoardService } from '../../src/core/board.ts';

const INFO = {
  kind: 'tcp',
  target: 'tcp://127.0.0.1:1',
  connection: 'new',
  group: null,
  intervalMs: 100,
  timeoutMs: 1000,
  rise: 1,
  fall: 1,
} as const;

const LOG = pino({ enabled: false });

/** A monitor that tells what a test says. */
export class Told {
  readonly identity: MonitorIdentity;
  readonly board = new Board();
  readonly events: MemoryEventLog;
  readonly #readers = new Set<Reader>();

  constructor(vantage: string, names: readonly string[] = ['web'], id = `monitor-of-${vantage}`, kept?: number) {
    this.identity = { id, vantage, version: '0.0.0', startedAt: Date.now() };
    this.events = new MemoryEventLog(0, kept);
    for (const name of names) this.board.services.set(name, new BoardService(name, INFO, this.now()));
  }

  now(): number {
    return Date.now();
  }

  subscribe(reader: Reader): () => void {
    reader.take([this.#hello()]);
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  tell(event: Unnumbered): void {
    const numbered = { ...event, seq: this.events.newest + 1 } as Event;
    this.events.append(numbered);
    this.#publish(numbered);
  }

  mark(text: string): void {
    this.tell({ type: 'mark', at: this.now(), text });
  }

  turn(service: string, to: 'up' | 'down', at = this.now()): void {
    const from = this.board.services.get(service)?.state ?? 'unknown';
    const reason = to === 'up' ? null : 'refused';
    this.tell({ type: 'transition', service, from, to, at, notBefore: at, notAfter: at, reason, message: reason });
  }

  /** A service was down. */
  gap(service: string, from: number, to: number): void {
    const [durationMs, minMs, maxMs] = [to - from, to - from, to - from + 100];
    const reasons = [{ reason: 'refused', count: 1 }] as const;
    this.tell({ type: 'gap', service, from, to, durationMs, minMs, maxMs, failed: 1, reasons });
  }

  add(name: string): void {
    this.board.services.set(name, new BoardService(name, INFO, this.now()));
    this.#publish(this.#hello());
  }

  #publish(message: Message): void {
    if (message.type !== 'hello') this.board.apply(message);
    for (const reader of this.#readers) reader.take([message]);
  }

  #hello(): Message {
    const now = this.now();
    const services = this.board.snapshot(now);
    const { newest: seq } = this.events;
    return { type: 'hello', protocol: PROTOCOL, monitor: this.identity, now, seq, resumed: false, services };
  }
}

export function whereOf(url: string): BusAddress {
  const parsed = busUrl(url);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.value;
}

export function publish(monitor: Told, url: string, stream = 'gapwatch'): Publisher {
  return new Publisher(monitor, new BusLink(whereOf(url), stream), LOG);
}

export interface Served {
  readonly hub: Hub;
  readonly feed: FeedServer;
  readonly http: string;
  readonly ws: string;
  /** What the hub logged. */
  readonly logged: () => string;
  end(): Promise<void>;
}

export async function serveHub(url: string, port = 0, stream = 'gapwatch'): Promise<Served> {
  let logged = '';
  const log = pino({ level: 'trace' }, { write: (line: string) => (logged += line) });
  const where = whereOf(url);
  const links = { ask: new BusLink(where, stream), wait: new BusLink(where, stream) };
  const hub = new Hub({ links, name: stream, version: '0.0.0', log });
  await hub.ready(30_000);
  const listen = { host: '127.0.0.1', port };
  const feed = await FeedServer.start({
    ...{ listen, token: 'a-token-for-tests-0123456789', public: false, monitor: hub, archive: null },
    ...{ page: new Map<never, never>(), log: LOG },
  });
  return {
    hub,
    feed,
    http: feed.address.url,
    ws: `${feed.address.url.replace('http', 'ws')}/feed`,
    logged: () => logged,
    end: async () => {
      await feed.close();
      await hub.close();
    },
  };
}

/** Waits until something is so. */
export async function so(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Monitors with scripted events, their publishers, hubs and viewers, around a real Redis. */
import { pino } from 'pino';

import { type BusAddress, BusConnection } from '../../src/bus/bus-connection.ts';
import { Hub } from '../../src/bus/hub.ts';
import { Publisher } from '../../src/bus/publisher.ts';
import { busUrl } from '../../src/config/bus-url.ts';
import { Board, BoardService } from '../../src/core/board.ts';
import { EventNumbers, MemoryEventLog } from '../../src/core/event-log.ts';
import type { Event, Hello, Message, MonitorIdentity, Unnumbered } from '../../src/core/messages.ts';
import { PROTOCOL } from '../../src/core/messages.ts';
import type { Reader } from '../../src/core/source.ts';
import { FeedServer } from '../../src/server/feed-server.ts';

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

/** A monitor whose events come from a test. */
export class ScriptedMonitor {
  readonly identity: MonitorIdentity;
  readonly board = new Board();
  readonly events: MemoryEventLog;
  readonly #numbers: EventNumbers;
  readonly #readers = new Set<Reader>();
  /** Events so far. */
  count = 0;

  /** @param events what an earlier run has left */
  constructor(
    vantage: string,
    names: readonly string[] = ['web'],
    id = `monitor-of-${vantage}`,
    events = new MemoryEventLog(0),
  ) {
    this.identity = { id, vantage, version: '0.0.0', startedAt: Date.now() };
    this.events = events;
    this.#numbers = new EventNumbers(events.newest);
    for (const name of names) this.board.services.set(name, new BoardService(name, INFO, this.now()));
  }

  now(): number {
    return Date.now();
  }

  subscribe(reader: Reader): () => void {
    reader.take([this.hello()]);
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  emit(event: Unnumbered): void {
    const numbered = { ...event, seq: this.#numbers.next(this.now()) } as Event;
    this.count += 1;
    this.events.append(numbered);
    this.#publish(numbered);
  }

  mark(text: string): void {
    this.emit({ type: 'mark', at: this.now(), text });
  }

  turn(service: string, to: 'up' | 'down', at = this.now()): void {
    const from = this.board.services.get(service)?.state ?? 'unknown';
    const reason = to === 'up' ? null : 'refused';
    this.emit({ type: 'transition', service, from, to, at, notBefore: at, notAfter: at, reason, message: reason });
  }

  /** The status of a service with a `rise` or `fall` above 1. */
  damp(service: string, status: 'up' | 'down'): void {
    this.#publish({ type: 'status', service, at: this.now(), status });
  }

  /** A service was down. */
  gap(service: string, from: number, to: number): void {
    const [durationMs, minMs, maxMs] = [to - from, to - from, to - from + 100];
    const reasons = [{ reason: 'refused', count: 1 }] as const;
    this.emit({ type: 'gap', service, from, to, durationMs, minMs, maxMs, failed: 1, reasons });
  }

  add(name: string): void {
    this.board.services.set(name, new BoardService(name, INFO, this.now()));
    this.#publish(this.hello());
  }

  hello(): Hello {
    const now = this.now();
    const services = this.board.snapshot(now);
    const { newest: seq } = this.events;
    return { type: 'hello', protocol: PROTOCOL, monitor: this.identity, now, seq, resumed: false, services };
  }

  #publish(message: Message): void {
    if (message.type !== 'hello') this.board.apply(message);
    for (const reader of this.#readers) reader.take([message]);
  }
}

export function addressOf(url: string): BusAddress {
  const parsed = busUrl(url);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.value;
}

export function publish(monitor: ScriptedMonitor, url: string, stream = 'gapwatch', log = LOG): Publisher {
  return new Publisher(monitor, new BusConnection(addressOf(url), stream), log);
}

/** A publisher that can be cut off, as if its machine had gone. */
export function mortal(
  monitor: ScriptedMonitor,
  url: string,
  stream: string,
): { publisher: Publisher; die: () => void } {
  const connection = new BusConnection(addressOf(url), stream);
  const publisher = new Publisher(monitor, connection, LOG);
  return {
    publisher,
    die: () => {
      connection.close();
    },
  };
}

/** A log that can be read. */
export function readableLog(): { log: typeof LOG; logged: () => string } {
  let logged = '';
  const log = pino({ level: 'trace' }, { write: (line: string) => (logged += line) });
  return { log, logged: () => logged };
}

export interface ServedHub {
  readonly hub: Hub;
  readonly feed: FeedServer;
  readonly http: string;
  readonly ws: string;
  /** What the hub logged. */
  readonly logged: () => string;
  end(): Promise<void>;
}

export async function serveHub(url: string, port = 0, stream = 'gapwatch'): Promise<ServedHub> {
  const { log, logged } = readableLog();
  const address = addressOf(url);
  const connections = { commands: new BusConnection(address, stream), waiting: new BusConnection(address, stream) };
  const hub = new Hub({ connections, name: stream, version: '0.0.0', log });
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
    logged,
    end: async () => {
      await feed.close();
      await hub.close();
    },
  };
}

/**
 * Waits until a condition holds.
 * @param explanation what is waited for, where the condition does not say it
 * @throws Error where it does not hold in time
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  explanation = condition.toString(),
  deadlineMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${String(deadlineMs)} ms: ${explanation}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

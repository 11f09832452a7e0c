/** Follows a monitor, and makes batches of what it tells. */
import type { RecordedMonitor } from '../core/archive.ts';
import type { Reader } from '../core/source.ts';
import type { Event, Message } from '../core/messages.ts';
import { infoOf, type ServiceInfo } from '../core/board.ts';
import type { Checkpoint } from '../core/timeline.ts';
import type { Batch, Item, LostStretch, WatchedNow } from './batch.ts';
import type { EventStore } from './event-store.ts';

/** Events in one batch. */
export const BATCH = 5000;

/** Something that was told after an event. */
interface Told {
  readonly after: number;
  readonly item: Item;
}

export class Recorder implements Reader {
  readonly samples = false;
  readonly #monitor: RecordedMonitor;
  readonly #events: EventStore;
  readonly #unsubscribe: () => void;
  #told: Told[] = [];
  /** What was written of the memories, by service. */
  #memories = new Map<string, Checkpoint>();
  /** Of the batch that is being written. */
  #sent: { readonly told: number; readonly lost: readonly LostStretch[] } = { told: 0, lost: [] };

  constructor(monitor: RecordedMonitor, events: EventStore) {
    this.#monitor = monitor;
    this.#events = events;
    this.#unsubscribe = monitor.subscribe(this);
  }

  take(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'status') {
        this.#tell({ type: 'status', service: message.service, status: message.status });
      } else if (message.type === 'hello') {
        const services = message.services.map((snapshot) => watchedNow(snapshot.service, infoOf(snapshot), snapshot));
        this.#tell({ type: 'services', at: message.now, services });
      }
    }
  }

  /** Whether something waits to be written. */
  get hasNews(): boolean {
    return this.#events.waiting > 0 || this.#told.length > 0;
  }

  /** The next batch: what waits, in its order, and the sign of life. */
  batch(): Batch {
    const events = this.#events.next(BATCH);
    const last = events.at(-1)?.seq ?? this.#events.newest;
    const lost = this.#events.lost;
    const told = this.#told.filter(({ after }) => after <= last);
    this.#sent = { told: told.length, lost };
    const { vantage, version, startedAt } = this.#monitor.identity;
    return {
      run: { vantage, version, startedAt },
      alive: this.#monitor.observedUntil(),
      items: [...(lost.length > 0 ? [{ type: 'lost', stretches: lost } as const] : []), ...inOrder(events, told)],
      // What a timeline remembers goes with the newest event only.
      memories: last === this.#events.newest ? this.#newMemories() : [],
    };
  }

  /** The batch is on disk. Returns the lost stretches that were in it. */
  written(): readonly LostStretch[] {
    const { told, lost } = this.#sent;
    this.#told = this.#told.slice(told);
    this.#sent = { told: 0, lost: [] };
    return lost;
  }

  /** It is not: all of it is to be given again, and perhaps to a new file, which knows nothing. */
  failed(): void {
    this.#sent = { told: 0, lost: [] };
    this.#memories = new Map();
    if (this.#told.some(({ item }) => item.type === 'services')) return;
    const services = [...this.#monitor.board.services.values()].map((one) => watchedNow(one.name, one.info, one));
    this.#tell({ type: 'services', at: this.#monitor.now(), services });
  }

  stop(): void {
    this.#unsubscribe();
  }

  #tell(item: Item): void {
    if (item.type === 'status') {
      // Only the last one counts, however many would wait.
      const isOlder = ({ item: one }: Told): boolean => one.type === 'status' && one.service === item.service;
      this.#told = this.#told.filter((one, index) => index < this.#sent.told || !isOlder(one));
    }
    this.#told.push({ after: this.#events.newest, item });
  }

  #newMemories(): Batch['memories'] {
    const news: [string, Checkpoint][] = [];
    for (const { name, state } of this.#monitor.board.services.values()) {
      const memory = state === 'down' || state === 'unobserved' ? this.#monitor.checkpoint(name) : null;
      if (memory === null || this.#memories.get(name) === memory) continue;
      this.#memories.set(name, memory);
      news.push([name, memory]);
    }
    return news;
  }
}

type Present = Pick<WatchedNow, 'state' | 'status' | 'since' | 'reason'>;

function watchedNow(name: string, info: ServiceInfo, { state, status, since, reason }: Present): WatchedNow {
  return { name, info, state, status, since, reason };
}

function inOrder(events: readonly Event[], told: readonly Told[]): Item[] {
  const items: Item[] = [];
  let rest = events;
  for (const { after, item } of told) {
    const count = rest.findIndex(({ seq }) => seq > after);
    const before = count === -1 ? rest : rest.slice(0, count);
    if (before.length > 0) items.push({ type: 'events', events: before });
    rest = rest.slice(before.length);
    items.push(item);
  }
  if (rest.length > 0) items.push({ type: 'events', events: rest });
  return items;
}

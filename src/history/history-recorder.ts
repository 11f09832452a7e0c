/** Follows a monitor, and makes batches of what it publishes. */
import type { RecordedMonitor, Reader } from '../core/source.ts';
import { infoOf, type ServiceInfo, type Totals } from '../core/model.ts';
import type { Event, Message } from '../core/messages.ts';
import { settledAt, type Checkpoint } from '../core/checkpoint.ts';
import type { EventStore } from './event-store.ts';
import type { Batch, Item, LostStretch, WatchedNow } from './thread-messages.ts';

/** Events in one batch. */
export const BATCH = 5000;

/** Something that was published after an event. */
interface Following {
  readonly after: number;
  readonly item: Item;
}

interface Sent {
  readonly following: number;
  readonly lost: readonly LostStretch[];
  readonly totals: ReadonlyMap<string, Totals> | null;
  readonly hooks: Batch['hooks'];
}

const NOTHING_SENT: Sent = { following: 0, lost: [], totals: null, hooks: [] };

export class HistoryRecorder implements Reader {
  readonly samples = false;
  readonly #monitor: RecordedMonitor;
  readonly #events: EventStore;
  readonly #unsubscribe: () => void;
  #following: Following[] = [];
  /** The checkpoints that were written, by service. */
  #checkpoints = new Map<string, Checkpoint>();
  /** Of the batch that is being written. `totals`: the sums that it makes complete; null where more waits. */
  #sent: Sent = NOTHING_SENT;
  /** How far each hook is, and those of which that is not on disk; null for one to forget. */
  readonly #hooks = new Map<string, string | null>();
  readonly #newHooks = new Set<string>();
  /** The sums of each service that are settled, and on disk. */
  #kept: ReadonlyMap<string, Totals>;

  /** @param kept the sums that are on disk already */
  constructor(monitor: RecordedMonitor, events: EventStore, kept: ReadonlyMap<string, Totals>) {
    this.#kept = kept;
    this.#monitor = monitor;
    this.#events = events;
    this.#unsubscribe = monitor.subscribe(this);
  }

  take(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'status') {
        this.#follow({ type: 'status', service: message.service, status: message.status });
      } else if (message.type === 'hello') {
        const services = message.services.map((snapshot) => watchedNow(snapshot.service, infoOf(snapshot), snapshot));
        this.#follow({ type: 'services', at: message.now, services });
      }
    }
  }

  /** Whether something waits to be written. */
  get hasNews(): boolean {
    return this.#events.waiting > 0 || this.#following.length > 0 || this.#newHooks.size > 0;
  }

  /** Keeps how far a hook is; null forgets it. */
  keepHookState(id: string, state: string | null): void {
    this.#hooks.set(id, state);
    this.#newHooks.add(id);
  }

  /** The next batch: what waits, in its order, and the sign of life. */
  batch(): Batch {
    const events = this.#events.next(BATCH);
    const last = events.at(-1)?.seq ?? this.#events.newest;
    const lost = this.#events.lost;
    const following = this.#following.filter(({ after }) => after <= last);
    const alive = this.#monitor.observedUntil();
    const isAll = last === this.#events.newest;
    const services = [...this.#monitor.board.services.values()];
    // What is not settled may be taken back by what is found out after a restart.
    const totals = isAll
      ? new Map(services.map((one) => [one.name, one.totalsAt(settledAt(alive, one.info))] as const))
      : null;
    const hooks = Array.from(this.#newHooks, (id) => [id, this.#hooks.get(id) ?? null] as const);
    this.#sent = { following: following.length, lost, totals, hooks };
    return {
      monitor: this.#monitor.identity,
      alive,
      completeAfter: this.#events.missingTo,
      items: [...(lost.length > 0 ? [{ type: 'lost', stretches: lost } as const] : []), ...inOrder(events, following)],
      // A checkpoint goes with the newest event only.
      checkpoints: isAll ? this.#newCheckpoints() : [],
      hooks,
    };
  }

  /** The batch is on disk. Returns the lost stretches that were in it. */
  written(): readonly LostStretch[] {
    const { following, lost, totals, hooks } = this.#sent;
    for (const [id, state] of hooks) if (this.#hooks.get(id) === state) this.#newHooks.delete(id);
    this.#following = this.#following.slice(following);
    this.#sent = NOTHING_SENT;
    if (totals !== null) this.#kept = totals;
    return lost;
  }

  get kept(): ReadonlyMap<string, Totals> {
    return this.#kept;
  }

  /** It is not: all of it is to be given again, and perhaps to a new file, which knows nothing. */
  failed(): void {
    this.#sent = NOTHING_SENT;
    this.#checkpoints = new Map();
    for (const id of this.#hooks.keys()) this.#newHooks.add(id);
    const waits = (type: Item['type']): boolean => this.#following.some(({ item }) => item.type === type);
    if (!waits('notes')) this.#follow({ type: 'notes', notes: this.#monitor.board.notes.all });
    if (waits('services')) return;
    const services = [...this.#monitor.board.services.values()].map((one) => watchedNow(one.name, one.info, one));
    this.#follow({ type: 'services', at: this.#monitor.now(), services });
  }

  stop(): void {
    this.#unsubscribe();
  }

  #follow(item: Item): void {
    if (item.type === 'status') {
      // Only the last one counts, however many would wait.
      const isOlder = ({ item: one }: Following): boolean => one.type === 'status' && one.service === item.service;
      this.#following = this.#following.filter((one, index) => index < this.#sent.following || !isOlder(one));
    }
    this.#following.push({ after: this.#events.newest, item });
  }

  #newCheckpoints(): Batch['checkpoints'] {
    const news: [string, Checkpoint][] = [];
    for (const { name, state } of this.#monitor.board.services.values()) {
      const checkpoint = state === 'down' || state === 'unobserved' ? this.#monitor.checkpoint(name) : null;
      if (checkpoint === null || this.#checkpoints.get(name) === checkpoint) continue;
      this.#checkpoints.set(name, checkpoint);
      news.push([name, checkpoint]);
    }
    return news;
  }
}

type Present = Pick<WatchedNow, 'state' | 'status' | 'since' | 'reason'>;

function watchedNow(name: string, info: ServiceInfo, { state, status, since, reason }: Present): WatchedNow {
  return { name, info, state, status, since, reason };
}

function inOrder(events: readonly Event[], following: readonly Following[]): Item[] {
  const items: Item[] = [];
  let rest = events;
  for (const { after, item } of following) {
    const count = rest.findIndex(({ seq }) => seq > after);
    const before = count === -1 ? rest : rest.slice(0, count);
    if (before.length > 0) items.push({ type: 'events', events: before });
    rest = rest.slice(before.length);
    items.push(item);
  }
  if (rest.length > 0) items.push({ type: 'events', events: rest });
  return items;
}

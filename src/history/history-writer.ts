/**
 * Turns what a monitor published, in order, into rows. Each batch is one transaction: where it fails, nothing has changed.
 */
import { timeOf, type Event, type Note } from '../core/messages.ts';
import type { Database } from './database.ts';
import {
  type Condition,
  conditionOf,
  encodeEvents,
  type Entry,
  readEntries,
  storedEvents,
  toMicros,
  writeEntry,
} from './history-rows.ts';
import { ServiceAggregate } from './service-aggregate.ts';
import type { Batch, Item, WatchedNow, Seed } from './thread-messages.ts';

/** Events in one row. */
const BLOCK = 1000;

export class HistoryWriter {
  readonly #db: Database;
  /** As stored in the file. */
  readonly #entries: Map<string, Entry>;
  #run: number | null = null;
  /** Of the batch at work. */
  #aggregates = new Map<string, ServiceAggregate>();

  constructor(db: Database) {
    this.#db = db;
    this.#entries = new Map(readEntries(db).map((entry) => [entry.name, entry]));
  }

  /** Every service as stored in the file, by its name. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** Begins a new file. */
  begin({ entries, runs }: Seed): void {
    this.change(() => {
      for (const run of runs) this.#db.run('INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?)', ...run);
      return entries.map((entry) => {
        this.#db.run('INSERT OR REPLACE INTO interval VALUES (?, ?, ?)', entry.id, entry.since, entry.condition);
        // What was counted stays known; single intervals and gaps begin with the present state.
        return { ...entry, firstSeen: entry.since, rawSince: entry.since, intervalRows: 1, gapRows: 0 };
      });
    });
  }

  /** @throws as SQLite does; then nothing of the batch is in the file */
  apply(batch: Batch): void {
    try {
      const run = this.#db.transaction(() => {
        const at = this.#run ?? this.#runOf(batch);
        this.#completeAfter(batch.completeAfter);
        for (const item of batch.items) this.#take(item, at);
        for (const [name, checkpoint] of batch.checkpoints) {
          const entry = this.#aggregate(name)?.entry;
          if (entry !== undefined && conditionOf(entry.condition).state === checkpoint.state)
            entry.checkpoint = checkpoint;
        }
        for (const [id, state] of batch.hooks) {
          if (state === null) this.#db.run('DELETE FROM hook WHERE id = ?', id);
          else this.#db.run('INSERT OR REPLACE INTO hook VALUES (?, ?)', id, state);
        }
        this.#db.run('UPDATE run SET alive = ? WHERE id = ?', toMicros(batch.alive), at);
        for (const aggregate of this.#aggregates.values()) aggregate.write();
        return at;
      });
      this.#run = run;
      for (const [name, { entry }] of this.#aggregates) this.#entries.set(name, entry);
    } finally {
      this.#aggregates = new Map();
    }
  }

  /** Changes rows outside a batch, all or none. The entries that `change` returns take the place of those that are known. */
  change(change: () => readonly Entry[]): void {
    const changed = this.#db.transaction(() => {
      const entries = change();
      for (const entry of entries) writeEntry(this.#db, entry);
      return entries;
    });
    for (const entry of changed) this.#entries.set(entry.name, entry);
  }

  /** Forgets a service, whose rows are gone. */
  forget(name: string): void {
    this.#entries.delete(name);
  }

  #runOf({ monitor, alive }: Batch): number {
    const values = [monitor.vantage, monitor.version, toMicros(monitor.startedAt)];
    // It goes on where only its thread was started again.
    const newest =
      'SELECT id FROM run WHERE id = (SELECT max(id) FROM run) AND vantage = ? AND version = ? AND started = ?';
    const known = this.#db.number(newest, ...values);
    if (known > 0) return known;
    this.#db.run('INSERT INTO run (vantage, version, started, alive) VALUES (?, ?, ?, ?)', ...values, toMicros(alive));
    return this.#db.number('SELECT max(id) FROM run');
  }

  #take(item: Item, run: number): void {
    switch (item.type) {
      case 'events':
        this.#events(item.events);
        return;
      case 'services':
        this.#services(item.services, toMicros(item.at), run);
        return;
      case 'lost':
        for (const stretch of item.stretches) this.#aggregate(stretch.service)?.lose(stretch);
        return;
      case 'notes':
        for (const note of item.notes) this.#note(note);
        return;
      case 'status': {
        const aggregate = this.#aggregate(item.service);
        if (aggregate !== null) aggregate.entry.status = item.status;
      }
    }
  }

  #events(events: readonly Event[]): void {
    for (let begin = 0; begin < events.length; begin += BLOCK) this.#keep(events.slice(begin, begin + BLOCK));
    for (const event of events) {
      if (event.type === 'transition') {
        const { service, from, at } = event;
        const aggregate = this.#aggregate(service) ?? this.#create(service, { state: from, reason: null }, at);
        aggregate.transition(event);
      } else if (event.type === 'gap') {
        this.#aggregate(event.service)?.gap(event);
      } else {
        const body = JSON.stringify(event);
        if (event.type === 'note') this.#note(event);
        this.#db.run('INSERT OR REPLACE INTO annotation VALUES (?, ?, ?)', toMicros(timeOf(event)), event.seq, body);
      }
    }
  }

  #note(note: Note): void {
    const until = note.to === null ? null : toMicros(note.to);
    const body = JSON.stringify(note);
    this.#db.run('INSERT OR REPLACE INTO note VALUES (?, ?, ?, ?)', note.id, toMicros(note.at), until, body);
  }

  /** Keeps events by their numbers. */
  #keep(events: readonly Event[]): void {
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return;
    if (first.seq <= storedEvents(this.#db).newest) {
      // A wall clock that was ahead gave these numbers to others: what comes now counts.
      const freed = this.#db.number('SELECT coalesce(sum(length(body)), 0) FROM event WHERE last >= ?', first.seq);
      this.#db.run('DELETE FROM event WHERE last >= ?', first.seq);
      this.#db.run("UPDATE meta SET value = value - ? WHERE name = 'event_bytes'", freed);
      this.#completeAfter(first.seq - 1);
    }
    const body = encodeEvents(events);
    const at = toMicros(timeOf(last));
    this.#db.run('INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?)', last.seq, first.seq, at, body);
    const sum = "INSERT INTO meta VALUES ('event_bytes', ?) ON CONFLICT DO UPDATE SET value = value + excluded.value";
    this.#db.run(sum, body.length);
  }

  /** Events up to this number may be missing. */
  #completeAfter(seq: number): void {
    const sql = 'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)';
    this.#db.run(sql, 'complete_after', seq);
  }

  #services(services: readonly WatchedNow[], at: number, run: number): void {
    for (const now of services) {
      const aggregate = this.#aggregate(now.name) ?? this.#create(now.name, now, now.since);
      const before = aggregate.entry.run;
      const alive = before === run ? null : this.#db.number('SELECT alive FROM run WHERE id = ?', before);
      aggregate.watch(now, run, alive);
    }
    const names = new Set(services.map(({ name }) => name));
    for (const name of new Set([...this.#entries.keys(), ...this.#aggregates.keys()])) {
      if (names.has(name)) continue;
      // Checked before it is loaded: most ended long ago.
      const known = this.#aggregates.get(name)?.entry ?? this.#entries.get(name);
      const entry = known?.run === run && known.ended === null ? this.#aggregate(name)?.entry : undefined;
      if (entry !== undefined) entry.ended = at;
    }
  }

  #create(name: string, condition: Condition, at: number): ServiceAggregate {
    const aggregate = ServiceAggregate.create(this.#db, name, condition, toMicros(at));
    this.#aggregates.set(name, aggregate);
    return aggregate;
  }

  /** A service, for the batch at work; null where it is not known. */
  #aggregate(name: string): ServiceAggregate | null {
    const open = this.#aggregates.get(name);
    if (open !== undefined) return open;
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    const aggregate = new ServiceAggregate(this.#db, { ...entry });
    this.#aggregates.set(name, aggregate);
    return aggregate;
  }
}

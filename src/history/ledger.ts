/**
 * Keeps the books: takes what a monitor told, in order, and turns it into rows. Each batch is one transaction: where it
 * fails, nothing has changed.
 */
import type { Event } from '../core/messages.ts';
import type { Batch, Item, WatchedNow } from './batch.ts';
import { type Condition, conditionOf, toMicros } from './codes.ts';
import type { Database, Row } from './database.ts';
import { type Entry, readEntries, writeEntry } from './entry.ts';
import { encodeEvents, jumpsOf, RESERVE } from './event-blocks.ts';
import { ServiceBook } from './service-book.ts';

/** Events in one row. */
const BLOCK = 1000;

/** All that a new file needs to go on where another one, that is no more, has ended. Plain data. */
export interface Seed {
  readonly entries: readonly Entry[];
  /** The rows of the runs. */
  readonly runs: readonly Row[];
}

export class Ledger {
  readonly #db: Database;
  /** As they stand in the file. */
  readonly #entries: Map<string, Entry>;
  #run: number | null = null;
  /** Of the batch at work. */
  #books = new Map<string, ServiceBook>();

  constructor(db: Database) {
    this.#db = db;
    this.#entries = new Map(readEntries(db).map((entry) => [entry.name, entry]));
  }

  /** Every service as it stands in the file, by its name. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** Begins the books of a new file. */
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

  /** @throws as SQLite does; then nothing of the batch is in the books */
  apply(batch: Batch): void {
    try {
      const run = this.#db.transaction(() => {
        const at = this.#run ?? this.#runOf(batch);
        for (const item of batch.items) this.#take(item, at);
        for (const [name, memory] of batch.memories) {
          const entry = this.#book(name)?.entry;
          if (entry !== undefined && conditionOf(entry.condition).state === memory.state) entry.memory = memory;
        }
        this.#db.run('UPDATE run SET alive = ? WHERE id = ?', toMicros(batch.alive), at);
        for (const book of this.#books.values()) book.write();
        return at;
      });
      this.#run = run;
      for (const [name, { entry }] of this.#books) this.#entries.set(name, entry);
    } finally {
      this.#books = new Map();
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

  #runOf({ run, alive }: Batch): number {
    const values = [run.vantage, run.version, toMicros(run.startedAt)];
    // It goes on where only its writer was started anew.
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
        for (const stretch of item.stretches) this.#book(stretch.service)?.lose(stretch);
        return;
      case 'status': {
        const book = this.#book(item.service);
        if (book !== null) book.entry.status = item.status;
      }
    }
  }

  #events(events: readonly Event[]): void {
    for (let begin = 0; begin < events.length; begin += BLOCK) this.#keep(events.slice(begin, begin + BLOCK));
    for (const event of events) {
      if (event.type === 'transition') {
        const { service, from, at } = event;
        const book = this.#book(service) ?? this.#create(service, { state: from, reason: null }, at);
        book.transition(event);
      } else if (event.type === 'gap') {
        this.#book(event.service)?.gap(event);
      } else {
        const body = JSON.stringify(event);
        this.#db.run('INSERT OR REPLACE INTO moment VALUES (?, ?, ?)', toMicros(event.at), event.seq, body);
      }
    }
  }

  /** Keeps events by their numbers. */
  #keep(events: readonly Event[]): void {
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return;
    const before = this.#db.number('SELECT max(last) FROM event');
    if (first.seq !== before + 1 && jumpsOf(this.#db).get(first.seq) !== before) {
      // Some before them are missing: those that are kept without a hole begin here.
      this.#db.run("UPDATE meta SET value = ? WHERE name = 'events_since'", first.seq);
    }
    const body = encodeEvents(events);
    const at = toMicros(last.type === 'gap' ? last.to : last.at);
    this.#db.run('INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?)', last.seq, first.seq, at, body);
    this.#db.run("UPDATE meta SET value = value + ? WHERE name = 'event_bytes'", body.length);
    const ahead = "UPDATE meta SET value = ?1 + ?2 WHERE name = 'reserved' AND value < ?1 + ?2 / 2";
    this.#db.run(ahead, last.seq, RESERVE);
  }

  #services(services: readonly WatchedNow[], at: number, run: number): void {
    for (const now of services) {
      const book = this.#book(now.name) ?? this.#create(now.name, now, now.since);
      const before = book.entry.run;
      const alive = before === run ? null : this.#db.number('SELECT alive FROM run WHERE id = ?', before);
      book.watch(now, run, alive);
    }
    const names = new Set(services.map(({ name }) => name));
    for (const name of new Set([...this.#entries.keys(), ...this.#books.keys()])) {
      if (names.has(name)) continue;
      // Looked at before it is opened: most were left long ago.
      const known = this.#books.get(name)?.entry ?? this.#entries.get(name);
      const entry = known?.run === run && known.ended === null ? this.#book(name)?.entry : undefined;
      if (entry !== undefined) entry.ended = at;
    }
  }

  #create(name: string, condition: Condition, at: number): ServiceBook {
    const book = ServiceBook.create(this.#db, name, condition, toMicros(at));
    this.#books.set(name, book);
    return book;
  }

  /** The books of a service, for the batch at work; null where it has none. */
  #book(name: string): ServiceBook | null {
    const open = this.#books.get(name);
    if (open !== undefined) return open;
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    const book = new ServiceBook(this.#db, { ...entry });
    this.#books.set(name, book);
    return book;
  }
}

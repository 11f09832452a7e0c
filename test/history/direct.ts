/** A history without its threads: what it is told is in the file at once. For months in seconds. */
import type { RestoredState, RecordedMonitor } from '../../src/core/archive.ts';
import { EventStore } from '../../src/history/event-store.ts';
import { readServices } from '../../src/history/past-reader.ts';
import { HistoryReader } from '../../src/history/reader.ts';
import { Recorder } from '../../src/history/recorder.ts';
import { Store } from '../../src/history/store.ts';
import { DAY_MS } from './open.ts';

export class DirectHistory {
  readonly past: RestoredState;
  readonly reader: HistoryReader;
  readonly #store: Store;
  readonly #events: EventStore;
  #recorder: Recorder | null = null;

  constructor(dir: string, keepMs = 90 * DAY_MS) {
    this.#store = new Store(dir, keepMs, null, null);
    this.reader = HistoryReader.open(dir);
    this.#events = new EventStore(this.#store.stored, (seq, limit) => this.reader.events(seq, limit));
    this.past = { id: this.#store.stored.id, events: this.#events, services: readServices(this.reader) };
  }

  record(monitor: RecordedMonitor): void {
    this.#recorder = new Recorder(monitor, this.#events);
  }

  /** Writes what waits. */
  flush(): void {
    const recorder = this.#recorder;
    if (recorder === null) return;
    do {
      this.#store.write(recorder.batch());
      this.#events.take(this.#store.stored, recorder.written());
    } while (recorder.hasNews);
  }

  /** Does all that retention finds to do at a moment. */
  retain(now: number): void {
    this.#store.beginRetention(now);
    this.#store.retain(60_000);
  }

  /** Lets go of the file, without another sign of life. */
  close(): void {
    this.#recorder?.stop();
    this.reader.close();
    this.#store.close(this.#events.newest);
  }
}

/** A history without its thread: what it is given is in the file at once. For months in seconds. */
import type { ArchiveReader, RestoredState } from '../../src/core/archive.ts';
import type { RecordedMonitor } from '../../src/core/source.ts';
import type { Event } from '../../src/core/messages.ts';
import type { HookState } from '../../src/hooks/hook-progress.ts';
import { readEvents, storedEvents } from '../../src/history/history-rows.ts';
import { EventStore } from '../../src/history/event-store.ts';
import { HistoryFile } from '../../src/history/history-file.ts';
import type { Answering } from '../../src/history/history-reader.ts';
import { HistoryRecorder } from '../../src/history/history-recorder.ts';
import { openToRead } from '../../src/history/history-schema.ts';
import { loadDriver, type SqliteDriver } from '../../src/history/sqlite-driver.ts';
import type { HistoryQuestions } from '../../src/history/thread-messages.ts';
import { DAY_MS } from './open.ts';

export class DirectHistory {
  readonly restored: RestoredState;
  readonly reader: ArchiveReader;
  readonly #file: HistoryFile;
  readonly #events: EventStore;
  #recorder: HistoryRecorder | null = null;

  private constructor(driver: SqliteDriver, dir: string, keepMs: number) {
    this.#file = new HistoryFile(driver, { dir, keepMs, id: null, seed: null });
    const { reader } = this.#file;
    const ask =
      <M extends keyof HistoryQuestions>(method: M) =>
      (about: Parameters<HistoryQuestions[M]>[0]) =>
        Promise.resolve(answerOf((reader[method] as (it: typeof about) => Answering<never>).call(reader, about)));
    this.reader = {
      overview: () => ask('overview')(undefined),
      intervals: ask('intervals'),
      gaps: ask('gaps'),
      openGaps: ask('openGaps'),
      annotations: ask('annotations'),
      rollups: ask('rollups'),
    };
    this.#events = new EventStore((after, limit) => ask('events')({ after, limit }));
    const restored = reader.restored();
    this.#events.open(restored);
    this.restored = { id: restored.id ?? 'direct', events: this.#events, services: new Map(reader.restoredServices()) };
  }

  static async open(dir: string, keepMs = 90 * DAY_MS, driver?: SqliteDriver['name']): Promise<DirectHistory> {
    return new DirectHistory(await loadDriver(driver), dir, keepMs);
  }

  record(monitor: RecordedMonitor): void {
    this.#recorder = new HistoryRecorder(monitor, this.#events, new Map());
  }

  /** Writes what waits. */
  flush(): void {
    const recorder = this.#recorder;
    if (recorder === null) return;
    do {
      this.#file.write(recorder.batch());
      this.#events.written(this.#file.stored, recorder.written());
    } while (recorder.hasNews);
  }

  /** Does all that retention finds to do at a moment. */
  retain(now: number): void {
    this.#file.beginRetention(now);
    this.#file.retain(60_000);
  }

  /** Lets go of the file, without another sign of life. */
  close(): void {
    this.#recorder?.stop();
    this.#file.close();
  }
}

/** Works at a question until it is answered. */
export function answerOf<T>(steps: Answering<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** All events that a folder has, as they stand there; the newest last. */
export async function eventsIn(dir: string): Promise<readonly Event[]> {
  const db = openToRead(await loadDriver(), dir);
  const found: Event[] = [];
  for (let after: number | undefined = storedEvents(db).completeAfter; after !== undefined;) {
    const next: readonly Event[] = readEvents(db, after, 5000) ?? [];
    found.push(...next);
    after = next.at(-1)?.seq;
  }
  db.close();
  return found;
}

/** Up to which number all events are delivered, as the file of a history has it of its hooks; Infinity where it has none. */
export async function deliveredIn(dir: string): Promise<number> {
  const db = openToRead(await loadDriver(), dir);
  const states = db.rows('SELECT state FROM hook') as [string][];
  db.close();
  return Math.min(...states.map(([state]) => (JSON.parse(state) as HookState).after));
}

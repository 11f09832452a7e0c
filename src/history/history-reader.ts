/**
 * Reads a history in the thread that has its file. Every question is a generator, which yields after some milliseconds of
 * work, so that a batch can be written in between. Times in milliseconds.
 */
import type {
  Annotation,
  ArchiveOverview,
  GapQuery,
  IntervalQuery,
  RecordedGap,
  RecordedGaps,
  RecordedInterval,
  RecordedOpenGap,
  Rollup,
  RollupQuery,
  RollupWidth,
  Window,
  RestoredService,
} from '../core/archive.ts';
import { gapFacts, type Event, type Note } from '../core/messages.ts';
import type { UptimeSum } from '../core/uptime.ts';
import type { Database } from './database.ts';
import {
  AT_ONCE,
  conditionOf,
  type Entry,
  GAP_COLUMNS,
  gapOf,
  newestEvents,
  readEntries,
  readEntry,
  readEvents,
  storedEvents,
  type StoredEvents,
  toMicros,
  toMillis,
} from './history-rows.ts';
import { bucketsOf, presentStretch, rollupRows, rollupsOf, WIDTH_US } from './rollup-sums.ts';
import { checkpointAt, openGapOf } from './service-aggregate.ts';
import type { About, Answer, HistoryQuestions, RestoredEntry } from './thread-messages.ts';

/** Many: no limit at all would be a number that SQLite does not know. */
const ALL = 2 ** 40;
/** Rows that are read in one step: some 10 ms. */
const PAGE = 4000;
/** Where the wall clock was set back, more gaps than one may end after a moment and begin before it. */
const ASTRIDE = 16;
/** Of each service a monitor resumes from as many as the board keeps. */
const RESTORED_INTERVALS = 256;
const RESTORED_GAPS = 20;
const RESTORED_PLANNED_GAPS = 200;
const RESTORED_NOTES = 1000;
/** Whether a note had not ended when the last one was written. */
const LASTS = '(until IS NULL OR until > (SELECT max(at) FROM note))';
/** What the windows of the uptime are made of. */
const UPTIME_BUCKETS: Readonly<Record<RollupWidth, number>> = { minute: 60, hour: 24, day: 90 };
/** Of all events: the newest. */
const RESTORED_EVENTS = 200;

/** A question at work. */
export type Answering<T> = Generator<undefined, T>;

/** A run of the monitor. `alive` in microseconds. */
interface Run {
  readonly id: number;
  readonly vantage: string;
  readonly alive: number;
}

/** The newest of what is not of one service, and the id. */
export interface RestoredRows {
  readonly id: string | null;
  readonly stored: StoredEvents;
  readonly events: readonly Event[];
  readonly notes: readonly Note[];
}

export class HistoryReader implements Record<keyof HistoryQuestions, (about: never) => Answering<unknown>> {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  *overview(): Answering<ArchiveOverview> {
    yield;
    const runs = this.#runs();
    const newest = this.#newestRun();
    const first = this.#db.row('SELECT min(first_seen) FROM service')?.[0];
    return {
      monitor: { id: this.#id ?? '', vantage: newest?.vantage ?? '' },
      reach:
        newest === null || typeof first !== 'number'
          ? null
          : // Where the clock was set back, what was first seen then may be later than the newest sign of life.
            { from: toMillis(Math.min(first, newest.alive)), to: toMillis(newest.alive) },
      services: readEntries(this.#db).flatMap((entry) => {
        const { name, info, firstSeen, rawSince } = entry;
        if (info === null) return [];
        const lastSeen = toMillis(lastSeenOf(entry, runs));
        return [{ name, info, firstSeen: toMillis(firstSeen), lastSeen, rawSince: toMillis(rawSince) }];
      }),
    };
  }

  *intervals(query: IntervalQuery): Answering<ReadonlyMap<string, readonly RecordedInterval[]>> {
    const { window, limitEach = ALL } = query;
    const found = new Map<string, readonly RecordedInterval[]>();
    for (const entry of this.#entries(query.services)) {
      found.set(entry.name, yield* this.#intervalsOf(entry, window, limitEach));
      yield;
    }
    return found;
  }

  *gaps({ services, window, limitEach = ALL, limit = ALL }: GapQuery): Answering<RecordedGaps> {
    let found: RecordedGap[] = [];
    let keptSince = -Infinity;
    const most = Math.min(limitEach, limit);
    const byEnd = (a: RecordedGap, b: RecordedGap): number => a.to - b.to || a.seq - b.seq;
    for (const entry of services === undefined ? readEntries(this.#db) : this.#entries(services)) {
      keptSince = Math.max(keptSince, toMillis(entry.rawSince));
      const more = yield* this.#gapsOf(entry, window, most);
      found = found.concat(more);
      if (found.length > 2 * limit) found = found.sort(byEnd).slice(-limit);
      yield;
    }
    return { gaps: found.sort(byEnd).slice(-limit), keptSince };
  }

  *openGaps(services: readonly string[]): Answering<readonly RecordedOpenGap[]> {
    yield;
    return this.#entries(services).flatMap((entry) => openGapOf(entry, toMillis(this.#lastSeen(entry))) ?? []);
  }

  *annotations({ from, to }: Window): Answering<readonly Annotation[]> {
    const sql =
      'SELECT at, seq, body FROM annotation WHERE (at, seq) > (?, ?) AND at <= ? ORDER BY at, seq LIMIT ' +
      String(PAGE);
    const found: Annotation[] = [];
    for (let [at, seq] = [toMicros(from), -1]; ;) {
      yield;
      const rows = this.#db.rows(sql, at, seq, toMicros(to)) as [at: number, seq: number, body: string][];
      for (const [, , body] of rows) found.push(JSON.parse(body) as Annotation);
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return found;
      [at, seq] = last;
    }
  }

  *rollups({ services, width, window }: RollupQuery): Answering<ReadonlyMap<string, readonly Rollup[]>> {
    const found = new Map<string, readonly Rollup[]>();
    const buckets = bucketsOf(width, window);
    for (const entry of this.#entries(services)) {
      const rows = rollupRows(this.#db, entry.id, width, buckets);
      found.set(entry.name, rollupsOf(rows, width, buckets, presentStretch(entry, this.#lastSeen(entry))));
      yield;
    }
    return found;
  }

  *events({ after, limit }: About<'events'>): Answering<Answer<'events'>> {
    yield;
    return readEvents(this.#db, after, Math.min(limit, AT_ONCE));
  }

  *hookStates(): Answering<ReadonlyMap<string, string>> {
    yield;
    return new Map(this.#db.rows('SELECT id, state FROM hook') as [string, string][]);
  }

  /** The services that a monitor resumes from: of each the newest of everything, whatever the history holds beyond. */
  *restoredServices(): Iterable<RestoredEntry> {
    const runs = this.#runs();
    for (const entry of readEntries(this.#db)) {
      if (entry.info !== null) yield [entry.name, this.#restoredService(entry, lastSeenOf(entry, runs))];
    }
  }

  /** What a monitor resumes from beside its services. */
  restored(): RestoredRows {
    return {
      id: this.#id,
      stored: storedEvents(this.#db),
      events: newestEvents(this.#db, RESTORED_EVENTS),
      notes: this.#db
        .rows(`SELECT body FROM note ORDER BY ${LASTS} DESC, at DESC LIMIT ?`, RESTORED_NOTES)
        .map(([body]) => JSON.parse(body as string) as Note)
        .reverse(),
    };
  }

  close(): void {
    this.#db.close();
  }

  /** @param lastSeen microseconds since the epoch */
  #restoredService(entry: Entry, lastSeen: number): RestoredService {
    const { state, reason } = conditionOf(entry.condition);
    const since = toMillis(entry.since);
    const until = toMillis(lastSeen);
    const starts = 'interval WHERE service = ? ORDER BY start DESC LIMIT ?';
    const intervals = (
      this.#db.list('start, condition', starts, entry.id, RESTORED_INTERVALS) as [number, number][]
    ).reverse();
    const ends = 'gap WHERE service = ? ORDER BY until DESC, seq DESC LIMIT ?';
    // In the present state nothing is settled yet.
    // Without the hints SQLite reads all gaps of the service, hundreds of thousands, and not the index of the planned ones.
    const plannedEnds = 'gap WHERE likely(service = ?) AND unlikely(planned = 1) ORDER BY until DESC LIMIT ?';
    const planned = this.#db.list(GAP_COLUMNS, plannedEnds, entry.id, RESTORED_PLANNED_GAPS);
    const sums = (width: RollupWidth): readonly UptimeSum[] => {
      const window = { from: since - (UPTIME_BUCKETS[width] * WIDTH_US[width]) / 1000, to: since };
      const buckets = bucketsOf(width, window);
      const rollups = rollupsOf(rollupRows(this.#db, entry.id, width, buckets), width, buckets, null);
      return rollups.map(({ from, upMs, downMs }) => ({ from, upMs, downMs }));
    };
    return {
      until,
      state,
      status: entry.status ?? state,
      since,
      reason,
      timeline: intervals.map(([start, code], index) => {
        const next = intervals[index + 1];
        return {
          state: conditionOf(code).state,
          from: toMillis(start),
          to: next === undefined ? null : toMillis(next[0]),
        };
      }),
      gaps: this.#db
        .list(GAP_COLUMNS, ends, entry.id, RESTORED_GAPS)
        .map((row) => gapFacts(gapOf(entry.name, row)))
        .reverse(),
      totals: {
        gaps: entry.gaps,
        longestGapMs: toMillis(entry.longest),
        upMs: toMillis(entry.up),
        downMs: toMillis(entry.down),
        unobservedMs: toMillis(entry.unobserved),
      },
      uptime: { minutes: sums('minute'), hours: sums('hour'), days: sums('day') },
      checkpoint: checkpointAt(entry, until),
      ...(planned.length > 0 && { planned: planned.map((row) => gapFacts(gapOf(entry.name, row))).reverse() }),
    };
  }

  /** The intervals that overlap a window, the oldest first. @param newest at most this many: the newest */
  *#intervalsOf(entry: Entry, window: Window, newest: number): Answering<RecordedInterval[]> {
    const { id } = entry;
    const [from, to] = [toMicros(window.from), toMicros(window.to)];
    const begin = this.#db.number('SELECT max(start) FROM interval WHERE service = ? AND start <= ?', id, from);
    // The end of each is the start of the next one.
    const after = this.#db.row('SELECT min(start) FROM interval WHERE service = ? AND start >= ?', id, to)?.[0];
    let next = typeof after === 'number' ? after : this.#endOf(entry);
    const source = 'interval WHERE service = ? AND start < ? AND start >= ? ORDER BY start DESC LIMIT ?';
    const found: RecordedInterval[] = [];
    let before = to;
    for (let left = newest; left > 0; yield) {
      const page = Math.min(left, PAGE);
      const rows = this.#db.list('start, condition', source, id, before, begin, page) as [number, number][];
      for (const [start, code] of rows) {
        const until = next === null ? null : toMillis(next);
        // What ends where the window begins does not overlap it.
        if (until === null || until > Math.max(window.from, toMillis(start))) {
          found.push({ ...conditionOf(code), from: toMillis(start), to: until });
        }
        next = before = start;
      }
      left = rows.length < page ? 0 : left - rows.length;
    }
    return found.reverse();
  }

  /** The gaps that overlap a window, in the order of their ends. @param newest at most this many: those that ended last */
  *#gapsOf({ id, name }: Entry, window: Window, newest: number): Answering<RecordedGap[]> {
    const [from, to] = [toMicros(window.from), toMicros(window.to)];
    const astride = 'gap WHERE service = ? AND until > ? ORDER BY until, seq LIMIT ?';
    const later = this.#db.list(GAP_COLUMNS, astride, id, to, ASTRIDE).map((row) => gapOf(name, row));
    const within =
      'gap WHERE service = ? AND until > ? AND (until, seq) < (?, ?) ORDER BY until DESC, seq DESC LIMIT ?';
    const ended: RecordedGap[] = [];
    let before: [until: number, seq: number] = [to, Number.MAX_SAFE_INTEGER];
    for (let left = newest; left > 0; yield) {
      const page = Math.min(left, PAGE);
      const rows = this.#db.list(GAP_COLUMNS, within, id, from, ...before, page);
      for (const row of rows) ended.push(gapOf(name, row));
      left = rows.length < page ? 0 : left - rows.length;
      const last = rows.at(-1);
      if (last !== undefined) before = [last[0] as number, last[1] as number];
    }
    return [...ended.reverse(), ...later.filter((gap) => gap.from < window.to)];
  }

  get #id(): string | null {
    const id = this.#db.row("SELECT value FROM meta WHERE name = 'id'")?.[0];
    return typeof id === 'string' ? id : null;
  }

  /** Those of the services that are known. */
  #entries(services: readonly string[]): Entry[] {
    return services.flatMap((name) => readEntry(this.#db, name) ?? []);
  }

  /** When the present interval of a service ended, in microseconds; null where it lasts. */
  #endOf(entry: Entry): number | null {
    if (entry.ended === null && entry.run === this.#newestRun()?.id) return null;
    return this.#lastSeen(entry);
  }

  #lastSeen(entry: Entry): number {
    const alive = this.#db.row('SELECT alive FROM run WHERE id = ?', entry.run)?.[0];
    return Math.max(entry.since, entry.ended ?? (typeof alive === 'number' ? alive : entry.since));
  }

  #newestRun(): Run | null {
    return this.#runRows('ORDER BY id DESC LIMIT 1')[0] ?? null;
  }

  #runs(): ReadonlyMap<number, Run> {
    return new Map(this.#runRows('WHERE id IN (SELECT run FROM service)').map((run) => [run.id, run]));
  }

  #runRows(which: string): Run[] {
    const rows = this.#db.rows(`SELECT id, vantage, alive FROM run ${which}`) as [number, string, number][];
    return rows.map(([id, vantage, alive]) => ({ id, vantage, alive }));
  }
}

/** The last sign of life while a service was watched, in microseconds. */
function lastSeenOf({ ended, run, since }: Entry, runs: ReadonlyMap<number, Run>): number {
  return Math.max(since, ended ?? runs.get(run)?.alive ?? since);
}

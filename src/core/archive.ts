/** The port to what is kept of the past, and the plain data that it answers with. Times are milliseconds since the epoch, durations milliseconds. */
import type { ServiceInfo, Totals, Reason, State } from './model.ts';
import type { EventLog } from './event-log.ts';
import type {
  ConnectionLost,
  GapFacts,
  Identity,
  LostWrites,
  Mark,
  Note,
  OpenGap,
  Slow,
  TimelineInterval,
} from './messages.ts';
import { setBack, timelineUpTo } from './intervals.ts';
import { relabelled, type Checkpoint } from './checkpoint.ts';
import type { UptimeSums } from './uptime.ts';

/** A stretch of time; both ends in milliseconds since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface RecordedService {
  readonly name: string;
  /** As it was when it was last watched. */
  readonly info: ServiceInfo;
  readonly firstSeen: number;
  /** The last sign of life of the monitor while it watched the service. */
  readonly lastSeen: number;
  /** From here on every interval and every gap is kept; of what was before only the roll-ups may be. */
  readonly rawSince: number;
}

/** A stretch of time in one state. */
export interface RecordedInterval {
  readonly state: State;
  readonly from: number;
  /** Null where it lasted at the newest sign of life, and the service is still watched. */
  readonly to: number | null;
  readonly reason: Reason | null;
}

export interface RecordedGap extends GapFacts {
  readonly service: string;
  readonly seq: number;
}

/** A gap that had not ended at the newest sign of life. */
export type RecordedOpenGap = Omit<OpenGap, 'type' | 'final'>;

/** The widths of roll-ups: whole minutes, hours and days of UTC. */
export type RollupWidth = 'minute' | 'hour' | 'day';

/** One whole minute, hour or day, in milliseconds (`from` since the epoch). What is missing to its width was not watched, or is still to come. */
export interface Rollup {
  readonly from: number;
  readonly upMs: number;
  readonly downMs: number;
  readonly unobservedMs: number;
  /** Gaps whose end was seen in it. */
  readonly gaps: number;
  /** The longest of these gaps; 0 where there is none. */
  readonly longestGapMs: number;
}

export type Annotation = Mark | ConnectionLost | Identity | Slow | LostWrites | Note;

/** What is recorded at all. */
export interface ArchiveOverview {
  /** The monitor that recorded them, and its vantage: of the newest run. */
  readonly monitor: { readonly id: string; readonly vantage: string };
  /** From the first thing that is known to the newest sign of life; null where nothing was recorded. */
  readonly reach: Window | null;
  /** Every service of which something is kept, in the order in which they came. */
  readonly services: readonly RecordedService[];
}

export interface IntervalQuery {
  readonly services: readonly string[];
  readonly window: Window;
  /** At most this many of each service: the newest. */
  readonly limitEach?: number;
}

export interface GapQuery {
  /** Left out for all. */
  readonly services?: readonly string[] | undefined;
  readonly window: Window;
  /** At most this many of each service, and of all together: those that ended last. */
  readonly limitEach?: number;
  readonly limit?: number;
}

export interface RecordedGaps {
  /** In the order of their ends. */
  readonly gaps: readonly RecordedGap[];
  /** From here on every gap of these services is kept; -Infinity where none of them is known. */
  readonly keptSince: number;
}

/** What is of each service, in the order in which it came. */
export function byService<One extends { readonly service: string }>(
  all: readonly One[],
): ReadonlyMap<string, readonly One[]> {
  const found = new Map<string, One[]>();
  for (const one of all) {
    const known = found.get(one.service);
    if (known === undefined) found.set(one.service, [one]);
    else known.push(one);
  }
  return found;
}

export interface RollupQuery {
  readonly services: readonly string[];
  readonly width: RollupWidth;
  readonly window: Window;
}

/** An archive can't answer: it does not exist, can't be read, or its disk does not answer. The message is for people. */
export class ArchiveError extends Error {
  override readonly name: string = 'ArchiveError';
}

/**
 * Answers questions about the past: many services in one question. A service that is not known is left out.
 *
 * @throws ArchiveError every method rejects with it where there is no answer in time
 * @example
 * const { gaps } = await reader.gaps({ services: ['web'], window: { from: now - 3_600_000, to: now }, limit: 100 });
 */
export interface ArchiveReader {
  overview(): Promise<ArchiveOverview>;
  /** The intervals that overlap a window, the oldest first, not cut to it. */
  intervals(query: IntervalQuery): Promise<ReadonlyMap<string, readonly RecordedInterval[]>>;
  /** The gaps that ended and overlap a window. */
  gaps(query: GapQuery): Promise<RecordedGaps>;
  /** The gaps that had not ended at the newest sign of life. */
  openGaps(services: readonly string[]): Promise<readonly RecordedOpenGap[]>;
  /** Marks, broken kept connections, services that became another process, slow stretches and lost writes, in the order of time. */
  annotations(window: Window): Promise<readonly Annotation[]>;
  /**
   * Sums by the whole minutes, hours or days that overlap a window, the oldest first, up to the newest sign of life. One in
   * which nothing was watched is left out. Minutes are kept for two days.
   */
  rollups(query: RollupQuery): Promise<ReadonlyMap<string, readonly Rollup[]>>;
}

/** For `/metrics`. */
export interface ArchiveFigures {
  /** What the file takes of the disk. */
  readonly bytes: number;
  /** Events that wait in memory for the disk. */
  readonly waiting: number;
  /** Events that were dropped, because too many waited. */
  readonly lost: number;
}

/** What a monitor keeps beyond its own end, as the feed's server needs it. */
export interface Archive {
  readonly reader: ArchiveReader;
  /** What is wrong with it at present, for people; null where all is well. */
  readonly problem: string | null;
  readonly figures: ArchiveFigures;
  /** The sums of each service that are on disk: after a `kill -9` they are these, or more. */
  readonly kept: ReadonlyMap<string, Readonly<Totals>>;
}

/** What was known of one service. */
export interface RestoredService {
  /** The last sign of life of the monitor while it watched the service: nothing is known after it. */
  readonly until: number;
  readonly state: State;
  readonly status: State;
  /** When the state began. */
  readonly since: number;
  readonly reason: Reason | null;
  /** The newest intervals, the oldest first; the last one is the state above, and open. */
  readonly timeline: readonly TimelineInterval[];
  /** The newest gaps that ended, the oldest first. */
  readonly gaps: readonly GapFacts[];
  readonly totals: Readonly<Totals>;
  /** Up and down time until `since`, for the windows of the uptime. */
  readonly uptime: UptimeSums;
  /** What its timeline remembered; null where nothing more is known than the state. */
  readonly checkpoint: Checkpoint | null;
  /** The newest of its gaps that were planned; left out where none is known. */
  readonly planned?: readonly GapFacts[];
}

/** The sums of a restored service at its last sign of life. */
export function totalsOf({ totals, state, since, until }: RestoredService): Totals {
  const lasted = Math.max(0, until - since);
  return {
    ...totals,
    upMs: totals.upMs + (state === 'up' ? lasted : 0),
    downMs: totals.downMs + (state === 'down' ? lasted : 0),
    unobservedMs: totals.unobservedMs + (state === 'unobserved' ? lasted : 0),
  };
}

/**
 * What was restored, with no time in the future: the clock may be behind the one that labelled it, by seconds (NTP) or by
 * years (a machine without a clock of its own). What was in the future is as long ago as it was at the last sign of life. How
 * long the monitor was not running is not known then, so neither is the upper bound of a gap that was or began meanwhile.
 * @param now milliseconds since the epoch
 */
export function restoredUpTo(restored: RestoredService, now: number): RestoredService {
  const { checkpoint } = restored;
  // The sign of life may be older than the newest probe.
  const until = Math.max(restored.until, latestOf(checkpoint));
  const latest = Math.max(until, restored.since);
  if (latest <= now && restored.gaps.every(({ to }) => to <= now)) return { ...restored, until };
  const since = setBack(restored.since, now, latest);
  const earlier = (gap: GapFacts): GapFacts => {
    const to = setBack(gap.to, now, latest);
    return { ...gap, from: gap.from - (gap.to - to), to };
  };
  return {
    ...restored,
    until: Math.min(until, now),
    since,
    timeline: timelineUpTo(restored.timeline, since),
    gaps: restored.gaps.map(earlier),
    ...(restored.planned !== undefined && { planned: restored.planned.map(earlier) }),
    uptime: {
      minutes: restored.uptime.minutes.filter(({ from }) => from <= now),
      hours: restored.uptime.hours.filter(({ from }) => from <= now),
      days: restored.uptime.days.filter(({ from }) => from <= now),
    },
    checkpoint: checkpoint && checkpointBefore(checkpoint, latest - now),
  };
}

/** The same of all services. */
export function allUpTo(services: RestoredState['services'], now: number): RestoredState['services'] {
  return new Map(Array.from(services, ([name, restored]) => [name, restoredUpTo(restored, now)] as const));
}

/** A checkpoint whose times are all earlier by as much. */
function checkpointBefore(checkpoint: Checkpoint, shiftMs: number): Checkpoint {
  if (shiftMs <= 0) return checkpoint;
  const moved = relabelled(checkpoint, (time) => time - shiftMs);
  const none = { lastGoodSent: null, lastGoodEnded: null };
  return { ...moved, ...none, gap: moved.gap && { ...moved.gap, ...none } };
}

function latestOf(checkpoint: Checkpoint | null): number {
  if (checkpoint === null) return -Infinity;
  const { lastGoodSent, lastSeenSent, gap } = checkpoint;
  const times = [lastGoodSent, lastSeenSent, gap?.from, gap?.downUntil, gap?.run?.lastSent, gap?.run?.firstEnd];
  return Math.max(...times.map((time) => time ?? -Infinity));
}

export interface RestoredState {
  /** The `id` of the monitor: lasts as long as the history. */
  readonly id: string;
  /** Continues where it ended: its `newest` is the number of the last event that was emitted. */
  readonly events: EventLog;
  readonly services: ReadonlyMap<string, RestoredService>;
  /** As they stand; left out where none is known. */
  readonly notes?: readonly Note[];
}

/**
 * What a monitor goes on from after it was away: its own identity, the events that it told, and what it knew of each
 * service. Plain data; the history makes it. Times are in milliseconds since the epoch.
 */
import type { EventLog } from './event-log.ts';
import type { GapFacts, TimelineInterval } from './messages.ts';
import type { Reason, State } from './model.ts';
import type { Totals } from './board.ts';
import type { Checkpoint } from './timeline.ts';
import type { UptimeSums } from './uptime.ts';

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
}

export interface RestoredState {
  /** Lasts as long as the history. */
  readonly id: string;
  /** Continues where it ended: its `newest` is the number of the last event that was told. */
  readonly events: EventLog;
  readonly services: ReadonlyMap<string, RestoredService>;
}

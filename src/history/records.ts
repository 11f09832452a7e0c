/** What a history tells of the past: plain data. Times are milliseconds since the epoch, durations milliseconds. */
import type { GapFacts, OpenGap } from '../feed/messages.ts';
import type { Reason, State } from '../model.ts';
import type { ServiceInfo } from '../timeline/board.ts';

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
export type RecordedOpenGap = Omit<OpenGap, 'type'>;

/** The widths of roll-ups: whole minutes, hours and days of UTC. */
export type RollupWidth = 'minute' | 'hour' | 'day';

/** One whole minute, hour or day. What is missing to its width was not watched, or is still to come. */
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

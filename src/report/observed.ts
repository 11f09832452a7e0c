/**
 * What a report is made from: all that is known of the services of some vantages, wherever it comes from. Times are
 * milliseconds since the epoch by this machine's clock.
 */
import type { ConnectionLost, GapFacts, Identity, Mark, OpenGap } from '../core/messages.ts';
import type { Reason, State } from '../core/model.ts';
import type { ServiceInfo } from '../core/board.ts';
import type { VantageReport } from './report.ts';

/** A stretch of time in one state. */
export interface ObservedInterval {
  readonly state: State;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
  readonly reason: Reason | null;
}

/** What is known of a gap that was still open when the watch ended. */
export type ObservedOpenGap = Omit<OpenGap, 'type' | 'service'>;

/** All that is known of one service. */
export interface ObservedService {
  readonly name: string;
  readonly info: ServiceInfo;
  /** In the order of time. Where they have holes, or do not reach, the service was not observed. */
  readonly intervals: readonly ObservedInterval[];
  /** Those that ended, in the order of time. */
  readonly gaps: readonly GapFacts[];
  readonly openGap: ObservedOpenGap | null;
  readonly lost: readonly ConnectionLost[];
  readonly identities: readonly Identity[];
}

/** All that one monitor knows. */
export interface ObservedVantage {
  readonly vantage: string;
  /** The monitor's id. */
  readonly monitor: string;
  readonly clock: VantageReport['clock'];
  readonly services: readonly ObservedService[];
  readonly marks: readonly Pick<Mark, 'at' | 'text'>[];
}

/** What a report is about. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

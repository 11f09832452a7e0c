/** What the main thread gives to the writer's thread: plain data, in the order in which it was told. */
import type { Event, MonitorIdentity, ServiceSnapshot } from '../core/messages.ts';
import type { Reason, State } from '../core/model.ts';
import type { ServiceInfo } from '../core/board.ts';
import type { Checkpoint } from '../core/timeline.ts';

/** A service that is watched from now on, as it is now. */
export interface WatchedNow extends Pick<ServiceSnapshot, 'state' | 'status' | 'since' | 'reason'> {
  readonly name: string;
  readonly info: ServiceInfo;
}

/** What of a service's timeline is lost, because too much had to wait: from when to when, and what it was after that. */
export interface LostStretch {
  readonly service: string;
  readonly from: number;
  readonly to: number;
  readonly state: State;
  readonly reason: Reason | null;
}

export type Item =
  | { readonly type: 'events'; readonly events: readonly Event[] }
  | { readonly type: 'services'; readonly at: number; readonly services: readonly WatchedNow[] }
  | { readonly type: 'status'; readonly service: string; readonly status: State }
  | { readonly type: 'lost'; readonly stretches: readonly LostStretch[] };

/** What is written at once. */
export interface Batch {
  readonly run: Pick<MonitorIdentity, 'vantage' | 'version' | 'startedAt'>;
  /** The sign of life: until when the monitor looked at all services. Milliseconds since the epoch. */
  readonly alive: number;
  readonly items: readonly Item[];
  /** What the timelines of services that are not up remember, where that is news. */
  readonly memories: readonly (readonly [service: string, memory: Checkpoint])[];
}

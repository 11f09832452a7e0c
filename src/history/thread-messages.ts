/** What passes between the main thread and the one that owns the file. Plain data. */
import type { ArchiveReader, RestoredService, RestoredState } from '../core/archive.ts';
import type { ServiceInfo, Reason, State } from '../core/model.ts';
import type { Event, MonitorIdentity, Note, ServiceSnapshot } from '../core/messages.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import type { Entry, StoredEvents } from './history-rows.ts';
import type { Row } from './sqlite-driver.ts';
import type { DiskFault, HistoryFault } from './history-error.ts';

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
  /** As they stand now. */
  | { readonly type: 'notes'; readonly notes: readonly Note[] }
  | { readonly type: 'status'; readonly service: string; readonly status: State }
  | { readonly type: 'lost'; readonly stretches: readonly LostStretch[] };

/** What is written at once, in the order in which it was published. */
export interface Batch {
  readonly monitor: MonitorIdentity;
  /** The sign of life: until when the monitor probed all services. Milliseconds since the epoch. */
  readonly alive: number;
  /** Events up to this number may be missing in the file. */
  readonly completeAfter: number;
  readonly items: readonly Item[];
  /** What the timelines of services that are not up go on from, where that changed. */
  readonly checkpoints: readonly (readonly [service: string, checkpoint: Checkpoint])[];
  /** How far the hooks are, where that changed; null for one that is forgotten. */
  readonly hooks: readonly (readonly [id: string, state: string | null])[];
}

/** What a thread begins with. */
export interface ThreadTask {
  readonly dir: string;
  /** `write`: for one process at a time. `read`: for any number, beside that one; nothing is changed. */
  readonly access: 'write' | 'read';
  /** How long to keep, in milliseconds. */
  readonly keepMs: number;
  /** Whether the file is damaged: then it is set aside first. */
  readonly isDamaged: boolean;
  /** Whose events a new file has; null for an id of its own. */
  readonly id: string | null;
  /** What a new file goes on from; null where nothing is known. */
  readonly seed: Seed | null;
}

/** All that can be asked. */
export interface HistoryQuestions extends ArchiveReader {
  /** The events after a number, the oldest first: at most `limit`; null where some of them are not kept. */
  events(query: { readonly after: number; readonly limit: number }): Promise<readonly Event[] | null>;
  /** How far each hook is, as it was kept. */
  hookStates(): Promise<ReadonlyMap<string, string>>;
}

type Method = keyof HistoryQuestions;
export type About<M extends Method> = Parameters<HistoryQuestions[M]>[0];
export type Answer<M extends Method> = Awaited<ReturnType<HistoryQuestions[M]>>;

export type ToThread =
  | { readonly type: 'write'; readonly batch: Batch; readonly now: number }
  | { readonly type: 'ask'; readonly id: number; readonly method: Method; readonly about: unknown }
  /** The answer is not waited for any more. */
  | { readonly type: 'drop'; readonly id: number }
  /** Nothing more comes. */
  | { readonly type: 'close' };

export type RestoredEntry = readonly [name: string, service: RestoredService];

/** What the file held when it was opened. */
export interface Opened {
  /** Null where the file is new. */
  readonly id: string | null;
  readonly stored: StoredEvents;
  /** The newest events, without one missing between them. */
  readonly events: readonly Event[];
  readonly services: RestoredState['services'];
  readonly notes: readonly Note[];
  /** The new name of what was set aside; null where nothing was. */
  readonly aside: string | null;
  /** Why it can't be known whether another process writes to it; null where it can. */
  readonly lockProblem: string | null;
  /** Why it could only be opened to read; null where it can be written. */
  readonly readOnly: { readonly fault: DiskFault; readonly message: string } | null;
}

export type FromThread =
  /**
   * Some of the services, as JSON of `RestoredEntry[]`, before `opened`. Months of many services cross to the main thread in half
   * the time as text, and in pieces it takes them in while the next are read. Those of a second try are the same ones.
   */
  | { readonly type: 'services'; readonly entries: string }
  | { readonly type: 'opened'; readonly opened: Omit<Opened, 'services'> }
  | { readonly type: 'written'; readonly stored: StoredEvents; readonly bytes: number }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'no-answer'; readonly id: number; readonly code: HistoryFault; readonly message: string }
  /** It can't be used at all; the thread ends. */
  | { readonly type: 'refused'; readonly code: HistoryFault; readonly message: string }
  /** Nothing of the batch, or of the opening, was done. The thread ends, unless it can go on with the same file. */
  | {
      readonly type: 'failed';
      readonly fault: DiskFault;
      readonly message: string;
      readonly seed: Seed | null;
      readonly isOver: boolean;
      /** The stack of a fault of the program itself. */
      readonly stack?: string | undefined;
    };

/** What a new file needs to go on where one that is gone has ended. Plain data. */
export interface Seed {
  readonly entries: readonly Entry[];
  /** The rows of the runs. */
  readonly runs: readonly Row[];
}

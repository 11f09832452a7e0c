/** What crosses between the main thread and an engine's thread: plain data, in batches. */
import type { OpenGap, SampleMessage, StatusMessage, Unnumbered } from '../core/messages.ts';
import type { Watched } from '../probe/spec.ts';
import type { Checkpoint } from '../core/checkpoint.ts';

/** A service to watch, and where in its interval its slots are. */
export interface ScheduledService {
  readonly watched: Watched;
  /** Milliseconds after the start of the grid. */
  readonly phaseMs: number;
  /** Milliseconds after which the first probe is sent, where the phase is later. */
  readonly initialDelayMs: number;
  /** Where its probes are counted: the memory of a `ProbeCounters`. */
  readonly counters: SharedArrayBuffer;
  /** What its timeline resumes from, and since when it was not probed, in milliseconds since the epoch; null for none. */
  readonly restored: { readonly checkpoint: Checkpoint; readonly until: number } | null;
}

/** What the timeline of a service that is not simply up needs to resume: sent at each change, and once a second. Times since the epoch. */
export interface ServiceCheckpoint {
  readonly service: string;
  readonly checkpoint: Checkpoint;
}

export type EngineCommand =
  | { readonly type: 'add'; readonly services: readonly ScheduledService[] }
  | { readonly type: 'remove'; readonly names: readonly string[] }
  | { readonly type: 'samples'; readonly wanted: boolean }
  | { readonly type: 'stop' };

/** What an engine emits of services; events get their number in the main thread. */
export type EngineMessage = Unnumbered | SampleMessage | StatusMessage | OpenGap;

/** How the engine itself does, once a second. */
export interface EngineStats {
  /** Probes sent in the last second. */
  readonly sent: number;
  /** Slots that passed without a probe in the last second. */
  readonly missed: number;
  /** Probes on their way at the end of it. */
  readonly inFlight: number;
  /** 99th percentile of how late the probes of the last second started, in milliseconds. */
  readonly lateMs: number;
  /** It misses slots second after second. */
  readonly overloaded: boolean;
}

export type EngineReply =
  | {
      readonly type: 'messages';
      readonly messages: readonly EngineMessage[];
      readonly checkpoints: readonly ServiceCheckpoint[];
    }
  /** `at` is when, in milliseconds since the epoch. */
  | { readonly type: 'stats'; readonly stats: EngineStats; readonly at: number }
  /** Nothing more follows of these: what comes under their names from now on is of other services. */
  | { readonly type: 'removed'; readonly names: readonly string[] }
  /** First: whether the thread could raise its own priority; null where that is not possible on this system. */
  | { readonly type: 'priority'; readonly isRaised: boolean | null }
  | { readonly type: 'stopped' };

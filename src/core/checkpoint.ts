/**
 * What is kept of a timeline, to go on from where it ended, and what is known of a gap at any moment. Plain data.
 *
 * Pure. All times in timeline time, in milliseconds; in a checkpoint that left the engine, since the epoch.
 */
import type { OpenGap, ReasonCount } from './messages.ts';
import type { Result, Service, State } from './model.ts';

/** An engine that is silent for longer is not at work. */
export const ENGINE_SILENCE_MS = 1000;

/** What is known of a gap that has not ended. */
export type OpenGapFacts = Omit<OpenGap, 'type' | 'service' | 'final'>;

/** Failed probes without unobserved time in between. */
export interface Run {
  readonly from: number;
  /** The earliest end of a probe. */
  firstEnd: number;
  /** The same, where a silent probe ends when it is overdue. */
  firstOverdue: number;
  lastSent: number;
}

/** What a timeline needs to resume where another one ended: plain data. */
export interface Checkpoint {
  readonly state: State;
  /** When the last good probe was sent; null where there was none. */
  readonly lastGoodSent: number | null;
  /** When the last good answer came; null where that is not known. */
  readonly lastGoodEnded: number | null;
  /** When the last probe that saw the service, up or down, was sent. */
  readonly lastSeenSent: number | null;
  readonly lastSeen: Result | null;
  /** The gap that is open; null where there is none. */
  readonly gap: GapCheckpoint | null;
}

export interface GapCheckpoint {
  readonly from: number;
  /** When the last good probe before it was sent; null where there was none. */
  readonly lastGoodSent: number | null;
  /** When the last good answer before it came; null where that is not known. */
  readonly lastGoodEnded: number | null;
  /** How much earlier than its first failed probe it began, by the best estimate; negative where it was later. */
  readonly leadMs: number;
  readonly failed: number;
  /** What is known of the stretches of failed probes that unobserved time has ended. */
  readonly downMs: number;
  readonly minMs: number;
  readonly provenMinMs: number;
  readonly downUntil: number;
  readonly reasons: readonly ReasonCount[];
  readonly run: Readonly<Run> | null;
}

/**
 * Up to when the state of a service is settled: what is found out later can't change it.
 * @param until a moment at which the engine had been at work within `ENGINE_SILENCE_MS`: when it was, all probes that
 *   had been sent one deadline and one interval earlier had ended
 */
export function settledAt(until: number, service: Pick<Service, 'timeoutMs' | 'intervalMs'>): number {
  return until - ENGINE_SILENCE_MS - service.timeoutMs - service.intervalMs;
}

/**
 * The checkpoint that the timeline of a service that is up surely has, where none was saved.
 * @param since when the first good probe was sent
 * @param until as in `settledAt`
 */
export function checkpointOfUp(
  since: number,
  until: number,
  service: Pick<Service, 'timeoutMs' | 'intervalMs'>,
): Checkpoint {
  const sent = Math.max(since, settledAt(until, service));
  return { state: 'up', lastGoodSent: sent, lastGoodEnded: null, lastSeenSent: sent, lastSeen: 'up', gap: null };
}

/** A checkpoint as it was stored, maybe by a version that did not know all of its fields. */
export function checkpointFrom(stored: Partial<Checkpoint>): Checkpoint {
  const {
    state = 'unobserved',
    lastGoodSent = null,
    lastGoodEnded = null,
    lastSeenSent = null,
    lastSeen = null,
  } = stored;
  return { state, lastGoodSent, lastGoodEnded, lastSeenSent, lastSeen, gap: stored.gap ? gapFrom(stored.gap) : null };
}

function gapFrom(stored: GapCheckpoint): GapCheckpoint {
  const { lastGoodEnded = null, leadMs = 0, provenMinMs = stored.minMs } = stored as Partial<GapCheckpoint>;
  const { run } = stored;
  const { firstOverdue = run?.firstEnd ?? 0 } = (run ?? {}) as Partial<Run>;
  return { ...stored, lastGoodEnded, leadMs, provenMinMs, run: run && { ...run, firstOverdue } };
}

/** A checkpoint with other labels for its times. */
export function relabelled(checkpoint: Checkpoint, label: (time: number) => number): Checkpoint {
  const maybe = (time: number | null): number | null => (time === null ? null : label(time));
  const { gap } = checkpoint;
  const run = gap?.run ?? null;
  return {
    ...checkpoint,
    lastGoodSent: maybe(checkpoint.lastGoodSent),
    lastGoodEnded: maybe(checkpoint.lastGoodEnded),
    lastSeenSent: maybe(checkpoint.lastSeenSent),
    gap: gap && {
      ...gap,
      from: label(gap.from),
      lastGoodSent: maybe(gap.lastGoodSent),
      lastGoodEnded: maybe(gap.lastGoodEnded),
      downUntil: label(gap.downUntil),
      run: run && {
        from: label(run.from),
        firstEnd: label(run.firstEnd),
        firstOverdue: label(run.firstOverdue),
        lastSent: label(run.lastSent),
      },
    },
  };
}

/**
 * What is known of a gap where the stretch of failed probes that is under way ends at a moment.
 * A gap that ended surely lasted from the first proof that the service was down to the last.
 */
export function interrupted<T extends Pick<GapCheckpoint, 'downMs' | 'minMs' | 'provenMinMs' | 'downUntil' | 'run'>>(
  gap: T,
  at: number,
): T {
  const { run } = gap;
  if (run === null) return gap;
  // A sign of life may be older than the newest probe.
  const end = Math.max(at, run.lastSent);
  return {
    ...gap,
    downMs: gap.downMs + end - run.from,
    minMs: gap.minMs + Math.max(0, run.lastSent - run.firstOverdue),
    provenMinMs: gap.provenMinMs + Math.max(0, run.lastSent - run.firstEnd),
    downUntil: end,
    run: null,
  };
}

/** It had begun when its last failed probe was sent, however late the answers before it came. */
export function leadOf({ leadMs, from, run }: Pick<GapCheckpoint, 'leadMs' | 'from' | 'run'>): number {
  return run?.from === from ? Math.max(leadMs, from - run.lastSent) : leadMs;
}

/** What is known at a moment of a gap that has not ended. */
export function openGapAt(
  gap: Omit<GapCheckpoint, 'lastGoodSent' | 'lastGoodEnded'>,
  at: number,
): OpenGapFacts & { readonly until: number; readonly provenMinMs: number } {
  const { from, downMs, minMs, provenMinMs, failed, reasons } = interrupted(gap, at);
  return { from, until: at, durationMs: Math.max(minMs, leadOf(gap) + downMs), minMs, provenMinMs, failed, reasons };
}

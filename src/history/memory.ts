/** What a timeline remembers, as far as a history must know it. Pure; milliseconds since the epoch. */
import type { State } from '../core/model.ts';
import type { ServiceInfo } from '../core/board.ts';
import { type GapCheckpoint, checkpointOfUp, type Checkpoint } from '../core/timeline.ts';
import type { RecordedOpenGap } from '../core/archive.ts';

/** A state, since when, and what the timeline remembered of it; null where nobody wrote that down. */
export interface Remembered {
  readonly state: State;
  readonly since: number;
  readonly info: ServiceInfo | null;
  readonly memory: Checkpoint | null;
}

/** What the timeline of a service remembers at least of a state that was last seen at `until`. */
export function memoryAt({ state, since, info, memory }: Remembered, until: number): Checkpoint | null {
  if (state === 'up') return info && checkpointOfUp(since, until, info);
  return state === 'unknown' ? null : memory;
}

/** What it remembers once nobody looks any more, from `at` on. */
export function memoryUnobserved(before: Remembered, at: number): Checkpoint | null {
  const memory = memoryAt(before, at);
  return memory && { ...memory, state: 'unobserved', gap: memory.gap && endedAt(memory.gap, at) };
}

/** What was known at `until` of the gap that was open then. */
export function openGapOf(service: string, { state, memory }: Remembered, until: number): RecordedOpenGap | null {
  if (memory === null || memory.gap === null || (state !== 'down' && state !== 'unobserved')) return null;
  const { from, downMs, minMs, failed, reasons } = endedAt(memory.gap, until);
  return { service, from, durationMs: downMs, minMs, failed, reasons };
}

function endedAt(gap: GapCheckpoint, at: number): GapCheckpoint {
  const { run } = gap;
  if (run === null) return gap;
  return {
    ...gap,
    downMs: gap.downMs + Math.max(0, at - run.from),
    minMs: gap.minMs + Math.max(0, run.lastSent - run.firstEnd),
    downUntil: at,
    run: null,
  };
}

/** The short forms of durations, states and gaps that fit into columns of a terminal. Pure. Durations in milliseconds. */
import { coarse, showDuration, showGap } from '../core/format.ts';
import type { GapFacts } from '../core/messages.ts';
import type { wordOf } from '../core/model.ts';
import { widthOf } from '../core/text-width.ts';

/** `0.84 ms`, `12.3 ms`, `412 ms`, `1.2 s`. */
export function showLatency(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `12 s ago`, `4 min ago`, `3 h ago`, `2 d ago`; `just now` within the first second. */
export function showAgo(ms: number): string {
  if (ms < 1000) return 'just now';
  return `${coarse(ms)} ago`;
}

/** A gap with its bounds, or without them where there is no room. @param room in cells */
export function fitGap(gap: GapFacts, room: number): string {
  const full = showGap(gap);
  return widthOf(full) <= room ? full : showDuration(gap.durationMs);
}

const WORDS: Readonly<Record<ReturnType<typeof wordOf>, string>> = {
  up: 'up',
  'not broken': 'not broken',
  down: 'DOWN',
  partial: 'PARTIAL',
  unobserved: 'unobserved',
  unknown: 'waiting',
};
const SHORT: Readonly<Record<ReturnType<typeof wordOf>, string>> = {
  up: 'up',
  'not broken': 'held',
  down: 'DOWN',
  partial: 'PART',
  unobserved: 'unobs.',
  unknown: 'wait',
};

/** The word for a state. @param room in cells */
export function stateWord(state: ReturnType<typeof wordOf>, room = Infinity): string {
  const word = WORDS[state];
  return word.length <= room ? word : SHORT[state];
}
